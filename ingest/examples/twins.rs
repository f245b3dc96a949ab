//! Shows how far apart the fingerprints of documents are: pages of the same name in two guides, and pairs at random.
//!
//! `cargo run --release -p cloudops-ingest --example twins -- FOLDER GUIDE OTHER_GUIDE`

#![expect(clippy::print_stderr, reason = "a tool for developers")]

use std::collections::BTreeMap;

use anyhow::Context;
use cloudops_ingest::source::folder::{self, FolderOptions};
use cloudops_ingest::twins::Fingerprint;
use rayon::prelude::*;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, left, right] = &arguments[..] else {
        anyhow::bail!("usage: twins FOLDER GUIDE OTHER_GUIDE");
    };
    let fingerprints = |guide: &str| -> anyhow::Result<BTreeMap<String, (Fingerprint, usize)>> {
        let options = FolderOptions::new(std::path::Path::new(root).join(guide), guide);
        let walk = folder::walk(&options).with_context(|| format!("failed to read guide `{guide}`"))?;
        let prepared = walk.files.par_iter().filter_map(|found| {
            let bytes = folder::read(found, &options).ok()?;
            let text = folder::prepare(found, &bytes, &options).ok()?.document.text;
            Some((found.relative.clone(), (Fingerprint::of(&text), text.len())))
        });
        Ok(prepared.collect())
    };
    let (left, right) = (fingerprints(left)?, fingerprints(right)?);
    let mut same = Vec::new();
    let mut names = Vec::new();
    for (name, (fingerprint, size)) in &left {
        if let Some((other, _)) = right.get(name) {
            same.push(fingerprint.distance(*other));
            names.push((fingerprint.distance(*other), name.as_str(), *size));
        }
    }
    let mut different = Vec::new();
    for (position, (name, (fingerprint, _))) in left.iter().enumerate() {
        for (other_name, (other, _)) in right.iter().skip(position % 7).step_by(7) {
            if name != other_name {
                different.push(fingerprint.distance(*other));
            }
        }
    }
    show("same name", same);
    show("different names", different);
    names.sort_unstable();
    for (distance, name, size) in names.iter().step_by((names.len() / 40).max(1)) {
        eprintln!("  {distance:2} {size:6} {name}");
    }
    Ok(())
}

fn show(what: &str, mut distances: Vec<u32>) {
    distances.sort_unstable();
    let percentile = |p: usize| distances.get(distances.len().saturating_sub(1) * p / 100).copied().unwrap_or(0);
    let shown = [0, 1, 5, 10, 25, 50, 75, 90, 95, 100].map(|p| (p, percentile(p)));
    eprintln!("{what}: {} pairs, percentiles of the distance {shown:?}", distances.len());
    let below: Vec<_> = [3, 6, 8, 10, 12, 14, 16, 20].map(|d| (d, distances.partition_point(|x| *x <= d))).to_vec();
    eprintln!("  at most: {below:?}");
}
