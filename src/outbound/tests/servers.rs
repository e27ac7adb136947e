//! Servers on loopback that answer what they are told, and a proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a server does with every request.
#[derive(Clone)]
pub(super) enum Answer {
    /// Writes this and waits for the next one.
    Whole(String),
    /// Writes this and hangs up.
    Cut(String),
    Never,
}

/// A server for as long as its test's runtime.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<String>,
}

impl Server {
    pub(super) async fn plain(answer: Answer) -> Self {
        Self::start(answer, None).await
    }

    pub(super) async fn tls(answer: Answer, tls: ServerConfig) -> Self {
        Self::start(answer, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn start(answer: Answer, tls: Option<TlsAcceptor>) -> Self {
        let (listener, server) = Self::listening().await;
        let seen = Arc::clone(&server.seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().unwrap().connections += 1;
                let (answer, seen, tls) = (answer.clone(), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &answer, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &answer, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    /// A proxy that connects to `target`, whoever is asked for (RFC 9110, section 9.3.6).
    pub(super) async fn proxy(target: SocketAddr, verdict: &'static str) -> Self {
        let (listener, server) = Self::listening().await;
        let seen = Arc::clone(&server.seen);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let Some(request) = read(&mut stream).await else { return };
                    seen.lock().unwrap().requests.push(request);
                    stream.write_all(format!("HTTP/1.1 {verdict}\r\n\r\n").as_bytes()).await.unwrap();
                    if verdict.starts_with("200") {
                        let mut target = TcpStream::connect(target).await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut target).await;
                    }
                });
            }
        });
        server
    }

    async fn listening() -> (TcpListener, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        (listener, Self { addr, seen: Arc::default() })
    }

    pub(super) fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}/ask?canary-in-query", self.addr.port())
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &Answer, seen: &Mutex<Seen>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().requests.push(request);
        let (text, on) = match answer {
            Answer::Whole(text) => (text.as_str(), true),
            Answer::Cut(text) => (text.as_str(), false),
            Answer::Never => ("", true),
        };
        if stream.write_all(text.as_bytes()).await.is_err() || !on {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// The next request, head and body.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    loop {
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let length = head.to_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or_default() {
                return Some(whole);
            }
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok()?;
        text.push(byte[0]);
    }
}

/// An authority for one test.
pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    /// A certificate for a host and its key, PEM; it ends so many days after 2026-01-01.
    pub(super) fn pair(&self, host: &str, days: i64) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = rcgen::date_time_ymd(2026, 1, 1) + time::Duration::days(days);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// What a server of this authority needs; with `clients` it lets nobody in without a certificate of this authority.
    pub(super) fn server(&self, host: &str, days: i64, clients: bool) -> ServerConfig {
        let (certificate, key) = self.pair(host, days);
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if clients {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        builder.with_single_cert(vec![certificate], key).unwrap()
    }

    /// A server that shows the authority's own certificate, as who makes one with `openssl req -x509` does.
    pub(super) fn server_of_its_own(&self) -> ServerConfig {
        let certificate = CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.issuer.key().serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
    }
}
