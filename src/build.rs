//! Rebuilds the program when a document is added to the built-in corpus or removed from it.

fn main() {
    println!("cargo::rerun-if-changed=corpus");
    println!("cargo::rerun-if-changed=src/build.rs");
}
