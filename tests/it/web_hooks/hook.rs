//! A web hook: a server of its own that says what it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;

use crate::process::Pair;

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// What becomes of it.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// Status 200.
    Json(Value),
    /// Any status and body.
    Status(u16, String),
    /// These bytes, and the connection ends.
    Raw(String),
    /// Nothing, until the client goes away.
    Silence,
}

type Decide = dyn Fn(&Asked) -> Told + Send + Sync;

/// A hook for as long as it lives.
pub(super) struct Hook {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    gone: Arc<AtomicBool>,
    scheme: &'static str,
}

impl Hook {
    pub(super) fn start(decide: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        Self::serve(Arc::new(decide), None)
    }

    /// For `https://localhost`, with this certificate.
    pub(super) fn tls(pair: &Pair, decide: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        let certificate = CertificateDer::from_pem_slice(pair.certificate_pem.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key);
        Self::serve(Arc::new(decide), Some(Arc::new(config.unwrap())))
    }

    fn serve(decide: Arc<Decide>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (asked, gone) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let hook = Self { addr, asked: Arc::clone(&asked), gone: Arc::clone(&gone), scheme };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if gone.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (decide, tls) = (Arc::clone(&decide), tls.clone());
                let seen = Seen { asked: Arc::clone(&asked), gone: Arc::clone(&gone) };
                std::thread::spawn(move || match tls {
                    None => converse(stream, decide.as_ref(), &seen),
                    Some(tls) => {
                        let server = rustls::ServerConnection::new(tls).unwrap();
                        converse(rustls::StreamOwned::new(server, stream), decide.as_ref(), &seen);
                    }
                });
            }
        });
        hook
    }

    pub(super) fn url(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}/decide", self.scheme, self.addr.port())
    }

    /// Every request so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::SeqCst);
        // It looks up when somebody comes.
        let _ = TcpStream::connect(self.addr);
    }
}

/// What a hook has seen, and whether it is there still.
struct Seen {
    asked: Arc<Mutex<Vec<Asked>>>,
    gone: Arc<AtomicBool>,
}

fn converse(stream: impl Read + Write, decide: &Decide, seen: &Seen) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        if seen.gone.load(Ordering::SeqCst) {
            return;
        }
        seen.asked.lock().unwrap().push(request.clone());
        let (status, body) = match decide(&request) {
            Told::Json(value) => (200, value.to_string()),
            Told::Status(status, body) => (status, body),
            Told::Raw(text) => {
                let _ = stream.get_mut().write_all(text.as_bytes());
                return;
            }
            Told::Silence => {
                let _ = stream.read(&mut [0]);
                return;
            }
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}");
        if stream.get_mut().write_all(answer.as_bytes()).and_then(|()| stream.get_mut().flush()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut asked = Asked { head, body: String::new() };
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}
