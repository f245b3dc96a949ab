//! Unit vectors as bytes: one scale for a whole set, so that dot products of bytes rank as cosines do.

/// Largest magnitude of a quantized component.
const LEVELS: f32 = 127.0;

/// The factor that maps the largest component of some vectors to the largest byte.
pub(crate) fn scale_for<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> f32 {
    let largest = vectors.flatten().fold(0.0f32, |largest, x| largest.max(x.abs()));
    if largest > 0.0 && largest.is_finite() { LEVELS / largest } else { LEVELS }
}

/// Appends a vector as bytes. Components beyond the scale's range saturate.
pub(crate) fn quantize(vector: &[f32], scale: f32, out: &mut Vec<i8>) {
    out.extend(vector.iter().map(|x| (x * scale).round().clamp(-LEVELS, LEVELS) as i8));
}

/// Dot product of two vectors of the same length.
pub(crate) fn dot(a: &[i8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        return unsafe { dot_avx2(a, b) };
    }
    dot_portable(a, b)
}

/// The portable loop, compiled for AVX2: the compiler makes multiply-add instructions of it.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn dot_avx2(a: &[i8], b: &[i8]) -> i32 {
    dot_portable(a, b)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "it must be compiled inside its caller's target features")]
fn dot_portable(a: &[i8], b: &[i8]) -> i32 {
    // A product of two bytes fits 16 bits, which is what lets it become one multiply-add of pairs.
    a.iter().zip(b).map(|(x, y)| i32::from(i16::from(*x) * i16::from(*y))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_products_agree_at_every_length() {
        for length in [0usize, 1, 15, 16, 31, 32, 33, 255, 256, 384] {
            let a: Vec<i8> = (0..length).map(|i| (i * 37 % 255) as u8 as i8).collect();
            let b: Vec<i8> = (0..length).map(|i| (i * 91 % 251) as u8 as i8).collect();
            let expected: i32 = a.iter().zip(&b).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum();
            assert_eq!(dot(&a, &b), expected, "{length}");
        }
        assert_eq!(dot(&[-128; 64], &[-128; 64]), 64 * 128 * 128);
    }

    #[test]
    fn quantized_cosines_stay_close() {
        let a = [0.5f32, -0.5, 0.5, 0.5];
        let b = [0.1f32, 0.7, -0.7, 0.1];
        let scale = scale_for([&a[..], &b[..]].into_iter());
        let (mut qa, mut qb) = (Vec::new(), Vec::new());
        quantize(&a, scale, &mut qa);
        quantize(&b, scale, &mut qb);
        let exact: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
        assert!((dot(&qa, &qb) as f32 / (scale * scale) - exact).abs() < 0.01);
    }

    #[test]
    fn nothing_and_infinity_have_a_scale() {
        assert!(scale_for(std::iter::empty()).is_finite());
        assert!(scale_for([&[0.0f32][..]].into_iter()).is_finite());
        assert!(scale_for([&[f32::INFINITY][..]].into_iter()).is_finite());
    }
}
