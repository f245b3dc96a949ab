use super::*;
use crate::config::BedrockSettings;

fn titan() -> EmbedderId {
    EmbedderId {
        name: "titan-embed-text-v2".into(),
        version: "amazon.titan-embed-text-v2:0, 512 dimensions, text 1".into(),
        dimensions: 512,
    }
}

fn settings(provider: EmbedProvider, max_usd: f64) -> EmbedSettings {
    let bedrock = BedrockSettings { max_usd, ..BedrockSettings::default() };
    EmbedSettings { bedrock, provider, ..EmbedSettings::default() }
}

fn refusal(settings: &EmbedSettings) -> String {
    for_questions(settings, &titan()).expect("Bedrock made them").err().expect("it is refused").to_string()
}

#[test]
fn other_embedders_are_left_to_others() {
    let local = EmbedderId { name: "all-minilm-l6-v2".into(), version: "0123456789ab".into(), dimensions: 384 };
    assert!(for_questions(&settings(EmbedProvider::Bedrock, 1.0), &local).is_none());
}

#[test]
fn questions_go_out_only_if_that_was_allowed() {
    let error = refusal(&settings(EmbedProvider::Local, 1.0));
    assert!(error.contains("not sent") && error.contains("`embed.provider`"), "{error}");
    let error = refusal(&settings(EmbedProvider::Bedrock, 0.0));
    assert!(error.contains("no cap") && error.contains("`embed.bedrock.max_usd`"), "{error}");
}

#[test]
#[cfg(not(feature = "bedrock"))]
fn without_the_feature_it_is_said() {
    let error = refusal(&settings(EmbedProvider::Bedrock, 1.0));
    assert!(error.contains("built without Amazon Bedrock") && error.contains("--features bedrock"), "{error}");
}

#[test]
#[cfg(feature = "bedrock")]
fn questions_are_asked_as_the_vectors_were_made() {
    // The configured model makes 1024 dimensions.
    let opened = for_questions(&settings(EmbedProvider::Bedrock, 1.0), &titan()).unwrap().ok().unwrap();
    assert_eq!(*opened.id(), titan());
}

#[test]
fn costs_are_said_with_as_many_digits_as_matter() {
    assert_eq!(Cost { tokens: 41_234, usd: 0.000_824 }.to_string(), "$0.000824 (41,234 tokens)");
    assert_eq!(Cost { tokens: 41_000_000, usd: 12.0 }.to_string(), "$12.00 (41,000,000 tokens)");
}
