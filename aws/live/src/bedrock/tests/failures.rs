//! What goes wrong, what is tried again, and what is said about it.

use std::time::Duration;

use cloudops_indexes::embed::{EmbedError, Embedder};

use super::stand_in::{Reply, StandIn};
use super::*;

/// The error of one question, and how many requests it took.
fn failure(model: &str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> (EmbedError, usize) {
    let server = StandIn::new(move |_, _| reply());
    let error = embedder(model, &server).embed_queries(&["a private question"]).unwrap_err();
    assert!(!error.to_string().contains("private question"), "{error}");
    (error, server.requests().len())
}

#[track_caller]
fn assert_says(error: &EmbedError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_throttled_request_is_repeated() {
    let server = StandIn::new(|number, _| if number < 2 { Reply::THROTTLED } else { Reply::VECTORS });
    let vectors = embedder(TITAN, &server).embed_queries(&["why?"]).unwrap();
    assert_close(&vectors[0], &expected("why?", 1024));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn throttling_that_does_not_end_is_an_error() {
    let (error, requests) = failure(TITAN, || Reply::THROTTLED);
    assert_eq!(requests, LIMITS.attempts as usize);
    assert!(matches!(error, EmbedError::Failed { .. }));
    assert_says(&error, &["after 3 attempts", "ThrottlingException", "Too many requests", "goes on where it was"]);

    let (error, requests) = failure(TITAN, || Reply::Error(503, "ServiceUnavailableException", "later"));
    assert_eq!(requests, LIMITS.attempts as usize);
    assert_says(&error, &["overloaded", "later"]);
}

#[test]
fn no_access_is_said_with_what_it_takes() {
    let (error, requests) = failure(TITAN, || {
        Reply::Error(403, "AccessDeniedException", "You don't have access to the model with the specified model ID.")
    });
    assert_eq!(requests, 1, "repeating does not help");
    assert!(matches!(error, EmbedError::Unavailable { .. }));
    assert_says(
        &error,
        &["titan-embed-text-v2", "us-east-1", "You don't have access", "bedrock:InvokeModel", "Model access"],
    );
}

#[test]
fn credentials_that_are_not_accepted_are_no_matter_of_access() {
    for name in ["UnrecognizedClientException", "ExpiredTokenException"] {
        let (error, requests) = failure(TITAN, move || Reply::Error(403, name, "The security token is wrong."));
        assert_eq!(requests, 1);
        assert_says(&error, &["does not accept the credentials", name, "aws sts get-caller-identity"]);
    }
}

#[test]
fn a_model_that_the_region_lacks_is_told_from_other_mistakes() {
    let messages = [
        (400, "ValidationException", "The provided model identifier is invalid."),
        (
            400,
            "ValidationException",
            "Invocation of model ID cohere.embed-v4:0 with on-demand throughput isn\u{2019}t supported.",
        ),
        (404, "ResourceNotFoundException", "Could not resolve the foundation model."),
    ];
    for (status, name, message) in messages {
        let (error, requests) = failure("cohere.embed-v4:0", move || Reply::Error(status, name, message));
        assert_eq!(requests, 1);
        assert!(matches!(error, EmbedError::Unavailable { .. }));
        assert_says(&error, &["cannot be invoked in us-east-1", message, "us.cohere.embed-v4:0"]);
    }

    let (error, requests) = failure(TITAN, || Reply::Error(400, "ValidationException", "Malformed input request."));
    assert_eq!(requests, 1);
    assert_says(&error, &["refused (ValidationException)", "Malformed input request."]);
}

#[test]
fn answers_that_make_no_sense_are_refused() {
    for (body, says) in [
        ("{\"embedding\": [1.0, 2.0]}", "2 components instead of 1024"),
        ("{\"embedding\": ", "not the expected JSON"),
        ("{\"message\": \"a private question\"}", "not the expected JSON"),
    ] {
        let (error, requests) = failure(TITAN, move || Reply::Body(body.to_owned()));
        assert_eq!(requests, 1);
        assert_says(&error, &["the answer cannot be used", says]);
    }
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    let server = StandIn::new(|_, _| Reply::Vectors { after: Duration::from_secs(3) });
    let mut options = options(TITAN, &server);
    options.limits = Limits { attempt: Duration::from_millis(200), attempts: 2, ..LIMITS };
    let titan = alone(options).unwrap();
    let error = titan.embed_queries(&["why?"]).unwrap_err();
    assert_says(&error, &["did not answer in time, 2 times", "HTTPS_PROXY"]);
    assert_eq!(server.requests().len(), 2);
    // Both may have been charged: two times two tokens and the frame.
    assert_eq!(titan.spent().tokens, 2 * crate::bedrock::tokens("why?"));
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let server = StandIn::new(|number, _| if number == 0 { Reply::HangUp } else { Reply::Counted(3) });
    let titan = embedder(TITAN, &server);
    titan.embed_queries(&["why?"]).unwrap();
    assert_eq!(server.requests().len(), 2);
    assert_eq!(titan.spent().tokens, 3 + crate::bedrock::tokens("why?"));

    let (error, requests) = failure(TITAN, || Reply::HangUp);
    assert_eq!(requests, LIMITS.attempts as usize);
    assert_says(&error, &["cannot be reached, 3 times tried"]);
}

#[test]
fn a_closed_door_is_said() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut options = options(TITAN, &StandIn::willing());
    options.access.endpoint = Some(format!("http://{closed}"));
    let error = alone(options).unwrap().embed_queries(&["why?"]).unwrap_err();
    assert_says(&error, &["Amazon Bedrock in us-east-1 cannot be reached", "refused", "AWS_ENDPOINT_URL"]);
}

#[test]
fn one_failure_ends_the_others() {
    let server = StandIn::new(|number, _| match number {
        3 => Reply::Error(403, "AccessDeniedException", "no"),
        _ => Reply::Vectors { after: Duration::from_millis(30) },
    });
    let bodies = bodies(100);
    let passages: Vec<_> = bodies.iter().map(|body| passage(body)).collect();
    embedder(TITAN, &server).embed_passages(&passages).unwrap_err();
    assert!(server.requests().len() < 20, "{} requests", server.requests().len());
}
