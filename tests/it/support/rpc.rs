//! An MCP client of a few lines: JSON-RPC in plain sight, so that nothing is hidden by a library.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Sandbox;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a client introduces itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// 2025-11-25: a handshake, then requests.
    Handshake,
    /// 2026-07-28: every request says who asks.
    Stateless,
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    era: Era,
    next_id: u64,
    /// Answers that came while another was waited for.
    early: RefCell<HashMap<u64, Value>>,
    /// The answer to the introduction.
    pub(crate) introduction: Value,
}

impl Server {
    /// Starts `cloudops serve` and introduces a client.
    pub(crate) fn start(sandbox: &Sandbox, era: Era) -> Self {
        Self::start_with(sandbox, era, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(sandbox: &Sandbox, era: Era, environment: &[(&str, &str)]) -> Self {
        let mut command = sandbox.command(["serve"]);
        command.envs(environment.iter().copied());
        let mut server = Self::launch(command, era);
        server.introduce();
        server
    }

    /// Starts `cloudops serve` with further arguments, and says nothing yet.
    pub(crate) fn spawn(sandbox: &Sandbox, era: Era, arguments: &[&str]) -> Self {
        let mut command = sandbox.command(["serve"]);
        command.args(arguments);
        Self::launch(command, era)
    }

    fn launch(mut command: Command, era: Era) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = Vec::new();
            drop(stderr.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            child,
            stdin,
            lines,
            stderr: Some(stderr),
            era,
            next_id: 1,
            early: RefCell::default(),
            introduction: Value::Null,
        }
    }

    /// Introduces a client.
    pub(crate) fn introduce(&mut self) {
        self.introduction = match self.era {
            Era::Handshake => {
                let client = json!({"name": "it", "version": "1"});
                let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
                let answer = self.request("initialize", params);
                self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
                answer
            }
            Era::Stateless => self.request("server/discover", json!({})),
        };
    }

    /// Sends one line as it is.
    pub(crate) fn send_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("the server still listens");
        stdin.write_all(line.as_bytes()).unwrap();
        stdin.write_all(b"\n").unwrap();
        stdin.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string());
    }

    /// Sends a request, and returns its id without waiting.
    pub(crate) fn ask(&mut self, method: &str, mut params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if self.era == Era::Stateless {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "it", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    /// The next line of the server; everything that it prints is a JSON-RPC message.
    pub(crate) fn next_message(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("the server answers");
        let message: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("not protocol on stdout ({error}): {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "not protocol on stdout: {line}");
        message
    }

    /// Waits for the whole answer to a request.
    pub(crate) fn answer(&self, id: u64) -> Value {
        if let Some(message) = self.early.borrow_mut().remove(&id) {
            return message;
        }
        loop {
            let message = self.next_message();
            match message["id"].as_u64() {
                Some(found) if found == id => return message,
                Some(other) => drop(self.early.borrow_mut().insert(other, message)),
                None => {}
            }
        }
    }

    /// A request that must succeed; returns its result.
    #[track_caller]
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Calls a tool and returns the result, which may be an `isError`.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// Calls a tool, which must succeed, and returns its structured content.
    #[track_caller]
    pub(crate) fn structured(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments);
        assert_ne!(result["isError"], true, "{result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool, which must say that it could not, and returns what it says.
    #[track_caller]
    pub(crate) fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Ends the input; the server must end by itself. Returns its exit status and what it logged.
    pub(crate) fn close(mut self) -> (ExitStatus, String) {
        self.stdin = None;
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "the server does not end at the end of its input");
            std::thread::sleep(Duration::from_millis(5));
        };
        for line in &self.lines {
            let message: Result<Value, _> = serde_json::from_str(&line);
            assert!(message.is_ok(), "not protocol on stdout: {line}");
        }
        let log = self.stderr.take().map(|log| log.join().unwrap()).unwrap_or_default();
        (status, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
