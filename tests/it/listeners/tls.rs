//! HTTPS.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion,
    version,
};
use tempfile::TempDir;

use super::{ask, chains, granted};
use crate::support::{Listening, RawClient, Setup, tls_pair};

/// A server with a certificate for `localhost`, and the directory where it is.
fn listening(limits: &str) -> (Listening, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = tls_pair();
    std::fs::write(directory.path().join("tls.crt"), certificate).unwrap();
    std::fs::write(directory.path().join("tls.key"), key).unwrap();
    let lines = ["certificate: tls.crt", "key: tls.key"].map(|line| {
        let (key, file) = line.split_once(": ").unwrap();
        format!("{key}: {}\n", directory.path().join(file).display())
    });
    (Listening::start(Setup::new(chains()).server(&lines.concat()).server(limits)), directory)
}

fn config(directory: &Path, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(directory.join("tls.crt")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

fn connect(server: &Listening, config: ClientConfig) -> StreamOwned<ClientConnection, std::net::TcpStream> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream =
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), server.tcp().unwrap());
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    stream
}

#[test]
fn both_versions_are_served() {
    let (server, directory) = listening("");
    for (offered, spoken) in [
        (&[&version::TLS12][..], ProtocolVersion::TLSv1_2),
        (&[&version::TLS13], ProtocolVersion::TLSv1_3),
        (&[&version::TLS12, &version::TLS13], ProtocolVersion::TLSv1_3),
    ] {
        let stream = connect(&server, config(directory.path(), offered));
        assert_eq!(stream.conn.protocol_version(), Some(spoken));
        let mut client = RawClient::over(stream);
        for _ in 0..3 {
            assert_eq!(granted(&ask(&mut client)), ["pull", "pull"]);
        }
    }
}

#[test]
fn a_client_that_would_like_http_2_gets_http_1() {
    let (server, directory) = listening("");
    let mut config = config(directory.path(), rustls::DEFAULT_VERSIONS);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = connect(&server, config);
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(RawClient::over(stream).get("/healthz").status, 200);
}

#[test]
fn plain_http_on_it_is_turned_away_at_once() {
    let (server, directory) = listening("limits: {handshake_timeout: 10m, header_timeout: 10m}");
    let mut plain = RawClient::over(server.tcp().unwrap());
    plain.send("GET /auth HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(plain.is_closed());
    assert_eq!(
        RawClient::over(connect(&server, config(directory.path(), rustls::DEFAULT_VERSIONS)))
            .get("/healthz")
            .status,
        200
    );
}

#[test]
fn a_handshake_that_does_not_come_has_an_end() {
    let (server, directory) =
        listening("limits: {connections: 1, handshake_timeout: 200ms, header_timeout: 10m}");
    let mut silent = RawClient::over(server.tcp().unwrap());
    let mut slow = RawClient::over(server.tcp().unwrap());
    slow.send(b"\x16\x03\x01\x02");
    assert!(silent.is_closed());
    assert!(slow.is_closed());
    assert_eq!(
        RawClient::over(connect(&server, config(directory.path(), rustls::DEFAULT_VERSIONS)))
            .get("/healthz")
            .status,
        200
    );
}

#[test]
fn a_silent_client_after_the_handshake_has_an_end_too() {
    let (server, directory) = listening("limits: {header_timeout: 200ms}");
    let mut idle = RawClient::over(connect(&server, config(directory.path(), rustls::DEFAULT_VERSIONS)));
    assert!(idle.is_closed());
}

#[test]
fn a_handshake_under_way_does_not_hold_up_the_end_beyond_the_drain_timeout() {
    let (mut server, _directory) = listening("limits: {handshake_timeout: 10m, drain_timeout: 300ms}");
    let mut silent = RawClient::over(server.tcp().unwrap());
    silent.send(b"\x16\x03\x01");
    server.stop();
    server.wait_until_stopped();
}
