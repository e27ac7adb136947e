//! Clients that prove themselves with a certificate, to a server in another process: its time is ours.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber,
};
use rustix::process::Signal;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};

use crate::process::{DAY, Server, Site, now, pair};
use crate::support::{ALICE, Answer, BOB, RawClient, basic, users};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What a client is given: a certificate and its key.
type Given = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "people");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn issue(&self, account: &str, of: impl FnOnce(&mut CertificateParams)) -> Given {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, account);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = ((now() - DAY).into(), (now() + DAY).into());
        of(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap())
    }

    fn named(&self, account: &str) -> Given {
        self.issue(account, |_| {})
    }

    fn revoking(&self, serial: u64) -> String {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: (now() - DAY).into(),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: (now() - DAY).into(),
            next_update: (now() + DAY).into(),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

fn config(mode: &str, more: &str) -> String {
    format!(
        "server:
  addr: \"127.0.0.1:0\"
  certificate: tls.pem
  key: tls.key
  client_certificates: {{ca: people.pem, mode: {mode}{more}}}
token: {{issuer: an issuer, expiration: 900, certificate: cert.pem, key: key.pem}}
authn:
  - mtls_auth: {{account: {{from: subject_cn, pattern: '[a-z]+'}}, labels: {{team: subject_ou}}}}
  - users: {}
authz:
  - acl:
      - {{match: {{backend: mtls_auth, labels: {{team: web}}}}, actions: [delete]}}
      - {{match: {{backend: mtls_auth}}, actions: [push]}}
      - {{match: {{account: /.+/}}, actions: [pull]}}
",
        users("\"\": {}")
    )
}

struct Door {
    site: Site,
    server: Server,
    tls: String,
    people: Authority,
}

impl Door {
    fn open(mode: &str) -> Self {
        Self::open_with(mode, "", |_, _| {})
    }

    fn open_with(mode: &str, more: &str, prepare: impl FnOnce(&Site, &Authority)) -> Self {
        let (site, people) = (Site::with(&config(mode, more)), Authority::new());
        let tls = pair(now() - DAY, now() + 300 * DAY);
        site.write("tls.pem", &tls.certificate_pem);
        site.write("tls.key", &tls.key_pem);
        site.write("people.pem", &people.pem);
        prepare(&site, &people);
        let server = Server::start(&site, "auth.yml");
        Self { site, server, tls: tls.certificate_pem, people }
    }

    fn client(&self, given: Option<Given>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.tls.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        Arc::new(match given {
            Some((leaf, key)) => config.with_client_auth_cert(vec![leaf], key).unwrap(),
            None => config.with_no_client_auth(),
        })
    }

    /// The answer, and how TLS began; an error if the connection came to nothing.
    fn ask_by(
        &self,
        client: &Arc<ClientConfig>,
        query: &str,
        header: &str,
    ) -> io::Result<(Answer, HandshakeKind)> {
        let name = ServerName::try_from("localhost").unwrap();
        let socket = TcpStream::connect(("127.0.0.1", self.server.address().port()))?;
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(client), name).unwrap(), socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let kind = stream.conn.handshake_kind().unwrap();
        let mut client = RawClient::over(stream);
        client.try_send(format!(
            "GET /auth?service=s&scope=repository:a:pull,push,delete{query} HTTP/1.1\r\nhost: x\r\n{header}\r\n"
        ))?;
        Ok((client.try_answer()?, kind))
    }

    fn ask(&self, given: Option<Given>, query: &str, header: &str) -> io::Result<Answer> {
        self.ask_by(&self.client(given), query, header).map(|(answer, _)| answer)
    }

    /// Who the token is for, and what it grants.
    #[track_caller]
    fn gets(&self, given: Option<Given>, header: &str) -> String {
        match self.ask(given, "", header) {
            Ok(answer) => shown(&answer),
            Err(_) => "no connection".to_owned(),
        }
    }
}

fn shown(answer: &Answer) -> String {
    use base64::Engine as _;
    if answer.status != 200 {
        return answer.status.to_string();
    }
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let claims =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let actions = claims["access"][0]["actions"].as_array().cloned().unwrap_or_default();
    let actions: Vec<_> = actions.iter().map(|action| action.as_str().unwrap()).collect();
    format!("{}:{}", claims["sub"].as_str().unwrap(), actions.join(","))
}

fn password((account, password): (&str, &str)) -> String {
    format!("authorization: {}\r\n", basic(account, password))
}

#[test]
fn a_certificate_is_enough() {
    for mode in ["optional", "required"] {
        let door = Door::open(mode);
        assert_eq!(door.gets(Some(door.people.named("alice")), ""), "alice:push", "{mode}");
        assert_eq!(door.gets(Some(door.people.named("robot")), ""), "robot:push", "{mode}");
        let web = door.people.issue("carol", |params| {
            params.distinguished_name.push(DnType::OrganizationalUnitName, "web");
        });
        assert_eq!(door.gets(Some(web), ""), "carol:delete", "{mode}");
    }
}

#[test]
fn without_one() {
    let optional = Door::open("optional");
    assert_eq!(optional.gets(None, ""), ":");
    assert_eq!(optional.gets(None, &password(ALICE)), "alice:pull");
    let required = Door::open("required");
    assert_eq!(required.gets(None, ""), "no connection");
    assert_eq!(required.gets(None, &password(ALICE)), "no connection");
}

#[test]
fn what_the_door_does_not_take() {
    for mode in ["optional", "required"] {
        let door = Door::open(mode);
        let alice = |of: fn(&mut CertificateParams)| Some(door.people.issue("alice", of));
        let stranger = Authority::new().named("alice");
        for (what, given) in [
            ("another authority's", Some(stranger)),
            (
                "for servers",
                alice(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
            ),
            ("for nothing said", alice(|params| params.extended_key_usages = Vec::new())),
            ("expired", alice(|params| params.not_after = (now() - DAY / 2).into())),
            ("not yet", alice(|params| params.not_before = (now() + DAY / 2).into())),
        ] {
            let found = door.gets(given, &password(ALICE));
            // Of those without a purpose webpki takes what RFC 5280 section 4.2.1.12 lets it take.
            if what == "for nothing said" {
                assert!(["no connection", "alice:pull"].contains(&found.as_str()), "{what}: {found}");
            } else {
                assert_eq!(found, "no connection", "{mode} {what}");
            }
        }
    }
}

#[test]
fn a_password_beside_it_must_be_the_same_account_s_and_right() {
    let door = Door::open("optional");
    let alice = || Some(door.people.named("alice"));
    // Both hold: the password's link vouches.
    assert_eq!(door.gets(alice(), &password(ALICE)), "alice:pull");
    assert_eq!(door.gets(alice(), &password((ALICE.0, "wrong"))), "401");
    assert_eq!(door.gets(alice(), &password(BOB)), "400");
    assert_eq!(door.gets(alice(), &password((BOB.0, "wrong"))), "400");
    assert_eq!(door.gets(alice(), &password(("Alice", ALICE.1))), "400");
    // An empty one is none: the certificate is alone, and the account a claim.
    assert_eq!(door.gets(alice(), &password((ALICE.0, ""))), "alice:push");
    assert_eq!(door.gets(alice(), &password((BOB.0, ""))), "400");
    for (claimed, found) in [("alice", "alice:push"), ("bob", "400"), ("", "alice:push")] {
        let answer = door.ask(alice(), &format!("&account={claimed}"), "").unwrap();
        assert_eq!(shown(&answer), found, "{claimed}");
    }
    let differs = door.ask(alice(), "", &password(BOB)).unwrap();
    assert!(differs.text().contains("different accounts"), "{}", differs.text());
    let form = format!("grant_type=password&username={}&password=x&service=s", BOB.0);
    let name = ServerName::try_from("localhost").unwrap();
    let socket = TcpStream::connect(("127.0.0.1", door.server.address().port())).unwrap();
    let stream = StreamOwned::new(ClientConnection::new(door.client(alice()), name).unwrap(), socket);
    let mut client = RawClient::over(stream);
    client.send(format!(
        "POST /auth HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    ));
    assert_eq!(client.answer().status, 400);
}

#[test]
fn one_that_no_link_takes_counts_for_nothing() {
    let door = Door::open("optional");
    // The pattern wants small letters.
    let printer = || Some(door.people.named("Printer 7"));
    assert_eq!(door.gets(printer(), ""), ":");
    assert_eq!(door.gets(printer(), &password(ALICE)), "alice:pull");
    assert_eq!(door.gets(printer(), &password((ALICE.0, "wrong"))), "401");
    assert_eq!(shown(&door.ask(printer(), "&account=alice", "").unwrap()), ":");
    let two = door.people.issue("alice", |params| {
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), "bob");
    });
    assert_eq!(
        door.gets(Some(two), &password(ALICE)),
        "401",
        "one that names two is refused, and nobody else is asked"
    );
}

#[test]
fn revoked_ones_are_not_taken() {
    let door = Door::open_with("optional", ", crl: revoked.pem", |site, people| {
        site.write("revoked.pem", people.revoking(7));
    });
    let numbered = |serial: u64| {
        Some(door.people.issue("alice", |params| params.serial_number = Some(SerialNumber::from(serial))))
    };
    assert_eq!(door.gets(numbered(6), ""), "alice:push");
    assert_eq!(door.gets(numbered(7), ""), "no connection");
}

/// A ticket stands for a certificate that was good when it was given. After a reload there are no such tickets.
#[test]
fn nobody_comes_back_by_a_ticket_after_a_reload() {
    for mode in ["optional", "required"] {
        let door = Door::open_with(mode, ", crl: revoked.pem", |site, people| {
            site.write("revoked.pem", people.revoking(1));
        });
        let given = door.people.issue("alice", |params| params.serial_number = Some(SerialNumber::from(7)));
        let client = door.client(Some(given));
        let ask = || door.ask_by(&client, "", "").map(|(answer, kind)| (shown(&answer), kind));
        assert_eq!(ask().unwrap(), ("alice:push".to_owned(), HandshakeKind::Full), "{mode}");
        assert_eq!(ask().unwrap(), ("alice:push".to_owned(), HandshakeKind::Resumed), "{mode}");
        door.site.write("revoked.pem", door.people.revoking(7));
        door.server.said("configuration reloaded", 1);
        for _ in 0..3 {
            assert!(ask().is_err(), "{mode}: the revoked certificate is back");
        }
    }
    // Where nothing else has changed, a session of before ends as well.
    let door = Door::open("required");
    let client = door.client(Some(door.people.named("alice")));
    let kind = || door.ask_by(&client, "", "").unwrap().1;
    assert_eq!([kind(), kind()], [HandshakeKind::Full, HandshakeKind::Resumed]);
    door.server.signal(Signal::HUP);
    door.server.said("configuration reloaded", 1);
    assert_eq!([kind(), kind()], [HandshakeKind::Full, HandshakeKind::Resumed]);
}
