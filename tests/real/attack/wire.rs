//! Bytes on connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// So many connect at a time: the system's queue must not be what is measured.
const AT_A_TIME: usize = 64;

/// Files that the tests need for themselves.
const OTHER_FILES: u64 = 2_000;

/// A request for a token; `close` ends the connection behind its answer.
pub(super) fn login(account: &str, password: &str, close: bool) -> String {
    let pair = STANDARD.encode(format!("{account}:{password}"));
    let connection = if close { "connection: close\r\n" } else { "" };
    format!(
        "GET /auth?service=siege&scope=repository:{account}/app:pull HTTP/1.1\r\nhost: siege\r\n\
         authorization: Basic {pair}\r\n{connection}\r\n"
    )
}

/// A form, with its length.
pub(super) fn form(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /auth HTTP/1.1\r\nhost: siege\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// Sends `bytes` and reads one answer: its status.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<u16> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    answer(stream).await
}

/// Reads one answer, with its body.
pub(super) async fn answer<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<u16> {
    let mut read = Vec::with_capacity(4096);
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let whole = end + 4 + length.map_or(0, |length| length.trim().parse::<usize>().unwrap());
            if read.len() >= whole {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                return status.ok_or_else(|| io::Error::other(format!("no answer: {head}")));
            }
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// All that comes until the connection ends, or nothing more comes for a while.
pub(super) async fn everything(stream: &mut TcpStream, patience: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    while let Ok(Ok(1..)) = timeout(patience, stream.read_buf(&mut read)).await {}
    read
}

/// One connection.
pub(super) async fn connect(place: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(place).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Many, a few at a time.
pub(super) async fn connect_all(place: SocketAddr, number: usize) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(number);
    let mut coming: JoinSet<io::Result<TcpStream>> = JoinSet::new();
    for _ in 0..number {
        if coming.len() >= AT_A_TIME {
            streams.push(coming.join_next().await.unwrap().unwrap().unwrap());
        }
        coming.spawn(connect(place));
    }
    while let Some(come) = coming.join_next().await {
        streams.push(come.unwrap().unwrap());
    }
    streams
}

/// So many connections are as many as are wanted, or as the system lets this process have.
pub(super) fn as_many_as(wanted: usize) -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let most = maximum.map_or(usize::MAX, |most| usize::try_from(most.saturating_sub(OTHER_FILES)).unwrap());
    if most < wanted {
        println!("the system allows too few open files for {wanted} connections: {most} come");
    }
    wanted.min(most)
}
