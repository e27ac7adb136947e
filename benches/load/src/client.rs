//! One connection of a client.

use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::target::Target;

/// Who has not answered by then will not.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct Connection(SendRequest<Empty<Bytes>>);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoAnswer {
    Refused,
    /// This machine has no port left for one more connection.
    NoPort,
    NotConnected,
    /// The connection ended before the answer did.
    Broken,
    Late,
}

impl Connection {
    /// Connects. Call it within a `LocalSet`.
    pub(crate) async fn open(target: &Target) -> io::Result<Self> {
        timeout(CONNECTED_WITHIN, async {
            let stream = TcpStream::connect(target.address).await?;
            stream.set_nodelay(true)?;
            match &target.tls {
                Some(tls) => Self::over(tls.over(stream).await?).await,
                None => Self::over(stream).await,
            }
        })
        .await?
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> io::Result<Self> {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // It ends when the sender is dropped; its errors reach the sender.
        tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(Self(sender))
    }

    /// Asks and waits for the whole answer.
    pub(crate) async fn ask(
        &mut self,
        target: &Target,
        login: Option<HeaderValue>,
        close: bool,
    ) -> Result<StatusCode, NoAnswer> {
        let answered = timeout(ANSWERED_WITHIN, self.exchange(target, login, close)).await;
        answered.map_err(|_| NoAnswer::Late)?.map_err(|_| NoAnswer::Broken)
    }

    /// Whether it can be asked again: the server may have said that it ends.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    async fn exchange(
        &mut self,
        target: &Target,
        login: Option<HeaderValue>,
        close: bool,
    ) -> hyper::Result<StatusCode> {
        self.0.ready().await?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = target.asked.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, target.host.clone());
        if let Some(login) = login {
            headers.insert(AUTHORIZATION, login);
        }
        if close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let answer = self.0.send_request(request).await?;
        let (head, mut body) = answer.into_parts();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(head.status)
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::NoPort => "no local port left",
            Self::NotConnected => "not connected",
            Self::Broken => "connection broken",
            Self::Late => "no answer in time",
        })
    }
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Self::NoPort,
            _ => Self::NotConnected,
        }
    }
}
