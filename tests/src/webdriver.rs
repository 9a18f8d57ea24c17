//! W3C WebDriver: JSON over HTTP, one request after the other.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

/// No command of the tests takes this long unless the browser hangs.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// A session with a driver on this machine.
#[derive(Debug)]
pub(crate) struct Session {
    port: u16,
    id: String,
    /// What the driver said of the browser.
    pub(crate) capabilities: Value,
}

impl Session {
    /// Starts the browser.
    pub(crate) fn new(port: u16, wanted: Value) -> Result<Session> {
        let body = json!({"capabilities": {"alwaysMatch": wanted}});
        let mut answer = request(port, "POST", "/session", Some(body)).context("starting the browser")?;
        let id = answer["sessionId"].as_str().context("the driver gave the session no id")?.to_owned();
        Ok(Session { port, id, capabilities: answer["capabilities"].take() })
    }

    pub(crate) fn get(&self, command: &str) -> Result<Value> {
        request(self.port, "GET", &format!("/session/{}/{command}", self.id), None)
    }

    pub(crate) fn post(&self, command: &str, body: Value) -> Result<Value> {
        request(self.port, "POST", &format!("/session/{}/{command}", self.id), Some(body))
    }

    /// Ends the browser; the driver stays.
    pub(crate) fn end(&self) -> Result<()> {
        request(self.port, "DELETE", &format!("/session/{}", self.id), None).map(drop)
    }
}

fn request(port: u16, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
    let what = || format!("{method} {path}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).with_context(what)?;
    stream.set_read_timeout(Some(CALL_LIMIT))?;
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).with_context(what)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).with_context(what)?;
    let mut answer = json_of(&answer).with_context(what)?;
    let value = answer["value"].take();
    if let Some(error) = value["error"].as_str() {
        bail!("{}: {error}: {}", what(), value["message"].as_str().unwrap_or_default());
    }
    Ok(value)
}

/// The body of an answer, whose status says nothing that the body does not.
fn json_of(answer: &[u8]) -> Result<Value> {
    let end =
        answer.windows(4).position(|four| four == b"\r\n\r\n").context("the answer has no end of head")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    ensure!(head.starts_with("http/1.1 "), "not an answer: {head}");
    ensure!(!head.contains("transfer-encoding: chunked"), "the driver sends its answer in pieces: {head}");
    Ok(serde_json::from_slice(&answer[end + 4..])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_cut_from_answers() {
        let body =
            json_of(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"value\": null}").expect("an answer");
        assert_eq!(body, json!({"value": null}));
        assert!(json_of(b"HTTP/1.1 200 OK\r\n").is_err());
        assert!(json_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n").is_err());
    }
}
