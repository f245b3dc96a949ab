//! Connections: one task each, one request after the other, and every way to hand over an answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::control;
use crate::http::{Request, Response};
use crate::routes;
use crate::site::State;
use crate::statistics::InFlight;

/// The longest that anything waits: for the next request, for a client that reads slowly, or in a stall.
const PATIENCE: Duration = Duration::from_mins(10);

/// A body that is made while it is sent.
pub(crate) type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// How an answer goes over the wire.
pub(crate) enum Delivery {
    /// As it should.
    Whole,
    /// Not at all, on a connection that stays open.
    Silence,
    /// So many bytes of the body, on a connection that stays open.
    StallAfter(usize),
    /// A few bytes of the body at a time.
    Drip { bytes: usize, pause_ms: u64 },
    /// With so much added to the length.
    Length(i64),
    /// In chunks that do not end.
    Unfinished,
    /// Not at all, and the connection is reset.
    Reset,
    /// So many bytes of the body, and the connection is reset.
    ResetAfter(usize),
    /// Not at all, and the connection is closed.
    Close,
    /// Other bytes, and the connection is closed.
    Raw(Bytes),
    /// In chunks, instead of the body of the answer.
    Stream(Pieces),
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
    let head_only = request.method == "HEAD" || response.status == 304;
    let body = if head_only { Bytes::new() } else { response.body.clone() };
    let length = response.body.len() as u64;
    if let Delivery::Silence | Delivery::Reset | Delivery::Close | Delivery::Raw(_) = &delivery {
        // There is no answer whose status could be counted.
    } else {
        in_flight.answered(response.status);
    }
    match delivery {
        Delivery::Whole => {
            let length = (response.status != 304).then_some(length);
            let mut bytes = response.head(length, request.close);
            in_flight.sent(body.len());
            // One piece: two would be two packets on loopback.
            bytes.extend_from_slice(&body);
            stream.write_all(&bytes).await?;
            return Ok(!request.close);
        }
        Delivery::Silence => gone(stream).await,
        Delivery::StallAfter(count) => {
            send_part(stream, &response, length, &body, count, in_flight).await?;
            gone(stream).await;
        }
        Delivery::Drip { bytes, pause_ms } => {
            stream.write_all(&response.head(Some(length), true)).await?;
            for part in body.chunks(bytes) {
                in_flight.sent(part.len());
                stream.write_all(part).await?;
                sleep(Duration::from_millis(pause_ms)).await;
            }
        }
        Delivery::Length(by) => {
            send_part(stream, &response, length.saturating_add_signed(by), &body, body.len(), in_flight).await?;
        }
        Delivery::Unfinished => {
            let response = response.with("Transfer-Encoding", "chunked");
            stream.write_all(&response.head(None, false)).await?;
            send_chunk(stream, &body, in_flight).await?;
        }
        Delivery::Reset => stream.set_zero_linger()?,
        Delivery::ResetAfter(count) => {
            send_part(stream, &response, length, &body, count, in_flight).await?;
            // A reset overtakes bytes that the client has not read yet.
            sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger()?;
        }
        Delivery::Close => {}
        Delivery::Raw(bytes) => stream.write_all(&bytes).await?,
        Delivery::Stream(pieces) => {
            let response = response.with("Transfer-Encoding", "chunked");
            stream.write_all(&response.head(None, request.close)).await?;
            if !head_only {
                for piece in pieces {
                    send_chunk(stream, &piece, in_flight).await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
            return Ok(!request.close);
        }
    }
    Ok(false)
}

/// Sends the head with any length at all, and at most `count` bytes of the body.
async fn send_part(
    stream: &mut TcpStream,
    response: &Response,
    length: u64,
    body: &[u8],
    count: usize,
    in_flight: &InFlight<'_>,
) -> io::Result<()> {
    let part = &body[..count.min(body.len())];
    let mut bytes = response.head(Some(length), false);
    in_flight.sent(part.len());
    bytes.extend_from_slice(part);
    stream.write_all(&bytes).await
}

async fn send_chunk(stream: &mut TcpStream, piece: &[u8], in_flight: &InFlight<'_>) -> io::Result<()> {
    let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(b"\r\n");
    in_flight.sent(piece.len());
    stream.write_all(&bytes).await
}

/// Waits until the client has left. What it says meanwhile is not heard.
async fn gone(stream: &mut TcpStream) {
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
}
