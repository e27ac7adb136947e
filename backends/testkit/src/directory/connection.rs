//! One connection: requests in, answers out, in the order in which they came.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ber;
use super::message::Message;
use super::moods::Mood;
use super::record::Handshake;
use super::session::{Session, Step};
use super::state::{Open, Protection, State, lock};

/// A client that has more answers to wait for is none.
const MOST_WAITING: usize = 10_000;

/// Serves until the client goes, or the test closes the connections.
pub(super) async fn serve(
    stream: TcpStream,
    open: Open,
    state: Arc<State>,
    mut closing: watch::Receiver<u64>,
) {
    tokio::select! {
        // A broken client ends its own connection only, with or without an error.
        _ended = talk(stream, open.number, &state) => {}
        _closed = closing.changed() => {}
    }
    drop(open);
}

async fn talk(mut stream: TcpStream, number: u64, state: &Arc<State>) -> io::Result<()> {
    if lock(&state.moods).everything == Mood::Silent {
        return listen(&mut stream).await;
    }
    let protection = lock(&state.protection).clone();
    let mut session = Session::new(state.clone(), number);
    let config = match protection {
        Protection::Ldaps(config) => config,
        Protection::None => return exchange(&mut stream, &mut session).await.map(drop),
        Protection::StartTls(config) => match exchange(&mut stream, &mut session).await? {
            Ended::StartTls => config,
            Ended::Closed => return Ok(()),
        },
    };
    let mut stream = TlsAcceptor::from(config).accept(stream).await?;
    lock(&state.record).handshake(handshake(&stream));
    session.tls = true;
    exchange(&mut stream, &mut session).await.map(drop)
}

fn handshake(stream: &TlsStream<TcpStream>) -> Handshake {
    let (_, tls) = stream.get_ref();
    Handshake {
        server_name: tls.server_name().map(str::to_owned),
        client_certificate: tls.peer_certificates().is_some(),
    }
}

/// Reads until the client goes, and says nothing.
async fn listen(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

enum Ended {
    Closed,
    StartTls,
}

async fn exchange<S>(stream: &mut S, session: &mut Session) -> io::Result<Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = BytesMut::new();
    let mut waiting = VecDeque::new();
    loop {
        while let Some(tag) = ber::take(&mut buffer).map_err(|_| io::ErrorKind::InvalidData)? {
            let message = Message::read(tag).map_err(|_| io::ErrorKind::InvalidData)?;
            match session.step(message) {
                Step::Nothing => {}
                Step::Forget(id) => waiting.retain(|&(_, waiting, _)| waiting != id),
                Step::Send(_, bytes) if waiting.is_empty() => {
                    stream.write_all(&bytes).await?;
                    stream.flush().await?;
                }
                Step::Send(id, bytes) => waiting.push_back((Instant::now(), id, bytes)),
                Step::SendLater(delay, id, bytes) => waiting.push_back((Instant::now() + delay, id, bytes)),
                Step::SendAndClose(bytes) => {
                    stream.write_all(&bytes).await?;
                    return stream.shutdown().await.map(|()| Ended::Closed);
                }
                Step::Close => return Ok(Ended::Closed),
                Step::StartTls(bytes) => {
                    stream.write_all(&bytes).await?;
                    return stream.flush().await.map(|()| Ended::StartTls);
                }
            }
        }
        if waiting.len() > MOST_WAITING {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let due = waiting.front().map_or_else(Instant::now, |&(due, ..)| due);
        tokio::select! {
            biased;
            () = sleep_until(due), if !waiting.is_empty() => {
                if let Some((_, _, bytes)) = waiting.pop_front() {
                    stream.write_all(&bytes).await?;
                    stream.flush().await?;
                }
            }
            read = stream.read_buf(&mut buffer) => {
                if read? == 0 {
                    return Ok(Ended::Closed);
                }
            }
        }
    }
}
