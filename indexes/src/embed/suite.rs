//! What every embedder must do, as one test to be run against each of them.

use super::{Embedder, PassageText};

/// Checks the contract of [`Embedder`] with texts about AWS.
///
/// # Panics
/// If the embedder breaks it: this is a test.
pub fn embedder_suite(embedder: &dyn Embedder) {
    let dimensions = embedder.id().dimensions;
    assert!(dimensions > 0 && !embedder.id().name.is_empty() && !embedder.id().version.is_empty());

    let long = "instance ".repeat(20_000);
    let texts = [
        "How do I encrypt an S3 bucket?",
        "ec2:DescribeInstances AccessDenied in us-east-1",
        "Größe der Instanz, 日本語, 🚀",
        &long,
        "\u{0}\u{301}\u{fffd}",
    ];
    let vectors = embedder.embed_queries(&texts).expect("queries are embedded");
    assert_eq!(vectors.len(), texts.len(), "one vector for each query");
    for (vector, text) in vectors.iter().zip(texts) {
        well_formed(vector, dimensions, text);
    }
    assert_ne!(vectors[0], vectors[1], "different questions have different vectors");
    assert_eq!(
        vectors,
        embedder.embed_queries(&texts).expect("queries are embedded"),
        "the same text, the same vector"
    );
    let alone = embedder.embed_queries(&texts[..1]).expect("a query is embedded");
    assert!(cosine(&alone[0], &vectors[0]) > 0.999, "a vector does not depend on its neighbours");

    let passage = PassageText {
        title: "Protecting data",
        headings: "Protecting data > Encryption",
        body: "To encrypt the objects of an S3 bucket, turn on default encryption.",
    };
    let bare = PassageText { title: "", headings: "", ..passage };
    let empty = PassageText { title: "", headings: "", body: "" };
    let passages = embedder.embed_passages(&[passage, bare, empty]).expect("passages are embedded");
    assert_eq!(passages.len(), 3, "one vector for each passage");
    for vector in &passages {
        well_formed(vector, dimensions, "a passage");
    }
    assert!(length(&passages[1]) > 0.5, "a passage without title and headings has a vector");

    assert!(embedder.embed_queries(&[]).expect("nothing is embedded").is_empty());
    assert!(embedder.embed_passages(&[]).expect("nothing is embedded").is_empty());
}

/// As long as the identity says, finite, and of unit length, or of zeros if nothing is known.
fn well_formed(vector: &[f32], dimensions: usize, text: &str) {
    let text: String = text.chars().take(40).collect();
    assert_eq!(vector.len(), dimensions, "`{text}`");
    assert!(vector.iter().all(|value| value.is_finite()), "`{text}` has a vector that is not finite");
    let length = length(vector);
    assert!((length - 1.0).abs() < 1e-3 || length == 0.0, "`{text}` has a vector of length {length}");
}

fn length(vector: &[f32]) -> f32 {
    cosine(vector, vector).sqrt()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
