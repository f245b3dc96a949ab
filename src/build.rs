//! Rebuilds the program when a document is added to the built-in corpus or removed from it.
#![expect(clippy::disallowed_macros, reason = "standard output is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=corpus");
    println!("cargo::rerun-if-changed=src/build.rs");
}
