//! A connection for each request, with deadlines.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use dockgate_tls::{Cures, cause, failure};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::answer::Answer;
use super::place::Place;
use super::request::Request;

const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// Sends requests until the time of the whole run is over.
pub(super) struct Wire {
    tls: TlsConnector,
    end: Instant,
}

/// Why there is no answer. The text is for the end of a sentence.
#[derive(Clone, Debug)]
pub(super) enum Unanswered {
    /// Nobody is there, or nobody whom we believe.
    NotConnected(String),
    /// The request was sent, and nothing came of it.
    NoAnswer(String),
    /// The time of the whole run is over.
    NoTime,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected(why) | Self::NoAnswer(why) => f.write_str(why),
            Self::NoTime => f.write_str("no time was left (`--within`)"),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Wire {
    /// Believes those whom `tls` believes.
    pub(super) fn new(tls: Arc<ClientConfig>, within: Duration) -> Self {
        let now = Instant::now();
        Self { tls: TlsConnector::from(tls), end: now.checked_add(within).unwrap_or(now) }
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn ask(&self, place: &Place, request: &Request) -> Result<Answer, Unanswered> {
        let start = Instant::now();
        if start >= self.end {
            return Err(Unanswered::NoTime);
        }
        let connected = timeout_at(self.end.min(start + CONNECTED_WITHIN), self.connect(place)).await;
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Unanswered::NotConnected(told(&error))),
            Err(_) => {
                let seconds = CONNECTED_WITHIN.as_secs();
                return Err(Unanswered::NotConnected(format!("no connection within {seconds} seconds")));
            }
        };
        let answered =
            timeout_at(self.end.min(start + ANSWERED_WITHIN), exchange(stream, place, request)).await;
        match answered {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Unanswered::NoAnswer(told(&error))),
            Err(_) => Err(Unanswered::NoAnswer("no whole answer in time".to_owned())),
        }
    }

    async fn connect(&self, place: &Place) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((place.host.as_str(), place.port)).await?;
        if !place.is_https {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(place.host.clone()).map_err(io::Error::other)?;
        Ok(Box::new(self.tls.connect(name, stream).await?))
    }
}

async fn exchange(mut stream: Box<dyn Stream>, place: &Place, request: &Request) -> io::Result<Answer> {
    // Who does not want to read it all may have answered already.
    let sent = stream.write_all(&request.bytes(place)).await;
    let flushed = stream.flush().await;
    let answer = Answer::read(&mut stream, request.method == "HEAD").await;
    let _ = stream.shutdown().await;
    match (answer, sent.and(flushed)) {
        (Err(_), Err(error)) => Err(error),
        (answer, _) => answer,
    }
}

fn told(error: &io::Error) -> String {
    let cures = Cures { authority: "name its authority's PEM file with `--ca FILE`", ..Cures::default() };
    failure(error, &cures).unwrap_or_else(|| cause(error))
}
