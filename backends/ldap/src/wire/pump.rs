//! Carries bytes between a server and the crate that knows the protocol, past the guard.

use std::convert::Infallible;
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
) -> Result<Infallible, Failure> {
    let mut guard = Guard::default();
    let (mut answers, mut requests) = (Vec::new(), Vec::new());
    loop {
        answers.reserve(PART);
        requests.reserve(PART);
        tokio::select! {
            read = server.read_buf(&mut answers) => {
                if read.map_err(lost)? == 0 {
                    return Err(Failure::Unreachable("the server closed the connection".to_owned()));
                }
                let (good, refused) = checked(&answers, |bytes| guard.answer(bytes));
                pass(&mut answers, good, crates).await?;
                refused?;
            }
            read = crates.read_buf(&mut requests) => {
                if read.map_err(lost)? == 0 {
                    return Err(Failure::Unreachable("the connection was given up".to_owned()));
                }
                let (good, refused) = checked(&requests, |bytes| guard.request(bytes));
                pass(&mut requests, good, server).await?;
                refused?;
            }
        }
    }
}

/// How many bytes are whole messages that may pass, and what is wrong with the one behind them.
fn checked(
    bytes: &[u8],
    mut check: impl FnMut(&[u8]) -> Result<Option<usize>, Failure>,
) -> (usize, Result<(), Failure>) {
    let mut good = 0;
    loop {
        match check(bytes.get(good..).unwrap_or_default()) {
            Ok(Some(length)) => good += length,
            Ok(None) => return (good, Ok(())),
            Err(failure) => return (good, Err(failure)),
        }
    }
}

/// Moves so many bytes on.
async fn pass<W: AsyncWrite + Unpin>(buffer: &mut Vec<u8>, length: usize, to: &mut W) -> Result<(), Failure> {
    if length > 0 {
        to.write_all(buffer.get(..length).unwrap_or_default()).await.map_err(lost)?;
        to.flush().await.map_err(lost)?;
        buffer.drain(..length);
        give_back(buffer);
    }
    Ok(())
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
