//! Numbers in rows and columns.

/// A matrix, row after row.
pub(super) struct Matrix {
    pub(super) columns: usize,
    pub(super) values: Vec<f32>,
}

impl Matrix {
    /// Rows of so many columns, which is not 0.
    pub(super) fn new(columns: usize, values: Vec<f32>) -> Self {
        assert!(columns > 0 && values.len().is_multiple_of(columns), "whole rows");
        Self { columns, values }
    }

    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(super) fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.columns)
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::ChunksExactMut<'_, f32> {
        self.values.chunks_exact_mut(self.columns)
    }

    pub(super) fn transposed(&self) -> Self {
        let rows = self.rows();
        let mut values = vec![0.0; self.values.len()];
        for (i, row) in self.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                values[j * rows + i] = value;
            }
        }
        Self { columns: rows, values }
    }

    /// Matrices with equally many rows, side by side.
    pub(super) fn side_by_side(parts: &[Self]) -> Self {
        let columns = parts.iter().map(|part| part.columns).sum();
        let rows = parts.first().map_or(0, Self::rows);
        let mut values = Vec::with_capacity(rows * columns);
        for i in 0..rows {
            for part in parts {
                values.extend_from_slice(&part.values[i * part.columns..][..part.columns]);
            }
        }
        Self { columns, values }
    }

    /// `self × other`.
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut values = vec![0.0; self.rows() * other.columns];
        assert_eq!(self.columns, other.rows(), "as many columns as rows");
        // SAFETY: both matrices cover rows × columns values of their vectors by construction, the sizes agree as the
        // assertion says, and the product has as many values as it takes.
        unsafe {
            matrixmultiply::sgemm(
                self.rows(),
                self.columns,
                other.columns,
                1.0,
                self.values.as_ptr(),
                self.columns as isize,
                1,
                other.values.as_ptr(),
                other.columns as isize,
                1,
                0.0,
                values.as_mut_ptr(),
                other.columns as isize,
                1,
            );
        }
        Self { columns: other.columns, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(columns: usize, values: &[i16]) -> Matrix {
        Matrix::new(columns, values.iter().map(|&value| f32::from(value)).collect())
    }

    #[test]
    fn is_turned_joined_and_multiplied() {
        let a = matrix(3, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(a.transposed().values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(a.transposed().columns, 2);
        let wide = Matrix::side_by_side(&[matrix(1, &[7, 8]), matrix(2, &[1, 2, 3, 4])]);
        assert_eq!((wide.columns, wide.values), (3, vec![7.0, 1.0, 2.0, 8.0, 3.0, 4.0]));
        let product = a.times(&matrix(2, &[1, 0, 0, 1, 1, -1]));
        assert_eq!((product.columns, product.values), (2, vec![4.0, -1.0, 10.0, -1.0]));
    }
}
