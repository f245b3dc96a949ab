//! Random numbers that are the same everywhere and for ever: a table's bytes follow from its seed.

/// The `SplitMix64` generator.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Numbers that follow from a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Evenly from all there are.
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 to 1, 1 left out.
    pub(super) fn unit(&mut self) -> f32 {
        (self.number() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// About normally distributed around 0 with variance 1: the sum of twelve even ones.
    pub(super) fn normal(&mut self) -> f32 {
        let bits = [self.number(), self.number(), self.number()];
        let sum: u64 =
            bits.iter().map(|b| (b & 0xffff) + ((b >> 16) & 0xffff) + ((b >> 32) & 0xffff) + (b >> 48)).sum();
        sum as f32 / 65_536.0 - 6.0
    }

    /// Puts items into random order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, (self.number() % (end as u64 + 1)) as usize);
        }
    }
}
