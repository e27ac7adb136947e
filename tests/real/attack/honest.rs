//! Clients who only want a token, each on a thread that does nothing else: what is measured is the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio_rustls::TlsConnector;

use super::latencies::Latencies;
use super::target::{REGULAR, STRANGERS, STRANGERS_PASSWORD};
use super::wire::{ask, connect, login};

/// Beyond it a client has given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How somebody comes.
#[derive(Clone)]
pub(super) enum Manner {
    /// On a connection of its own each time.
    Anew,
    /// On one connection, and on another if that has been closed.
    Kept,
    /// Anew, over TLS, trusting this certificate.
    Tls(String),
    /// Anew, and each time somebody whom the server has not seen yet.
    Stranger,
}

impl Manner {
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Anew => "a new connection each time",
            Self::Kept => "one connection that is kept",
            Self::Tls(_) => "a new connection each time, TLS",
            Self::Stranger => "a first login each time",
        }
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(if matches!(self, Self::Stranger) { 100 } else { 20 })
    }
}

/// Logs in until told to stop. It panics where one login is not answered with a token in time.
pub(super) fn comes(manner: Manner, place: SocketAddr, stop: Arc<AtomicBool>) -> JoinHandle<Latencies> {
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut latencies = Latencies::default();
            let mut client = Client::new(manner, place);
            while !stop.load(Ordering::Acquire) {
                let begun = Instant::now();
                let outcome = tokio::time::timeout(PATIENCE, client.logs_in()).await;
                let words = client.manner.words();
                let status = outcome.unwrap_or_else(|_| panic!("{words}: no answer within {PATIENCE:?}"));
                assert_eq!(status.unwrap_or_else(|error| panic!("{words}: {error}")), 200, "{words}");
                latencies.add(begun.elapsed());
                tokio::time::sleep(client.manner.pause()).await;
            }
            latencies.sorted()
        })
    })
}

struct Client {
    manner: Manner,
    place: SocketAddr,
    kept: Option<TcpStream>,
    logins: usize,
    tls: Option<TlsConnector>,
}

impl Client {
    fn new(manner: Manner, place: SocketAddr) -> Self {
        let tls = if let Manner::Tls(certificate) = &manner { Some(connector(certificate)) } else { None };
        Self { manner, place, kept: None, logins: 0, tls }
    }

    async fn logs_in(&mut self) -> std::io::Result<u16> {
        self.logins += 1;
        let (account, password) = REGULAR;
        match &self.manner {
            Manner::Anew => once(connect(self.place).await?, account, password).await,
            Manner::Kept => self.on_the_kept(&login(account, password, false)).await,
            Manner::Tls(_) => {
                let name = ServerName::try_from("localhost").unwrap();
                let stream = connect(self.place).await?;
                once(self.tls.as_ref().unwrap().connect(name, stream).await?, account, password).await
            }
            Manner::Stranger => {
                let account = format!("stranger{}", self.logins % STRANGERS);
                once(connect(self.place).await?, &account, STRANGERS_PASSWORD).await
            }
        }
    }

    async fn on_the_kept(&mut self, request: &str) -> std::io::Result<u16> {
        if let Some(kept) = &mut self.kept
            && let Ok(status) = ask(kept, request.as_bytes()).await
        {
            return Ok(status);
        }
        // It was closed while it was idle: every client knows that.
        let mut stream = connect(self.place).await?;
        let status = ask(&mut stream, request.as_bytes()).await;
        self.kept = Some(stream);
        status
    }
}

async fn once<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    account: &str,
    password: &str,
) -> std::io::Result<u16> {
    ask(&mut stream, login(account, password, true).as_bytes()).await
}

fn connector(certificate: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
