//! Handshakes in memory.

use std::io::Read as _;
use std::sync::Arc;

use dockgate_api::Clock;
use dockgate_api::secrecy::SecretString;
use dockgate_testkit::fakes::{TurnableClock, noon};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::{PrivateKeyDer, ServerName};

use super::{ClientSettings, Cures, SettingsError, authorities, describe, failure, roots};

const CURES: Cures<'static> =
    Cures { authority: "(authority)", name: "(name)", certificate: "(certificate)" };

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    fn signed(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.der().to_vec(), pem: certificate.pem(), key }
    }
}

struct Pair {
    certificate: Vec<u8>,
    pem: String,
    key: KeyPair,
}

impl Pair {
    /// A server that shows this, and wants to see a certificate of these authorities.
    fn server(&self, clients: Option<&Authority>) -> ServerConfig {
        let provider = Arc::new(default_provider());
        let versions: &[_] = &[&TLS12, &TLS13];
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let roots = Arc::new(roots([authority.0.der().to_vec()]));
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        builder.with_single_cert(vec![self.certificate.clone().into()], key).unwrap()
    }

    fn shown(&self) -> (Vec<u8>, SecretString) {
        (self.pem.clone().into_bytes(), SecretString::from(self.key.serialize_pem()))
    }
}

fn named(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn client(settings: ClientSettings) -> ClientConnection {
    let clock: Arc<dyn Clock> = Arc::new(TurnableClock::at(noon()));
    begun(settings.config(|| Arc::new(RootCertStore::empty()), &clock).unwrap())
}

fn begun(config: ClientConfig) -> ClientConnection {
    ClientConnection::new(Arc::new(config), ServerName::try_from("dc1.example.com").unwrap()).unwrap()
}

fn trusting(authority: &Authority) -> ClientSettings {
    ClientSettings { authorities: Some(authority.pem()), ..ClientSettings::default() }
}

/// What the client says when these bytes come; nothing while all is well.
fn heard(client: &mut ClientConnection, mut bytes: &[u8]) -> Option<String> {
    while !bytes.is_empty() {
        client.read_tls(&mut bytes).unwrap();
        if let Err(error) = client.process_new_packets() {
            return Some(failure(&std::io::Error::other(error), &CURES).unwrap());
        }
    }
    None
}

/// What comes of a handshake.
fn shaken(settings: ClientSettings, server: ServerConfig) -> Option<String> {
    exchanged(client(settings), server)
}

fn exchanged(mut client: ClientConnection, server: ServerConfig) -> Option<String> {
    exchange(&mut client, server)
}

fn exchange(client: &mut ClientConnection, server: ServerConfig) -> Option<String> {
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    for _ in 0..5 {
        let (mut there, mut back) = (Vec::new(), Vec::new());
        while client.wants_write() {
            client.write_tls(&mut there).unwrap();
        }
        let mut there = there.as_slice();
        while !there.is_empty() {
            server.read_tls(&mut there).unwrap();
            let _ = server.process_new_packets();
        }
        while server.wants_write() {
            server.write_tls(&mut back).unwrap();
        }
        if let Some(failed) = heard(client, &back) {
            return Some(failed);
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    None
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_the_cure() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let good = || named(&["dc1.example.com"]);
    let mut without = named(&[]);
    without.distinguished_name.push(DnType::CommonName, "dc1.example.com");
    let (mut old, mut young, mut clients, mut authority) = (good(), good(), good(), good());
    old.not_after = date_time_ymd(2020, 2, 3);
    young.not_before = date_time_ymd(4000, 2, 3);
    clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let others_name = named(&["dc2.example.com", "10.0.0.1", "*.example.org"]);
    for (params, by, expected) in [
        (good(), &ours, None),
        (good(), &others, Some("signed by nobody who is trusted here: (authority)")),
        (
            others_name,
            &ours,
            Some(
                "not valid for name `dc1.example.com`, only for `dc2.example.com`, `10.0.0.1`, `*.example.org`: (name)",
            ),
        ),
        (
            without,
            &ours,
            Some("not valid for name `dc1.example.com`, nor for any other: it has no subjectAltName"),
        ),
        (old, &ours, Some("its certificate expired: it was valid until 2020-02-03, and now is ")),
        (young, &ours, Some("its certificate is not valid before 4000-02-03, and now is ")),
        (clients, &ours, Some("(extendedKeyUsage): make it one with `serverAuth`")),
        (authority, &ours, Some("an authority's own certificate: make it one with `CA:FALSE`")),
    ] {
        let pair = by.signed(&params);
        let told = shaken(trusting(&ours), pair.server(None));
        match (expected, &told) {
            (None, None) => {}
            (Some(expected), Some(told)) if told.contains(expected) => {}
            _ => panic!("{expected:?}: {told:?}"),
        }
        let insecure = ClientSettings { insecure: true, ..trusting(&ours) };
        assert_eq!(shaken(insecure, pair.server(None)), None, "{expected:?}");
    }
}

#[test]
fn who_wants_to_see_a_certificate_is_shown_one() {
    let (ours, others) = (Authority::new("ours"), Authority::new("others"));
    let server = ours.signed(&named(&["dc1.example.com"]));
    let mut params = named(&["client"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for (shown, expected) in [
        (Some(ours.signed(&params)), None),
        (Some(others.signed(&params)), Some("it does not take our certificate")),
        (None, Some("it wants to see a certificate: (certificate)")),
    ] {
        let settings =
            ClientSettings { client_certificate: shown.map(|pair| pair.shown()), ..trusting(&ours) };
        let told = shaken(settings, server.server(Some(&ours)));
        assert_eq!(told.is_none(), expected.is_none());
        let told = told.unwrap_or_default();
        assert!(told.contains(expected.unwrap_or_default()), "{told}");
    }
}

#[test]
fn a_server_without_the_same_language_is_told_from_others() {
    for (bytes, expected) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), "is no TLS"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "neither TLS 1.2 nor TLS 1.3"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "no cipher in common"),
        (b"\x15\x03\x01\x00\x02\x02\x70", "does not know the name"),
    ] {
        let told = heard(&mut client(ClientSettings::default()), bytes).unwrap();
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(failure(&std::io::Error::other("the cable"), &CURES), None);
}

#[test]
fn an_end_without_a_word_is_told_in_ours() {
    let ours = Authority::new("ours");
    let mut client = client(trusting(&ours));
    let server = ours.signed(&named(&["dc1.example.com"]));
    assert_eq!(exchange(&mut client, server.server(None)), None);
    assert_eq!(client.read_tls(&mut [].as_slice()).unwrap(), 0);
    client.process_new_packets().unwrap();
    let error = client.reader().read(&mut [0]).unwrap_err();
    assert_eq!(failure(&error, &CURES).as_deref(), Some("it closed the connection without an end of TLS"));
}

#[test]
fn settings_that_cannot_be_used_are_told_apart() {
    let ours = Authority::new("ours");
    let clock: Arc<dyn Clock> = Arc::new(TurnableClock::at(noon()));
    let (one, other) = (ours.signed(&named(&["a"])), ours.signed(&named(&["b"])));
    let shown = |chain: &[u8], key: &str| Some((chain.to_vec(), SecretString::from(key.to_owned())));
    let key = other.key.serialize_pem();
    for (authorities, client_certificate, expected) in [
        (Some(b"canary".to_vec()), None, "no certificate in it"),
        (Some(key.clone().into_bytes()), None, "no certificate in it"),
        (None, shown(b"canary", &key), "no certificate in the file"),
        (None, shown(one.pem.as_bytes(), "canary"), "no unencrypted private key"),
        (None, shown(one.pem.as_bytes(), &key), "does not belong to the certificate"),
    ] {
        let trust = authorities.is_some();
        for insecure in [false, true] {
            let (authorities, client_certificate) = (authorities.clone(), client_certificate.clone());
            let settings =
                ClientSettings { authorities, client_certificate, insecure, ..ClientSettings::default() };
            let error = settings.config(|| Arc::new(RootCertStore::empty()), &clock).unwrap_err();
            assert_eq!(matches!(error, SettingsError::Authorities(_)), trust, "{error}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(expected), "{text}");
            assert!(!text.contains("canary") && !text.contains("PRIVATE"), "{text}");
        }
    }
}

#[test]
fn the_sites_authorities_are_asked_for_only_where_none_are_given() {
    let ours = Authority::new("ours");
    let clock: Arc<dyn Clock> = Arc::new(TurnableClock::at(noon()));
    let unasked = || panic!("nobody's word is needed");
    assert!(trusting(&ours).config(unasked, &clock).is_ok());
    let insecure = ClientSettings { insecure: true, ..ClientSettings::default() };
    assert!(insecure.config(unasked, &clock).is_ok());
    let site = authorities(&ours.pem()).unwrap().into_iter().map(|certificate| certificate.to_vec());
    let site = Arc::new(roots(site.chain([b"none".to_vec()])));
    assert_eq!(site.len(), 1);
    let config = ClientSettings::default().config(|| Arc::clone(&site), &clock).unwrap();
    assert!(config.alpn_protocols.is_empty());
    let server = ours.signed(&named(&["dc1.example.com"]));
    assert_eq!(exchanged(begun(config), server.server(None)), None);
}

#[test]
fn a_certificate_is_described_on_one_line() {
    let ours = Authority::new("ours\r\nand\u{7}");
    let mut params = named(&["dc1.example.com", "10.0.0.1", "::1"]);
    params.not_after = date_time_ymd(2031, 2, 3);
    let text = describe(&ours.signed(&params).certificate);
    assert_eq!(text, "for dc1.example.com, 10.0.0.1, ::1; issued by CN=ours  and ; valid until 2031-02-03");
    assert!(describe(&ours.signed(&named(&[])).certificate).starts_with("for nobody (no subjectAltName); "));
    assert_eq!(describe(b"none"), "a certificate that cannot be read");
}
