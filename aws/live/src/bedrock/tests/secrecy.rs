//! What is logged, down to the last detail: neither texts nor credentials.

use std::io;
use std::sync::{Arc, Mutex};

use cloudops_indexes::embed::Embedder;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::stand_in::{Reply, StandIn};
use super::*;

/// Everything that is logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn texts_and_credentials_are_not_logged() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("trace"))
        .with_writer(log.clone())
        .try_init()
        .expect("no other test of this crate logs");
    let secret = "zebra-crossing-in-the-fog";
    for model in [TITAN, COHERE] {
        let server = StandIn::new(|number, _| match number {
            0 => Reply::THROTTLED,
            1 => Reply::VECTORS,
            2 => Reply::Body("{\"embeddings\": \"zebra-crossing-in-the-fog\"}".to_owned()),
            _ => Reply::Error(400, "ValidationException", "Malformed input request."),
        });
        let embedder = embedder(model, &server);
        embedder.embed_queries(&[secret]).unwrap();
        embedder.embed_passages(&[passage(secret)]).unwrap_err();
        embedder.embed_passages(&[passage(secret)]).unwrap_err();
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // Something is logged, by the SDK and by us.
    assert!(log.contains("aws_smithy_runtime") && log.contains("a request was repeated"), "{} bytes", log.len());
    for hidden in [secret, SECRET_KEY] {
        let line = log.lines().find(|line| line.contains(hidden));
        assert!(line.is_none(), "{line:?}");
    }
}
