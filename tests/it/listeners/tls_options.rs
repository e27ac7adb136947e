//! docker_auth's options of TLS, seen from a client.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate::config::server::ServerConfig;
use dockgate::config::yaml;
use dockgate::net::tls;
use dockgate_api::config::{KeyPath, Problem};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, HandshakeKind, NamedGroup, ProtocolVersion, RootCertStore,
    StreamOwned, SupportedProtocolVersion, version,
};
use tempfile::TempDir;

use super::{ask, chains, granted};
use crate::support::{Listening, RawClient, Setup, self_signed, tls_pair};

fn listening(keys: &str) -> (Listening, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let files = ["certificate", "key"].map(|name| directory.path().join(name));
    let (certificate, key) = tls_pair();
    for (file, content) in files.iter().zip([certificate, key]) {
        std::fs::write(file, content).unwrap();
    }
    let lines = format!("certificate: {}\nkey: {}\n{keys}", files[0].display(), files[1].display());
    (Listening::start(Setup::new(chains()).server(&lines)), directory)
}

/// A client that prefers what it is given, in that order.
struct Client {
    versions: &'static [&'static SupportedProtocolVersion],
    groups: &'static [NamedGroup],
    suites: &'static [CipherSuite],
}

static OLD: &[&SupportedProtocolVersion] = &[&version::TLS12];
static NEW: &[&SupportedProtocolVersion] = &[&version::TLS13];

const ANYTHING: Client = Client { versions: rustls::ALL_VERSIONS, groups: &[], suites: &[] };

impl Client {
    fn config(&self, directory: &TempDir) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let certificate = directory.path().join("certificate");
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        if !self.groups.is_empty() {
            let all = std::mem::take(&mut provider.kx_groups);
            let wanted = self.groups.iter().filter_map(|name| all.iter().find(|group| group.name() == *name));
            provider.kx_groups = wanted.copied().collect();
        }
        if !self.suites.is_empty() {
            let all = std::mem::take(&mut provider.cipher_suites);
            let wanted =
                self.suites.iter().filter_map(|name| all.iter().find(|suite| suite.suite() == *name));
            provider.cipher_suites = wanted.copied().collect();
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(provider));
        let builder = builder.with_protocol_versions(self.versions).unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }

    fn connect(&self, (server, directory): &(Listening, TempDir)) -> io::Result<Stream> {
        connect(server, self.config(directory))
    }
}

type Stream = StreamOwned<ClientConnection, std::net::TcpStream>;

fn connect(server: &Listening, config: Arc<ClientConfig>) -> io::Result<Stream> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(config, name).unwrap(), server.tcp()?);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn spoken(stream: &Stream) -> (ProtocolVersion, CipherSuite, NamedGroup) {
    let conn = &stream.conn;
    let group = conn.negotiated_key_exchange_group().unwrap().name();
    (conn.protocol_version().unwrap(), conn.negotiated_cipher_suite().unwrap().suite(), group)
}

#[test]
fn the_oldest_version() {
    let old = Client { versions: OLD, ..ANYTHING };
    for (keys, is_spoken) in [
        ("", true),
        ("tls_min_version: TLS12", true),
        ("tls_min_version: 0x0303", true),
        ("tls_min_version: TLS10", true),
        ("tls_min_version: TLS13", false),
        ("tls_min_version: 0x0304", false),
        ("tls_min_version: 772", false),
    ] {
        let server = listening(keys);
        assert_eq!(old.connect(&server).is_ok(), is_spoken, "{keys}");
        let stream = ANYTHING.connect(&server).unwrap();
        assert_eq!(spoken(&stream).0, ProtocolVersion::TLSv1_3, "{keys}");
        assert_eq!(granted(&ask(&mut RawClient::over(stream))), ["pull", "pull"], "{keys}");
    }
}

#[test]
fn curves() {
    let classic = Client { groups: &[NamedGroup::X25519, NamedGroup::secp256r1], ..ANYTHING };
    let (server, p256) = (listening(""), listening("tls_curve_preferences: [P521, P256]"));
    assert_eq!(
        spoken(&ANYTHING.connect(&server).unwrap()).2,
        NamedGroup::X25519MLKEM768,
        "safe from the day after"
    );
    assert_eq!(spoken(&classic.connect(&server).unwrap()).2, NamedGroup::X25519);
    assert_eq!(spoken(&classic.connect(&p256).unwrap()).2, NamedGroup::secp256r1);
    assert_eq!(spoken(&ANYTHING.connect(&p256).unwrap()).2, NamedGroup::secp256r1);
    let only = Client { groups: &[NamedGroup::X25519], ..ANYTHING };
    assert!(only.connect(&p256).is_err());
}

#[test]
fn suites_and_their_order() {
    const STRONG: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    const QUICK: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    const CHACHA: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256;
    let old = |suites| Client { versions: OLD, suites, groups: &[] };
    let server = listening(
        "tls_cipher_suites: [TLS_RSA_WITH_RC4_128_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0xc02c]",
    );
    assert_eq!(spoken(&old(&[STRONG, QUICK]).connect(&server).unwrap()).1, QUICK, "our order");
    assert_eq!(spoken(&old(&[CHACHA, STRONG]).connect(&server).unwrap()).1, STRONG);
    assert!(old(&[CHACHA]).connect(&server).is_err());
    assert_eq!(spoken(&ANYTHING.connect(&server).unwrap()).0, ProtocolVersion::TLSv1_3, "its suites stay");
    let server = listening("");
    assert_eq!(spoken(&old(&[STRONG, QUICK]).connect(&server).unwrap()).1, QUICK, "the cheaper of equals");
    assert_eq!(spoken(&old(&[CHACHA]).connect(&server).unwrap()).1, CHACHA);
}

#[test]
fn who_comes_again_is_known() {
    for versions in [OLD, NEW] {
        let server = listening("");
        let config = Client { versions, ..ANYTHING }.config(&server.1);
        let kinds = [0; 3].map(|_| {
            let mut client = connect(&server.0, Arc::clone(&config)).unwrap();
            let kind = client.conn.handshake_kind();
            // The tickets come with the first answer.
            std::io::Write::write_all(&mut client, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            std::io::Read::read(&mut client, &mut [0; 16]).unwrap();
            kind
        });
        assert_eq!(
            kinds,
            [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed), Some(HandshakeKind::Resumed)]
        );
    }
}

#[test]
fn https_only_is_said_over_https() {
    let server = listening("hsts: true");
    let answer = RawClient::over(ANYTHING.connect(&server).unwrap()).get("/healthz");
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000; includeSubDomains");
    let server = listening("");
    let answer = RawClient::over(ANYTHING.connect(&server).unwrap()).get("/healthz");
    assert!(!answer.headers.contains_key("strict-transport-security"));
}

fn read(keys: &str) -> (ServerConfig, Vec<Problem>, Vec<Problem>) {
    let text = format!("addr: ':1'\ncertificate: a\nkey: b\n{keys}");
    let node = yaml::parse("t.yml", &text, &mut Vec::new()).unwrap();
    let server: ServerConfig = node.decode(&KeyPath::root()).unwrap();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    server.validate(&KeyPath::root().key("server"), &mut problems, &mut warnings);
    (server, problems, warnings)
}

#[test]
fn what_will_not_be_is_said_in_its_line() {
    for (keys, place, says) in [
        ("tls_min_version: TLS10", "t.yml:4:18: server.tls_min_version: ", "this is raised to TLS12"),
        ("tls_min_version: SSL30", "t.yml:4:18: server.tls_min_version: ", "raised"),
        ("tls_min_version: 769", "t.yml:4:18: server.tls_min_version: ", "raised"),
        (
            "tls_curve_preferences: [P521, P256]",
            "t.yml:4:25: server.tls_curve_preferences[0]: ",
            "this is no curve",
        ),
        (
            "tls_curve_preferences: [X25519MLKEM768]",
            "t.yml:4:25: server.tls_curve_preferences: ",
            "its clients cannot",
        ),
        (
            "tls_cipher_suites: [TLS_AES_128_GCM_SHA256, 0xc02b]",
            "t.yml:4:21: server.tls_cipher_suites[0]: ",
            "all spoken",
        ),
        ("tls_cipher_suites: [0xc02b, 5]", "t.yml:4:29: server.tls_cipher_suites[1]: ", "this is no suite"),
    ] {
        let (_, problems, warnings) = read(keys);
        assert_eq!(problems, [], "{keys}");
        let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].starts_with(place) && said[0].contains(says), "{keys}: {said:?}");
    }
    for (keys, place, says) in [
        ("tls_min_version: TLS14", "t.yml:4:18: server.tls_min_version: ", "write `TLS12` or `TLS13`"),
        ("tls_min_version: 0x0305", "t.yml:4:18: server.tls_min_version: ", "write `TLS12` or `TLS13`"),
        ("tls_min_version: 12", "t.yml:4:18: server.tls_min_version: ", "write `TLS12` or `TLS13`"),
        ("tls_curve_preferences: [P521]", "t.yml:4:25: server.tls_curve_preferences[0]: ", "nothing remains"),
        ("tls_cipher_suites: [RC4]", "t.yml:4:21: server.tls_cipher_suites[0]: ", "nothing remains"),
        ("tls_cipher_suites: [0x1301]", "t.yml:4:21: server.tls_cipher_suites[0]: ", "nothing remains"),
        (
            "tls_cipher_suites: [0xc02b]\ntls_min_version: TLS13",
            "t.yml:4:21: server.tls_cipher_suites: ",
            "not to choose",
        ),
    ] {
        let said: Vec<String> = read(keys).1.iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].starts_with(place) && said[0].contains(says), "{keys}: {said:?}");
    }
    for keys in
        ["", "tls_min_version: TLS12", "tls_min_version: 0", "tls_curve_preferences: [P256, 24, x25519]"]
    {
        let (_, problems, warnings) = read(keys);
        assert!(problems.is_empty() && warnings.is_empty(), "{keys}: {problems:?} {warnings:?}");
    }
}

#[test]
fn a_certificate_says_when_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let at = |day: u64| SystemTime::UNIX_EPOCH + Duration::from_secs((20_000 + day) * 86_400);
    let (certificate, key) = self_signed("x", &["localhost".to_owned()], at(0)..at(100));
    let files = ["certificate", "key"].map(|name| directory.path().join(name));
    std::fs::write(&files[0], certificate).unwrap();
    std::fs::write(&files[1], key).unwrap();
    let loaded = tls::load(&files[0], &files[1], &read("").0.tls_options(), None).unwrap();
    let certificate = loaded.certificate.unwrap();
    assert_eq!(certificate.not_after, at(100));
    for (day, finding) in
        [(50, None), (90, Some(tls::Finding::EndsIn { days: 10 })), (101, Some(tls::Finding::Expired))]
    {
        assert_eq!(certificate.finding(at(day)), finding);
    }
}
