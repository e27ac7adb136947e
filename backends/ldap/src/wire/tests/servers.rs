//! Servers that answer as they are told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex};

use super::super::ber;
use super::{Security, endpoint};
use crate::wire::connection::{Connection, Facts};

/// What a server does with a request: the bytes of its answer, and whether it stays.
pub(super) type Answer = (Vec<u8>, bool);

/// Requests as they came.
pub(super) type Seen = Arc<Mutex<Vec<Vec<u8>>>>;

/// A connection to a server in memory.
pub(super) async fn answering(
    answer: impl Fn(usize, &[u8]) -> Answer + Send + 'static,
) -> (Connection, Seen) {
    let (client, server) = duplex(64 * 1024);
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    tokio::spawn(async move { serve(server, &noted, answer).await });
    (over(client).await, seen)
}

pub(super) async fn over(client: DuplexStream) -> Connection {
    let facts =
        Facts { endpoint: endpoint(389, Security::None), address: ([127, 0, 0, 1], 389).into(), tls: None };
    Connection::over(client, facts)
}

/// Answers requests, counted from zero, until one side has enough.
pub(super) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<Vec<u8>>>,
    answer: impl Fn(usize, &[u8]) -> Answer,
) {
    let mut number = 0;
    while let Some(request) = request(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        let (bytes, stays) = answer(number, &request);
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() || !stays {
            let _ = stream.shutdown().await;
            return;
        }
        number += 1;
    }
}

/// The id of a request; those of one connection are counted from one.
pub(super) fn id(request: &[u8]) -> u8 {
    let at = if request[1] < 0x80 { 4 } else { 4 + usize::from(request[1] & 0x7f) };
    request[at]
}

/// One message.
pub(super) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if ber::extent(&bytes).unwrap().is_some_and(|length| length == bytes.len()) {
            return Some(bytes);
        }
        bytes.push(stream.read_u8().await.ok()?);
    }
}
