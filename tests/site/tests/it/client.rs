//! A client that believes nothing: it shows what came over the wire, as it came.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cloudops_test_site::Site;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Everything that a connection says until it is closed, or for two seconds.
pub(crate) fn raw(site: &Site, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(site.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let mut chunk = [0; 8 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return bytes,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// A GET with more header lines, each ending in `\r\n`.
pub(crate) fn get_with(site: &Site, path: &str, headers: &str) -> Reply {
    let host = site.address();
    ask(site, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"))
}

pub(crate) fn get(site: &Site, path: &str) -> Reply {
    get_with(site, path, "")
}

pub(crate) fn ask(site: &Site, request: &str) -> Reply {
    let bytes = raw(site, request);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("there is a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("there is a status");
    Reply { status, head, body: bytes[end + 4..].to_vec() }
}
