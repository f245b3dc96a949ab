//! The cap holds before the first request and during the work.

use cloudops_indexes::embed::Embedder;

use super::stand_in::{Reply, StandIn};
use super::*;
use crate::bedrock::{Price, tokens};

/// A dollar for a token.
fn dear(model: &str, server: &StandIn, max_usd: f64) -> BedrockEmbedder {
    let price = Price::per_thousand_tokens(1_000.0).unwrap();
    alone(Options { price, max_usd, ..options(model, server) }).unwrap()
}

#[test]
fn nothing_is_sent_that_would_exceed_the_cap() {
    let server = StandIn::willing();
    let bodies = bodies(10);
    let passages: Vec<_> = bodies.iter().map(|body| passage(body)).collect();
    let needed = bodies.iter().map(|body| tokens(body)).sum::<u64>();
    for model in [TITAN, COHERE] {
        let poor = dear(model, &server, needed as f64 - 1.0);
        assert_eq!(poor.estimate(&passages).tokens, needed);
        let error = poor.embed_passages(&passages).unwrap_err().to_string();
        assert!(error.contains(&format!("10 texts of {needed} tokens for ${needed}.00")), "{error}");
        assert!(error.contains(&format!("the cap of ${}.00", needed - 1)), "{error}");
        assert_eq!((server.requests().len(), poor.spent().tokens), (0, 0));
    }
    dear(TITAN, &server, needed as f64).embed_passages(&passages).unwrap();
    assert_eq!(server.requests().len(), 10);
}

#[test]
fn a_cap_of_zero_allows_nothing() {
    let server = StandIn::willing();
    let options = Options { max_usd: 0.0, ..options(TITAN, &server) };
    assert!(alone(options).unwrap().embed_queries(&["why?"]).is_err());
    assert!(server.requests().is_empty());
    let options = Options { max_usd: f64::NAN, ..super::options(TITAN, &server) };
    assert!(matches!(alone(options), Err(BedrockError::Amount(_))));
}

#[test]
fn what_the_service_counts_is_what_is_spent() {
    // Titan says so in its answer, Cohere's models only in a header.
    for model in [TITAN, COHERE, "cohere.embed-v4:0"] {
        let server = StandIn::new(|_, _| Reply::Counted(5));
        let embedder = embedder(model, &server);
        embedder.embed_queries(&["why?"]).unwrap();
        embedder.embed_passages(&[passage("because it is so")]).unwrap();
        let spent = embedder.spent();
        assert_eq!(spent.tokens, 10, "{model}");
        assert!((spent.usd - Model::new(model, None).unwrap().price().of(10)).abs() < 1e-12);
    }
}

#[test]
fn what_nobody_counts_is_spent_as_estimated() {
    let server = StandIn::willing();
    let cohere = embedder(COHERE, &server);
    cohere.embed_queries(&["why?", "how?"]).unwrap();
    assert_eq!(cohere.spent().tokens, tokens("why?") + tokens("how?"));
}

#[test]
fn the_cap_holds_over_calls() {
    let server = StandIn::new(|_, _| Reply::Counted(6));
    // Each question is estimated at 4 tokens, and counts for 6.
    assert_eq!(tokens("why?"), 4);
    let titan = dear(TITAN, &server, 15.0);
    titan.embed_queries(&["why?"]).unwrap();
    titan.embed_queries(&["why?"]).unwrap();
    let error = titan.embed_queries(&["why?"]).unwrap_err().to_string();
    assert!(error.contains("$15.00") && error.contains("$4.00") && error.contains("$12.00 so far"), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_cap_holds_within_a_call_that_turns_out_dearer() {
    let server = StandIn::new(|_, _| Reply::Counted(20));
    let mut options = options(TITAN, &server);
    options.limits.concurrency = 1;
    (options.price, options.max_usd) = (Price::per_thousand_tokens(1_000.0).unwrap(), 45.0);
    let titan = alone(options).unwrap();
    // Ten questions of 4 tokens are admitted; three times 20 are too much for another 4.
    let error = titan.embed_queries(&["why?"; 10]).unwrap_err().to_string();
    assert!(error.contains("$45.00"), "{error}");
    assert_eq!((server.requests().len(), titan.spent().tokens), (3, 60));
}

#[test]
fn what_is_refused_costs_nothing() {
    let server = StandIn::new(|number, _| match number {
        0 => Reply::Error(403, "AccessDeniedException", "no"),
        1 => Reply::THROTTLED,
        _ => Reply::Counted(3),
    });
    let titan = embedder(TITAN, &server);
    titan.embed_queries(&["why?"]).unwrap_err();
    assert_eq!(titan.spent().tokens, 0);
    titan.embed_queries(&["why?"]).unwrap();
    assert_eq!(titan.spent().tokens, 3);
}

#[test]
fn an_answer_that_breaks_off_may_have_been_charged() {
    let estimated = tokens("why?");
    // Once, and the repetition is answered.
    let server = StandIn::new(|number, _| if number == 0 { Reply::BrokenOff(3) } else { Reply::Counted(3) });
    let titan = embedder(TITAN, &server);
    titan.embed_queries(&["why?"]).unwrap();
    assert_eq!((server.requests().len(), titan.spent().tokens), (2, estimated + 3));
    // Always.
    let server = StandIn::new(|_, _| Reply::BrokenOff(3));
    let titan = embedder(TITAN, &server);
    titan.embed_queries(&["why?"]).unwrap_err();
    assert_eq!(server.requests().len(), LIMITS.attempts as usize);
    assert_eq!(titan.spent().tokens, u64::from(LIMITS.attempts) * estimated);
}

#[test]
fn a_request_is_not_repeated_above_the_cap() {
    // 4 dollars each: two attempts may be charged, a third is too much.
    for reply in [|| Reply::BrokenOff(3), || Reply::HangUp] {
        let server = StandIn::new(move |_, _| reply());
        let titan = dear(TITAN, &server, 11.0);
        let error = titan.embed_queries(&["why?"]).unwrap_err().to_string();
        assert!(error.contains("the cap of $11.00 is not enough") && error.contains("$8.00 so far"), "{error}");
        assert_eq!((server.requests().len(), titan.spent().tokens), (2, 8));
    }
    // What is refused is not charged, so that its money is there for the repetitions.
    let server = StandIn::new(|number, _| if number < 2 { Reply::THROTTLED } else { Reply::Counted(3) });
    let titan = dear(TITAN, &server, 4.0);
    titan.embed_queries(&["why?"]).unwrap();
    assert_eq!((server.requests().len(), titan.spent().tokens), (3, 3));
}

#[test]
fn all_embedders_of_a_process_spend_the_same_money() {
    // The only test that may spend the money of the process. Each question is estimated at 4 dollars, and counts for 6.
    let server = StandIn::new(|_, _| Reply::Counted(6));
    let price = Price::per_thousand_tokens(1_000.0).unwrap();
    let shorter = Model::new(TITAN, Some(256)).unwrap();
    let of_process = |model: Model| {
        BedrockEmbedder::new(Options { model, price, max_usd: 15.0, ..options(TITAN, &server) }).unwrap()
    };
    let titan = of_process(shorter);
    titan.embed_queries(&["why?"]).unwrap();
    drop(titan);
    let cohere = of_process(Model::new(COHERE, None).unwrap());
    cohere.embed_queries(&["why?"]).unwrap();
    assert_eq!(cohere.spent().tokens, 6, "its own");
    for model in [Model::new(TITAN, None).unwrap(), Model::new(COHERE, None).unwrap()] {
        let error = of_process(model).embed_queries(&["why?"]).unwrap_err().to_string();
        assert!(error.contains("$15.00") && error.contains("$12.00 so far"), "{error}");
    }
    assert_eq!(server.requests().len(), 2);
}
