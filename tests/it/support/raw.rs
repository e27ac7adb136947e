//! HTTP/1.1 by hand, over any kind of connection: what is sent is exactly what a test writes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::answer::Answer;

/// Longer than anything here takes: what waits for it is stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A connection whose reads can be bounded.
pub(crate) trait Wire: Read + Write + Send {
    /// The socket below.
    fn patience(&self, bound: Duration) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn patience(&self, bound: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(bound))?;
        self.set_write_timeout(Some(bound))
    }
}

impl Wire for UnixStream {
    fn patience(&self, bound: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(bound))?;
        self.set_write_timeout(Some(bound))
    }
}

impl Wire for rustls::StreamOwned<rustls::ClientConnection, TcpStream> {
    fn patience(&self, bound: Duration) -> io::Result<()> {
        self.sock.patience(bound)
    }
}

/// A client on one connection.
pub(crate) struct RawClient {
    wire: Box<dyn Wire>,
    unread: Vec<u8>,
}

impl RawClient {
    pub(crate) fn over(wire: impl Wire + 'static) -> Self {
        wire.patience(PATIENCE).unwrap();
        Self { wire: Box::new(wire), unread: Vec::new() }
    }

    /// Waits no longer than this for a read or a write.
    pub(crate) fn wait_at_most(&self, bound: Duration) {
        self.wire.patience(bound).unwrap();
    }

    /// Sends text as it is. A server that has closed the connection is no failure: its answer is read next.
    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) {
        let _ = self.wire.write_all(text.as_ref()).and_then(|()| self.wire.flush());
    }

    /// The same, saying whether it was taken.
    pub(crate) fn try_send(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.write_all(text.as_ref()).and_then(|()| self.wire.flush())
    }

    /// Sends a GET on a connection that stays open, and reads the answer.
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nhost: dockgate\r\n\r\n"));
        self.answer()
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> Answer {
        self.try_answer().unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// Reads one answer, if one comes.
    pub(crate) fn try_answer(&mut self) -> io::Result<Answer> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.read_some()?;
        };
        let head = String::from_utf8(self.unread.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap();
        let status = StatusCode::from_bytes(status.as_bytes()).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(':').unwrap()) {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.trim()).unwrap());
        }
        let length =
            headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
        while self.unread.len() < length {
            self.read_some()?;
        }
        Ok(Answer::new(status, headers, self.unread.drain(..length).collect::<Vec<u8>>().into()))
    }

    fn read_some(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.wire.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.unread.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    }

    /// Whether the server closes the connection, in good order or not, before patience ends. Skips answers.
    pub(crate) fn is_closed(&mut self) -> bool {
        loop {
            match self.read_some() {
                Ok(()) => {}
                Err(error) => {
                    return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                }
            }
        }
    }
}
