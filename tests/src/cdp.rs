//! One connection to one target of the browser: calls with their answers, and the events in between.
//!
//! Chrome DevTools Protocol and WebDriver BiDi wrap their messages alike; only a refusal has another form.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

/// No call of the tests takes this long unless the browser hangs.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// How long one read blocks before the deadline of the call is looked at again.
const READ_SLICE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocket<TcpStream>,
    last_id: u64,
}

/// Something that the browser tells without having been asked.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// The browser's own "no": the session is alive, this command could not be done now.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl Display for Refused {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Refused {}

impl Connection {
    pub(crate) fn open(port: u16, path: &str) -> Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("connecting to the browser")?;
        stream.set_read_timeout(Some(READ_SLICE))?;
        stream.set_nodelay(true)?;
        // A screenshot of a long page is one frame of tens of megabytes.
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let url = format!("ws://127.0.0.1:{port}{path}");
        let started = Instant::now();
        let mut attempt = tungstenite::client::client_with_config(url, stream, Some(config));
        loop {
            match attempt {
                Ok((socket, _)) => return Ok(Connection { socket, last_id: 0 }),
                Err(tungstenite::HandshakeError::Interrupted(half)) if started.elapsed() < CALL_LIMIT => {
                    attempt = half.handshake();
                }
                Err(error) => bail!("the browser does not open a session at {path}: {error}"),
            }
        }
    }

    /// Sends a command and returns its result; events that arrive before it go to `on_event`.
    pub(crate) fn call(
        &mut self,
        method: &str,
        params: Value,
        mut on_event: impl FnMut(Event),
    ) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let message = json!({"id": id, "method": method, "params": params}).to_string();
        self.socket.send(Message::text(message)).with_context(|| format!("sending {method}"))?;
        let deadline = Instant::now() + CALL_LIMIT;
        while Instant::now() < deadline {
            let Some(mut message) = self.read().with_context(|| format!("waiting for {method}"))? else {
                continue;
            };
            if message["id"] == id {
                if let Some(error) = message.get("error") {
                    let message = error["message"].as_str().or(message["message"].as_str());
                    let message = message.unwrap_or("failed without a message");
                    return Err(Refused(format!("{method}: {message}")).into());
                }
                return Ok(message["result"].take());
            }
            if let Some(method) = message["method"].as_str() {
                let method = method.to_owned();
                on_event(Event { method, params: message["params"].take() });
            }
        }
        bail!("{method}: no answer in {} s", CALL_LIMIT.as_secs())
    }

    /// The next message, or nothing if none came within [`READ_SLICE`].
    fn read(&mut self) -> Result<Option<Value>> {
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(Some(serde_json::from_str(text.as_str())?)),
            Ok(_) => Ok(None),
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).context("the browser has gone (crashed page or closed browser)"),
        }
    }
}
