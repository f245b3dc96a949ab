//! A server on the loopback interface that answers as a test says, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request: method, target, and headers in lower case.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// Bytes of the body after which the connection is closed, although more were promised.
    pub(super) cut_at: Option<usize>,
}

impl Answer {
    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into(), ..Self::default() }
    }

    pub(super) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The whole of `body`, or the part that was asked for.
    pub(super) fn ranged(asked: &Asked, body: &[u8]) -> Self {
        let first =
            asked.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        match first {
            None => Self::ok(body),
            Some(first) if first < body.len() => {
                let range = format!("bytes {first}-{}/{}", body.len() - 1, body.len());
                Self { status: 206, ..Self::ok(&body[first..]) }.with("content-range", range)
            }
            Some(_) => Self::status(416),
        }
    }
}

/// A server that runs as long as the test program.
pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                // A client that goes away ends its connection, nothing else.
                std::thread::spawn(move || serve(stream, &log, answer.as_ref()).ok());
            }
        });
        Self { url, asked }
    }

    /// What was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Requests of a method for targets that end like this.
    pub(super) fn count(&self, method: &str, end: &str) -> usize {
        self.asked().iter().filter(|asked| asked.method == method && asked.target.ends_with(end)).count()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Answer) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let length =
            headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        reader.read_exact(&mut vec![0; length.unwrap_or(0)])?;
        let asked = Asked { method, target, headers };
        log.lock().unwrap().push(asked.clone());
        if asked.method == "CONNECT" {
            // A proxy that is its own destination.
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            continue;
        }
        let answer = answer(&asked);
        let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            head.push_str(&[name, ": ", value, "\r\n"].concat());
        }
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        if asked.method != "HEAD" {
            let end = answer.cut_at.unwrap_or(answer.body.len()).min(answer.body.len());
            stream.write_all(&answer.body[..end])?;
        }
        stream.flush()?;
        if answer.cut_at.is_some() {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
}
