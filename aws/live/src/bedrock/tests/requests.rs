//! What is sent, in which portions, and what becomes of the answers.

use std::time::Duration;

use cloudops_indexes::embed::Embedder;
use cloudops_indexes::embed::suite::embedder_suite;

use super::stand_in::{Reply, StandIn};
use super::*;

#[test]
fn every_model_keeps_the_contract_of_embedders() {
    let server = StandIn::willing();
    for model in Model::known() {
        embedder_suite(&embedder(model, &server));
    }
}

#[test]
fn titan_gets_each_text_alone_and_some_at_the_same_time() {
    // The first answers come last.
    let server = StandIn::new(|number, _| Reply::Vectors { after: Duration::from_millis(60 - 3 * number as u64) });
    let titan = embedder(TITAN, &server);
    let bodies = bodies(20);
    let vectors = titan.embed_passages(&bodies.iter().map(|body| passage(body)).collect::<Vec<_>>()).unwrap();

    let requests = server.requests();
    assert_eq!(requests.len(), 20);
    assert!(requests.iter().all(|request| request.path == "/model/amazon.titan-embed-text-v2%3A0/invoke"));
    assert!(requests.iter().all(|request| request.body["normalize"] == true && request.body["dimensions"] == 1024));
    let mut sent: Vec<String> = requests.iter().flat_map(super::stand_in::Request::texts).collect();
    sent.sort();
    let mut sorted = bodies.clone();
    sorted.sort();
    assert_eq!(sent, sorted);
    assert_eq!(server.most_under_way(), LIMITS.concurrency);
    for (vector, body) in vectors.iter().zip(&bodies) {
        assert_close(vector, &expected(body, 1024));
    }
}

#[test]
fn requests_are_signed_for_the_service_and_the_region() {
    let server = StandIn::willing();
    embedder(TITAN, &server).embed_queries(&["why?"]).unwrap();
    let request = &server.requests()[0];
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/")), "{authorization}");
    assert!(authorization.contains("/us-east-1/bedrock/aws4_request"), "{authorization}");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(request.header("user-agent").unwrap().contains("app/cloudops"), "{:?}", request.header("user-agent"));
}

#[test]
fn cohere_gets_96_texts_at_once() {
    let server = StandIn::willing();
    let cohere = embedder(COHERE, &server);
    let mut bodies = bodies(200);
    bodies[50] = String::new();
    let vectors = cohere.embed_passages(&bodies.iter().map(|body| passage(body)).collect::<Vec<_>>()).unwrap();

    let mut sizes: Vec<usize> = server.requests().iter().map(|request| request.texts().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [7, 96, 96], "an empty text is not sent");
    for (vector, body) in vectors.iter().zip(&bodies) {
        if body.is_empty() {
            assert_eq!(vector, &vec![0.0; 1024]);
        } else {
            assert_close(vector, &expected(body, 1024));
        }
    }
}

#[test]
fn questions_are_told_from_documents() {
    for model in [COHERE, "us.cohere.embed-v4:0"] {
        let server = StandIn::willing();
        let cohere = embedder(model, &server);
        cohere.embed_queries(&["why?"]).unwrap();
        cohere.embed_passages(&[passage("because")]).unwrap();
        let types: Vec<_> = server.requests().iter().map(|request| request.body["input_type"].clone()).collect();
        assert_eq!(types, ["search_query", "search_document"]);
        let path = format!("/model/{}/invoke", model.replace(':', "%3A"));
        assert!(server.requests().iter().all(|request| request.path == path), "{path}");
    }
}

#[test]
fn a_passage_is_sent_with_its_title_as_far_as_the_model_reads() {
    let server = StandIn::willing();
    let text = PassageText { title: "S3", headings: "Errors", body: &"denied ".repeat(1_000) };
    embedder(COHERE, &server).embed_passages(&[text]).unwrap();
    let sent = &server.requests()[0].texts()[0];
    assert!(sent.starts_with("S3. Errors.\ndenied denied"), "{}", &sent[..40]);
    assert!((2_000..=2_048).contains(&sent.len()), "{}", sent.len());
}

#[test]
fn nothing_is_sent_for_nothing() {
    let server = StandIn::willing();
    let titan = embedder(TITAN, &server);
    assert_eq!(titan.embed_queries(&["", " \n"]).unwrap(), vec![vec![0.0; 1024]; 2]);
    assert_eq!(titan.embed_passages(&[]).unwrap(), Vec::<Vec<f32>>::new());
    assert!(server.requests().is_empty());
}

#[test]
fn it_works_and_ends_within_asynchronous_code() {
    let server = StandIn::willing();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let vectors = runtime.block_on(async {
        let titan = embedder(TITAN, &server);
        titan.embed_queries(&["why?"]).unwrap()
    });
    assert_close(&vectors[0], &expected("why?", 1024));
}
