//! The inner loops: plain Rust, compiled a second time for AVX2 and chosen when the program runs.
//!
//! Sums are formed in a fixed order in both versions, and without fused multiply-add, so that they agree to the bit.
//! The matrix product uses what the processor has: there, the last bits can differ between kinds of processors, but
//! not between runs or numbers of threads.

use rayon::prelude::*;

/// Defines a function twice: for every processor, and for those with AVX2.
macro_rules! wide {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
        pub(super) fn $name($($arg: $type),*) $(-> $out)? {
            // Must be compiled with the features of its caller.
            #[inline(always)]
            fn portable($($arg: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $type),*) $(-> $out)? {
                    portable($($arg),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the line above has seen that this processor has what the function was compiled for.
                    return unsafe { avx2($($arg),*) };
                }
            }
            portable($($arg),*)
        }
    };
}

wide! {
    /// `out += Σ weight × row`, of rows as long as `out`.
    fn add_rows(out: &mut [f32], entries: &[(u32, f32)], rows: &[f32]) {
        let width = out.len();
        for &(row, weight) in entries {
            let row = &rows[row as usize * width..][..width];
            for (sum, value) in out.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
}

wide! {
    /// The same from rows of signed bytes, each with a scale.
    fn add_byte_rows(out: &mut [f32], entries: &[(u32, f32)], rows: &[u8], scales: &[f32]) {
        let width = out.len();
        for &(row, weight) in entries {
            let weight = weight * scales[row as usize];
            let row = &rows[row as usize * width..][..width];
            for (sum, &value) in out.iter_mut().zip(row) {
                *sum += weight * f32::from(value.cast_signed());
            }
        }
    }
}

wide! {
    /// Scalar product of two vectors of the same length.
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        const LANES: usize = 16;
        let mut sums = [0.0f32; LANES];
        let (a_lanes, b_lanes) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
        let rest: f32 = a_lanes.remainder().iter().zip(b_lanes.remainder()).map(|(a, b)| a * b).sum();
        for (a, b) in a_lanes.zip(b_lanes) {
            for lane in 0..LANES {
                sums[lane] += a[lane] * b[lane];
            }
        }
        sums.iter().sum::<f32>() + rest
    }
}

/// Share of the old gradients in the first and in the second average of Adam.
pub(super) const KEPT: [f32; 2] = [0.9, 0.999];

/// What one Adam step is taken with, both corrected for how new the averages are.
#[derive(Debug, Clone, Copy)]
pub(super) struct AdamStep {
    /// Learning rate.
    pub(super) rate: f32,
    /// Keeps the division possible.
    pub(super) epsilon: f32,
}

wide! {
    /// One Adam step of one row.
    fn adam(row: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) {
        for (((value, first), second), gradient) in row.iter_mut().zip(first).zip(second).zip(gradient) {
            *first = KEPT[0] * *first + (1.0 - KEPT[0]) * gradient;
            *second = KEPT[1] * *second + (1.0 - KEPT[1]) * gradient * gradient;
            *value -= step.rate * *first / (second.sqrt() + step.epsilon);
        }
    }
}

/// Makes a vector unit length and returns the length it had. A vector of zeros stays.
pub(super) fn normalize(vector: &mut [f32]) -> f32 {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        for value in vector {
            *value /= length;
        }
    }
    length
}

/// A matrix in a slice: how far apart rows and columns are.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` values, one after the other.
    pub(super) fn new(values: &'a [f32], columns: usize) -> Self {
        Self { values, rows: values.len() / columns, columns, row_step: columns, column_step: 1 }
    }

    /// The same values, rows as columns.
    pub(super) fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row_step: self.column_step, column_step: self.row_step, ..self }
    }
}

/// `out = scale × a × b`, row by row.
pub(super) fn multiply(scale: f32, a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32]) {
    /// Fixed, so that what is computed does not depend on the number of threads.
    const ROWS_PER_PART: usize = 128;
    assert_eq!(a.columns, b.rows, "the matrices do not fit");
    assert_eq!(out.len(), a.rows * b.columns, "the product has another size");
    if out.is_empty() {
        return;
    }
    out.par_chunks_mut(ROWS_PER_PART * b.columns).enumerate().for_each(|(part, out)| {
        let from = part * ROWS_PER_PART * a.row_step;
        // SAFETY: a `Matrix` covers rows × columns values of its slice by construction, the assertions say that the
        // sizes fit, and this part has as many rows of `a`, from `from` on, as it has rows in `out`.
        unsafe {
            matrixmultiply::sgemm(
                out.len() / b.columns,
                a.columns,
                b.columns,
                scale,
                a.values.as_ptr().add(from),
                a.row_step as isize,
                a.column_step as isize,
                b.values.as_ptr(),
                b.row_step as isize,
                b.column_step as isize,
                0.0,
                out.as_mut_ptr(),
                b.columns as isize,
                1,
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    fn values(seed: u64, count: usize) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.normal()).collect()
    }

    #[test]
    fn products_agree_with_their_definition() {
        let (a, b) = (values(1, 150 * 7), values(2, 7 * 33));
        let mut out = vec![0.0; 150 * 33];
        multiply(2.0, Matrix::new(&a, 7), Matrix::new(&b, 7).transposed(), &mut out);
        for (row, a) in a.chunks(7).enumerate() {
            for (column, b) in b.chunks(7).enumerate() {
                assert!((out[row * 33 + column] - 2.0 * dot(a, b)).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn normalized_vectors_are_unit_length_and_zeros_stay() {
        let mut vector = values(3, 37);
        let length = normalize(&mut vector);
        assert!(length > 0.0 && (dot(&vector, &vector) - 1.0).abs() < 1e-6);
        let mut zeros = [0.0; 5];
        assert!(normalize(&mut zeros) == 0.0 && zeros.iter().all(|&value| value == 0.0));
    }
}
