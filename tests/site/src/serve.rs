//! Connections: one task each, one request after the other, and every way to hand over an answer.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::control;
use crate::http::{Request, Response};
use crate::routes;
use crate::site::State;
use crate::statistics::InFlight;

/// The longest that anything waits: for the next request, for a client that reads slowly, or in a stall.
const PATIENCE: Duration = Duration::from_mins(10);

/// How an answer goes over the wire.
#[derive(Default)]
pub(crate) enum Delivery {
    /// As it should.
    #[default]
    Whole,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Delivery")
    }
}

/// Accepts connections until it is dropped.
pub(crate) async fn serve(listener: std::net::TcpListener, state: Arc<State>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                state.counters.connected();
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    // An error here is a client that left, which is nobody's concern.
                    drop(connection(stream, &state).await);
                });
            }
            // Out of file descriptors, most likely. It passes when clients leave.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(mut stream: TcpStream, state: &State) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::with_capacity(4096);
    loop {
        let read = timeout(PATIENCE, Request::read(&mut stream, &mut pending)).await;
        let Ok(Ok(Some(request))) = read else { return Ok(()) };
        if request.path.starts_with(control::PREFIX) {
            let response = control::answer(state, &request);
            let mut bytes = response.head(Some(response.body.len() as u64), request.close);
            bytes.extend_from_slice(&response.body);
            stream.write_all(&bytes).await?;
            if request.close {
                return Ok(());
            }
            continue;
        }
        let in_flight = state.counters.begin(&request);
        let latency = state.settings().latency_ms;
        if latency > 0 {
            sleep(Duration::from_millis(latency)).await;
        }
        let fault = state.rules().take(&request.path);
        let (response, delivery) = match fault {
            None => (routes::answer(state, &request), Delivery::Whole),
            Some(fault) => fault.answer(state, &request),
        };
        let delivered = deliver(&mut stream, &request, response, delivery, &in_flight);
        let open = timeout(PATIENCE, delivered).await.map_err(io::Error::other)??;
        drop(in_flight);
        if !open {
            return Ok(());
        }
    }
}

/// Sends an answer. Returns whether the connection can be used again.
async fn deliver(
    stream: &mut TcpStream,
    request: &Request,
    response: Response,
    delivery: Delivery,
    in_flight: &InFlight<'_>,
) -> io::Result<bool> {
    let body = if request.method == "HEAD" { Bytes::new() } else { response.body.clone() };
    in_flight.answered(response.status);
    let length = response.body.len() as u64;
    match delivery {
        Delivery::Whole => {
            let length = (response.status != 304).then_some(length);
            let mut bytes = response.head(length, request.close);
            in_flight.sent(body.len());
            // One piece: two would be two packets on loopback.
            bytes.extend_from_slice(&body);
            stream.write_all(&bytes).await?;
            Ok(!request.close)
        }
    }
}
