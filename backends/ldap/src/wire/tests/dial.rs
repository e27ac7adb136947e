//! From an endpoint to a connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::messages::{bound, element, message, notice, result};
use super::servers::{Seen, id, request, serve};
use super::{Security, endpoint, secret, soon};
use crate::failure::Failure;
use crate::wire::Dialer;
use crate::wire::dial::any;

/// An authority of one test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn server(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth();
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()))
    }

    fn dialer(&self) -> Dialer {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from(self.0.der().to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        Dialer { tls: Some(Arc::new(config.with_no_client_auth())), server_name: None }
    }
}

async fn listening() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A server that lets everybody in, and speaks TLS if asked with StartTLS.
async fn server(tls: Option<TlsAcceptor>, start: bool) -> (u16, Seen) {
    let (listener, port) = listening().await;
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        let good = |_: usize, request: &[u8]| (bound(id(request), 0, ""), true);
        while let Ok((mut stream, _)) = listener.accept().await {
            if start {
                let asked = request(&mut stream).await.unwrap();
                noted.lock().unwrap().push(asked);
                stream.write_all(&message(&[1], 0x78, &result(0, ""), b"")).await.unwrap();
            }
            match &tls {
                None => serve(stream, &noted, good).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, &noted, good).await;
                    }
                }
            }
        }
    });
    (port, seen)
}

#[tokio::test]
async fn what_is_protected_says_how() {
    let authority = Authority::new();
    for (security, start) in [(Security::None, false), (Security::Tls, false), (Security::StartTls, true)] {
        let tls = (security != Security::None).then(|| authority.server("localhost"));
        let (port, seen) = server(tls, start).await;
        let mut connection = authority.dialer().dial(&endpoint(port, security), soon()).await.unwrap();
        assert_eq!(connection.bind("uid=a", &secret("canary"), soon()).await.unwrap().code, 0);
        assert!(connection.is_usable());
        let facts = connection.facts();
        assert_eq!(facts.address, SocketAddr::from(([127, 0, 0, 1], port)));
        match &facts.tls {
            None => assert_eq!(security, Security::None),
            Some(tls) => {
                assert_eq!(tls.version, "TLS 1.3");
                let certificate = &tls.certificate;
                assert!(
                    certificate.starts_with("for localhost; issued by CN=Authority of a test; valid until ")
                );
            }
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), if start { 2 } else { 1 });
        if start {
            let name = element(0x80, b"1.3.6.1.4.1.1466.20037");
            assert_eq!(seen[0], message(&[1], 0x77, &name, b""));
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_with_both_names() {
    let authority = Authority::new();
    let (port, seen) = server(Some(authority.server("dc1.example.com")), false).await;
    let here = endpoint(port, Security::Tls);
    let mut dialer = authority.dialer();
    let failure = dialer.dial(&here, soon()).await.err().unwrap().to_string();
    let text = "its certificate is not valid for name `localhost`, only for `dc1.example.com`: if it is the right server, \
                write one of these with `server_name`";
    assert_eq!(failure, format!("ldaps://localhost:{port}: {text}"));
    dialer.server_name = Some("dc1.example.com".to_owned());
    assert!(dialer.dial(&here, soon()).await.is_ok());
    dialer.server_name = Some("no name".to_owned());
    let failure = dialer.dial(&here, soon()).await.err().unwrap();
    assert!(failure.to_string().contains("`no name`"), "{failure}");
    let failure = Authority::new().dialer().dial(&endpoint(port, Security::Tls), soon()).await.err().unwrap();
    assert!(
        failure.to_string().ends_with("name the authority's PEM file with `ca_certificate`"),
        "{failure}"
    );
    assert!(seen.lock().unwrap().is_empty());
}

/// What comes of StartTLS with a server that answers so, and hangs up.
async fn started(answer: Vec<u8>) -> (Failure, Seen) {
    let (listener, port) = listening().await;
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream, &noted, |_, _| (answer.clone(), false)).await;
    });
    let failure = Authority::new().dialer().dial(&endpoint(port, Security::StartTls), soon()).await;
    (failure.err().unwrap(), seen)
}

#[tokio::test]
async fn without_start_tls_nothing_else_is_said() {
    let good = message(&[1], 0x78, &result(0, ""), b"");
    for (answer, reason) in [
        (
            message(&[1], 0x78, &result(2, "unsupported\nextended operation"), b""),
            "refuses StartTLS (result code 2): unsupported extended operation",
        ),
        (message(&[2], 0x78, &result(0, ""), b""), "an answer of another kind"),
        (bound(1, 0, ""), "an answer of another kind"),
        (notice("too busy"), "ended the connection (result code 52): too busy"),
        (b"\x30\x80".to_vec(), "not definite"),
        (b"\x30\x84\x00\x01\x00\x00".to_vec(), "too long"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "StartTLS"),
        (good[..5].to_vec(), "closed the connection"),
        (Vec::new(), "closed the connection"),
        // Put in by somebody on the way, to be taken for something that came protected.
        ([good.clone(), bound(2, 0, "")].concat(), "in clear"),
        ([good.clone(), vec![0]].concat(), "in clear"),
        (good, "TLS handshake"),
    ] {
        let (failure, seen) = started(answer).await;
        assert!(
            matches!(&failure, Failure::Unreachable(text) if text.contains(reason)),
            "{reason}: {failure:?}"
        );
        assert_eq!(seen.lock().unwrap().len(), 1, "the request for TLS, and nothing else");
    }
}

#[tokio::test]
async fn nobody_there() {
    let (listener, port) = listening().await;
    drop(listener);
    let failure =
        Authority::new().dialer().dial(&endpoint(port, Security::None), soon()).await.err().unwrap();
    let text = failure.to_string();
    assert!(matches!(failure, Failure::Unreachable(_)) && text.contains("cannot connect to"), "{text}");
    let mut nowhere = endpoint(port, Security::None);
    nowhere.host = "host.invalid".to_owned();
    let failure = Authority::new().dialer().dial(&nowhere, soon()).await.err().unwrap();
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
    let without = Dialer { tls: None, server_name: None };
    let (_listener, port) = listening().await;
    let failure = without.dial(&endpoint(port, Security::Tls), soon()).await.err().unwrap();
    assert!(failure.to_string().contains("TLS is not configured"), "{failure}");
}

#[tokio::test]
async fn who_never_answers_costs_no_more_than_the_time_there_is() {
    // Accepted by the system, and by nobody else.
    let (_listener, port) = listening().await;
    for security in [Security::Tls, Security::StartTls] {
        let begun = Instant::now();
        let deadline = begun + Duration::from_millis(50);
        let failure =
            Authority::new().dialer().dial(&endpoint(port, security), deadline).await.err().unwrap();
        assert!(matches!(&failure, Failure::Late(_)), "{failure:?}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn one_of_several_addresses_is_enough() {
    let (closed, port) = listening().await;
    drop(closed);
    let (_listener, open) = listening().await;
    let addresses: Vec<SocketAddr> = [port, open].map(|port| ([127, 0, 0, 1], port).into()).to_vec();
    let (_, reached) = any(addresses.clone(), soon()).await.unwrap();
    assert_eq!(reached, addresses[1]);
    let failure = any(addresses[..1].to_vec(), soon()).await.unwrap_err();
    assert!(failure.to_string().contains(&addresses[0].to_string()), "{failure}");
    assert!(any(Vec::new(), soon()).await.is_err());
}

#[tokio::test]
async fn an_address_that_does_not_answer_leaves_time_for_the_others() {
    // Connections that nobody takes are few: whoever comes after them gets no answer.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = socket.listen(1).unwrap();
    let address = silent.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 100);
    }
    let (_listener, open) = listening().await;
    let addresses = vec![address, ([127, 0, 0, 1], open).into()];
    let deadline = Instant::now() + Duration::from_secs(2);
    let (_, reached) = any(addresses, deadline).await.unwrap();
    assert!(reached.port() == open && Instant::now() < deadline);
    let failure = any(vec![address], Instant::now() + Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(failure, Failure::Late(format!("no connection to {address} in time")));
}
