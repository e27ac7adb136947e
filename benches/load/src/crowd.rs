//! Connections that want nothing, or take for ever to say what they want: beside them the others must be served.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::error::LoadError;

/// So many connect at a time: a queue of the system must not be what is measured.
const AT_A_TIME: usize = 64;
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
/// Between two bytes of a slow one.
const BETWEEN_BYTES: Duration = Duration::from_secs(1);
/// The beginning of a request that never ends.
const SLOW: &[u8] = b"GET /auth?service=slow HTTP/1.1\r\nHost: slow\r\nX-Slow: ";

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Crowd {
    /// Connect and say nothing.
    pub(crate) idle: usize,
    /// Send a byte a second.
    pub(crate) slow: usize,
}

/// A crowd that has come; it goes when this is dropped.
pub(crate) struct Present {
    _idle: Vec<TcpStream>,
    _slow: JoinSet<()>,
}

impl Crowd {
    /// Connects them all.
    ///
    /// # Errors
    /// One cannot connect.
    pub(crate) async fn come(self, place: SocketAddr) -> Result<Present, LoadError> {
        let idle = connect(place, self.idle).await?;
        let mut slow = JoinSet::new();
        for stream in connect(place, self.slow).await? {
            slow.spawn(dawdle(stream));
        }
        Ok(Present { _idle: idle, _slow: slow })
    }
}

async fn connect(place: SocketAddr, number: usize) -> Result<Vec<TcpStream>, LoadError> {
    let failed = |source| LoadError::Connect { place, source };
    let (mut streams, mut coming) = (Vec::with_capacity(number), JoinSet::new());
    for _ in 0..number {
        coming.spawn(timeout(CONNECTED_WITHIN, TcpStream::connect(place)));
        if coming.len() >= AT_A_TIME
            && let Some(come) = coming.join_next().await
        {
            streams.push(came(come).map_err(failed)?);
        }
    }
    while let Some(come) = coming.join_next().await {
        streams.push(came(come).map_err(failed)?);
    }
    Ok(streams)
}

type Come = Result<Result<std::io::Result<TcpStream>, tokio::time::error::Elapsed>, tokio::task::JoinError>;

fn came(come: Come) -> std::io::Result<TcpStream> {
    come.map_err(std::io::Error::other)??
}

/// Until the server has had enough of it.
async fn dawdle(mut stream: TcpStream) {
    let endless = SLOW.iter().chain(std::iter::repeat(&b'x'));
    for byte in endless {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(BETWEEN_BYTES).await;
    }
}
