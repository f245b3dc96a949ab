//! A server on this machine that speaks the wire format of Bedrock's `InvokeModel`. It is not Bedrock: it says nothing
//! about how good vectors are, how long they take or what they cost.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: String,
    headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its texts, by whichever model.
    pub(super) fn texts(&self) -> Vec<String> {
        let as_text = |value: &Value| value.as_str().unwrap().to_owned();
        match self.body.get("texts") {
            Some(texts) => texts.as_array().unwrap().iter().map(as_text).collect(),
            None => vec![as_text(&self.body["inputText"])],
        }
    }
}

/// What is answered.
pub(super) enum Reply {
    /// Vectors of the texts, after a while.
    Vectors { after: Duration },
    /// Vectors, and this many tokens counted.
    Counted(u64),
    /// An error of AWS: status, name, message.
    Error(u16, &'static str, &'static str),
    /// This body, as a success.
    Body(String),
    /// Headers of a success that counts so many tokens, half of its body, and the connection is closed.
    BrokenOff(u64),
    /// The connection is closed without a word.
    HangUp,
}

impl Reply {
    pub(super) const VECTORS: Self = Self::Vectors { after: Duration::ZERO };
    pub(super) const THROTTLED: Self = Self::Error(429, "ThrottlingException", "Too many requests, please wait.");
}

type Behaviour = dyn Fn(usize, &Request) -> Reply + Send + Sync;

struct State {
    behaviour: Box<Behaviour>,
    requests: Mutex<Vec<Request>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

/// The server. It ends with the process.
pub(super) struct StandIn {
    address: SocketAddr,
    state: Arc<State>,
}

impl StandIn {
    /// Answers as `behaviour` says for the number of a request, from 0, and the request.
    pub(super) fn new(behaviour: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            behaviour: Box::new(behaviour),
            requests: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { address, state }
    }

    /// Answers everything with vectors.
    pub(super) fn willing() -> Self {
        Self::new(|_, _| Reply::VECTORS)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The most requests that were under way at the same time.
    pub(super) fn most_under_way(&self) -> usize {
        self.state.most_under_way.load(Ordering::SeqCst)
    }
}

fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let number = {
            let mut requests = state.requests.lock().unwrap();
            requests.push(request.clone());
            requests.len() - 1
        };
        let under_way = state.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_under_way.fetch_max(under_way, Ordering::SeqCst);
        let reply = (state.behaviour)(number, &request);
        if let Reply::Vectors { after } = reply {
            std::thread::sleep(after);
        }
        state.under_way.fetch_sub(1, Ordering::SeqCst);
        // A client that lost patience is gone.
        let (Some(answer), mut stream) = (write(&reply, &request), stream) else { return };
        if stream.write_all(answer.as_bytes()).is_err() || matches!(reply, Reply::BrokenOff(_)) {
            return;
        }
    }
}

/// The next request of a connection; `None` when there is none any more.
fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    assert_eq!(words.next(), Some("POST"), "{line}");
    let path = words.next()?.to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path, headers, body: serde_json::from_slice(&body).ok()? })
}

fn write(reply: &Reply, request: &Request) -> Option<String> {
    let (status, headers, body) = match reply {
        Reply::HangUp => return None,
        Reply::Vectors { .. } => (200, String::new(), vectors(request, None)),
        Reply::Counted(tokens) | Reply::BrokenOff(tokens) => {
            let header = format!("x-amzn-bedrock-input-token-count: {tokens}\r\n");
            (200, header, vectors(request, Some(*tokens)))
        }
        Reply::Body(body) => (200, String::new(), body.clone()),
        Reply::Error(status, name, message) => {
            let header = format!("x-amzn-ErrorType: {name}:http://internal.amazon.com/coral/com.amazon.bedrock/\r\n");
            (*status, header, json!({ "message": message }).to_string())
        }
    };
    let length = body.len();
    let sent = if matches!(reply, Reply::BrokenOff(_)) { &body[..length / 2] } else { &body };
    Some(format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-amzn-RequestId: 0-1-2\r\n{headers}content-length: \
         {length}\r\n\r\n{sent}"
    ))
}

/// Vectors in the form of the model that was asked.
fn vectors(request: &Request, tokens: Option<u64>) -> String {
    let dimensions = request.body.get("dimensions").or_else(|| request.body.get("output_dimension"));
    let dimensions = dimensions.map_or(1024, |number| number.as_u64().unwrap() as usize);
    let vectors: Vec<_> = request.texts().iter().map(|text| vector(text, dimensions)).collect();
    let body = if request.path.contains("titan") {
        let tokens = tokens.unwrap_or(request.texts()[0].len() as u64 / 4 + 1);
        json!({"embedding": vectors[0], "embeddingsByType": {"float": vectors[0]}, "inputTextTokenCount": tokens})
    } else if request.body.get("embedding_types").is_some() {
        let embeddings = json!({ "float": vectors });
        json!({"id": "1", "response_type": "embeddings_by_type", "embeddings": embeddings, "texts": request.texts()})
    } else {
        json!({"id": "1", "response_type": "embeddings_floats", "embeddings": vectors, "texts": request.texts()})
    };
    body.to_string()
}

/// A vector that depends on every word of a text and on nothing else, twice as long as one.
pub(super) fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0f32; dimensions];
    for word in text.split_whitespace() {
        let hash = word
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        vector[hash as usize % dimensions] += 1.0;
        vector[(hash >> 32) as usize % dimensions] += 0.5;
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / length * 2.0).collect()
}
