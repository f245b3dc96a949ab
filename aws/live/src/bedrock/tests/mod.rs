//! The embedder against a server that speaks the wire format; see [`stand_in`].

mod environment;
mod failures;
mod money;
mod requests;
mod secrecy;
mod stand_in;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use cloudops_indexes::embed::PassageText;
use stand_in::StandIn;

use super::cost::Account;
use super::{Access, BedrockEmbedder, BedrockError, Limits, Model, Options};

const TITAN: &str = "amazon.titan-embed-text-v2:0";
const COHERE: &str = "cohere.embed-english-v3";
const ACCESS_KEY: &str = "AKIDEXAMPLE";
const SECRET_KEY: &str = "a-secret-access-key-that-nobody-may-see";

/// As patient as a test can be.
const LIMITS: Limits = Limits {
    concurrency: 4,
    attempts: 3,
    max_backoff: Duration::from_millis(20),
    connect: Duration::from_secs(2),
    attempt: Duration::from_secs(5),
    request: Duration::from_secs(20),
};

fn options(model: &str, server: &StandIn) -> Options {
    let model = Model::new(model, None).unwrap();
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test");
    Options {
        price: model.price(),
        model,
        access: Access {
            region: Some("us-east-1".into()),
            endpoint: Some(server.url()),
            credentials: Some(SharedCredentialsProvider::new(credentials)),
            ..Access::default()
        },
        limits: LIMITS,
        max_usd: 1.0,
    }
}

/// An embedder whose money no other test spends.
fn alone(options: Options) -> Result<BedrockEmbedder, BedrockError> {
    BedrockEmbedder::of_account(options, Account::default())
}

fn embedder(model: &str, server: &StandIn) -> BedrockEmbedder {
    alone(options(model, server)).unwrap()
}

fn passage(body: &str) -> PassageText<'_> {
    PassageText { title: "", headings: "", body }
}

/// Texts of their own.
fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("passage number {at} about instances")).collect()
}

/// As the server makes it, at length one.
fn expected(text: &str, dimensions: usize) -> Vec<f32> {
    stand_in::vector(text, dimensions).into_iter().map(|x| x / 2.0).collect()
}

#[track_caller]
fn assert_close(left: &[f32], right: &[f32]) {
    assert_eq!(left.len(), right.len());
    let far = left.iter().zip(right).find(|(x, y)| (*x - *y).abs() > 1e-5);
    assert!(far.is_none(), "{far:?}");
}
