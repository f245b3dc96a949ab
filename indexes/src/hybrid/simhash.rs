//! Fingerprints of texts that stay near when texts do (`SimHash`: Charikar, 2002).

use std::hash::Hasher;

use rustc_hash::{FxHashSet, FxHasher};

use crate::lexical::words;

/// Words that are hashed together.
const SHINGLE: usize = 3;

/// A 64-bit fingerprint of a text's distinct three-word sequences, case ignored. Linear in the text.
///
/// Distinct: a phrase that a page repeats says no more of what the page is about than once.
pub(crate) fn simhash(text: &str) -> u64 {
    let mut votes = [0i32; 64];
    let mut recent = [0u64; SHINGLE];
    let mut seen = FxHashSet::default();
    for (count, range) in words(text).enumerate() {
        let mut hasher = FxHasher::default();
        for byte in text[range].bytes() {
            hasher.write_u8(byte.to_ascii_lowercase());
        }
        recent[count % SHINGLE] = hasher.finish();
        if count + 1 < SHINGLE {
            continue;
        }
        let mut hasher = FxHasher::default();
        for back in (0..SHINGLE).rev() {
            hasher.write_u64(recent[(count - back) % SHINGLE]);
        }
        let hash = mix(hasher.finish());
        if !seen.insert(hash) {
            continue;
        }
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    votes.iter().enumerate().fold(0, |bits, (bit, vote)| bits | (u64::from(*vote > 0) << bit))
}

/// Spreads every input bit over all output bits, which a fingerprint needs and a table hash does not give
/// (the finalizer of `MurmurHash3`).
fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Bits in which two fingerprints differ.
pub(crate) fn distance(a: u64, b: u64) -> u32 {
    (a ^ b).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(system: &str) -> String {
        let step = |n| format!("Step {n}: connect to the {system} instance number {} and look. ", n * 7);
        (0..200).map(step).collect::<Vec<_>>().concat()
    }

    #[test]
    fn near_texts_have_near_fingerprints() {
        let linux = page("running");
        let nearly = linux.replace("number 70 ", "no 70 ");
        let cost = |n| format!("Costs of bucket {n} are billed by month {} only. ", n % 12);
        let other = (0..400).map(cost).collect::<Vec<_>>().concat();
        assert!(distance(simhash(&linux), simhash(&nearly)) <= 4);
        assert!(distance(simhash(&linux), simhash(&other)) > 12);
        assert_eq!(simhash(&linux), simhash(&linux.to_uppercase()));
        assert_eq!(simhash(""), 0);
    }
}
