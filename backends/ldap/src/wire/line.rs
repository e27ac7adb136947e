//! The bytes of one connection, past the guard.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::dial::CURES;
use super::guard::Guard;
use crate::failure::Failure;

/// Read at a time, in bytes.
const PART: usize = 16 * 1024;
/// Room that a long message needed is given back from here on, in bytes.
const KEPT: usize = 64 * 1024;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A stream with what was read of it and not yet used.
pub(super) struct Line {
    stream: Box<dyn Stream>,
    guard: Guard,
    read: Vec<u8>,
    /// So many bytes of them are used.
    used: usize,
    /// Why there is nothing more to come.
    end: Option<Failure>,
}

impl Line {
    pub(super) fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), guard: Guard::default(), read: Vec::new(), used: 0, end: None }
    }

    /// Why it ended, as far as was noticed.
    pub(super) fn end(&self) -> Option<&Failure> {
        self.end.as_ref()
    }

    /// Sends a request.
    pub(super) async fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.guard.request(request)?;
        let sent = match self.stream.write_all(request).await {
            Ok(()) => self.stream.flush().await,
            Err(error) => Err(error),
        };
        // Who hangs up may have said why.
        sent.map_err(|error| self.look().unwrap_or_else(|| self.ended(lost(error))))
    }

    /// The next message, as the guard lets it through.
    pub(super) async fn next(&mut self) -> Result<&[u8], Failure> {
        loop {
            if let Some(length) = self.whole()? {
                let begin = self.used;
                self.used += length;
                return Ok(self.read.get(begin..self.used).unwrap_or_default());
            }
            self.make_room();
            poll_fn(|cx| self.poll_more(cx)).await?;
        }
    }

    /// Sees without waiting whether the server said something that nobody asked for, or closed.
    pub(super) fn look(&mut self) -> Option<Failure> {
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            let _ = self.whole();
            self.make_room();
            if self.end.is_some() || self.poll_more(&mut cx).is_pending() {
                return self.end.clone();
            }
        }
    }

    fn whole(&mut self) -> Result<Option<usize>, Failure> {
        let checked = self.guard.answer(self.read.get(self.used..).unwrap_or_default());
        checked.map_err(|failure| self.ended(failure))
    }

    fn make_room(&mut self) {
        self.read.drain(..self.used);
        self.used = 0;
        if self.read.is_empty() && self.read.capacity() > KEPT {
            self.read = Vec::new();
        }
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.read.reserve(PART);
        let polled = pin!(self.stream.read_buf(&mut self.read)).poll(cx);
        polled.map(|read| match read {
            Ok(0) => {
                let closed = Failure::Unreachable("the server closed the connection".to_owned());
                Err(self.ended(closed))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.ended(lost(error))),
        })
    }

    /// The first reason stays.
    fn ended(&mut self, reason: Failure) -> Failure {
        self.end.get_or_insert(reason).clone()
    }
}

fn lost(error: std::io::Error) -> Failure {
    // With TLS 1.3 a server judges our certificate after the handshake.
    let text = dockgate_tls::failure(&error, &CURES);
    Failure::Unreachable(text.unwrap_or_else(|| format!("the connection broke: {error}")))
}
