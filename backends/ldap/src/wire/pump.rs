//! Carries bytes between a server and the crate that knows the protocol, past the guard.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::dial::CURES;
use super::guard::Guard;
use crate::failure::Failure;

/// Read at a time, in bytes.
const PART: usize = 16 * 1024;
/// Room that a long message needed is given back from here on, in bytes.
const KEPT: usize = 64 * 1024;

/// Why a connection ended, as soon as it did.
#[derive(Clone, Default)]
pub(super) struct End(Arc<Mutex<Option<Failure>>>);

impl End {
    pub(super) fn reason(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first reason stays.
    pub(super) fn set(&self, reason: Failure) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }
}

/// Carries until one of both sides is closed, or the guard refuses something. Then both are.
pub(super) async fn carry<S: AsyncRead + AsyncWrite + Unpin>(
    mut server: S,
    mut crates: UnixStream,
    end: End,
) {
    let reason = match exchange(&mut server, &mut crates).await {
        Ok(never) => match never {},
        Err(reason) => reason,
    };
    // Noted before the other side can see that there is nothing more.
    end.set(reason);
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    server: &mut S,
    crates: &mut UnixStream,
) -> Result<std::convert::Infallible, Failure> {
    let mut guard = Guard::default();
    let (mut answers, mut requests) = (Vec::new(), Vec::new());
    loop {
        answers.reserve(PART);
        requests.reserve(PART);
        tokio::select! {
            read = server.read_buf(&mut answers) => match read {
                Ok(0) => return Err(Failure::Unreachable("the server closed the connection".to_owned())),
                Ok(_) => {
                    while let Some(message) = whole(&answers, &guard)? {
                        guard.received(message)?;
                        let length = message.len();
                        crates.write_all(message).await.map_err(lost)?;
                        answers.drain(..length);
                    }
                    give_back(&mut answers);
                }
                Err(error) => return Err(lost(error)),
            },
            read = crates.read_buf(&mut requests) => match read {
                Ok(0) => return Err(Failure::Unreachable("the connection was given up".to_owned())),
                Ok(_) => {
                    while let Some(message) = whole(&requests, &guard)? {
                        guard.sent(message)?;
                        let length = message.len();
                        server.write_all(message).await.map_err(lost)?;
                        requests.drain(..length);
                    }
                    server.flush().await.map_err(lost)?;
                    give_back(&mut requests);
                }
                Err(error) => return Err(lost(error)),
            },
        }
    }
}

/// The message at the start, if all of it is there.
fn whole<'a>(bytes: &'a [u8], guard: &Guard) -> Result<Option<&'a [u8]>, Failure> {
    Ok(guard.extent(bytes)?.and_then(|length| bytes.get(..length)))
}

fn give_back(buffer: &mut Vec<u8>) {
    if buffer.is_empty() && buffer.capacity() > KEPT {
        *buffer = Vec::new();
    }
}

fn lost(error: std::io::Error) -> Failure {
    // With TLS 1.3 a server judges our certificate after the handshake.
    let text = dockgate_tls::failure(&error, &CURES);
    Failure::Unreachable(text.unwrap_or_else(|| format!("the connection broke: {error}")))
}
