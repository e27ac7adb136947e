use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::{Entry, Key, KeyPath, Location, Node, Value};
use dockgate_api::{
    Answer, Authenticator, BackendError, BuildContext, Call, ClientCertificate, Credential, Decision,
    Identity, Login, ReasonCode, Registry, async_trait,
};
use dockgate_testkit::authenticator::{Anonymous, Fixture, Person, Reload, Unknown, conformance};
use dockgate_testkit::fakes::{World, call, call_at, noon};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, SanType,
};

use crate::MtlsAuthConfig;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn issue(&self, of: impl FnOnce(&mut CertificateParams)) -> Credential {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = (noon() - YEAR).into();
        params.not_after = (noon() + YEAR).into();
        of(&mut params);
        let certificate = params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap();
        Credential::ClientCertificate(ClientCertificate::new(certificate.der().to_vec()))
    }

    fn named(&self, name: impl Into<DnValue>) -> Credential {
        let name = name.into();
        self.issue(|params| params.distinguished_name.push(DnType::CommonName, name))
    }

    fn alternatives(&self, names: Vec<SanType>) -> Credential {
        self.issue(|params| params.subject_alt_names = names)
    }
}

fn text(text: &str) -> Node {
    Node::text(Location::new("auth.yml", 3, 5), text)
}

fn map(entries: Vec<(&str, Node)>) -> Node {
    let location = Location::new("auth.yml", 2, 3);
    let entry = |(key, value): (&str, Node)| Entry {
        key: Key { text: key.into(), location: location.clone() },
        value,
    };
    Node { location: location.clone(), value: Value::Mapping(entries.into_iter().map(entry).collect()) }
}

fn build_in(cx: &BuildContext, section: Vec<(&str, Node)>) -> Result<Arc<dyn Authenticator>, String> {
    let mut registry = Registry::<dyn Authenticator>::new();
    registry.register::<MtlsAuthConfig>("mtls_auth").unwrap();
    let key = Key { text: "mtls_auth".into(), location: Location::new("auth.yml", 1, 1) };
    registry
        .build(&key, &map(section), &KeyPath::root(), cx)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn build(section: Vec<(&str, Node)>) -> Result<Arc<dyn Authenticator>, String> {
    build_in(&World::new().build_context(), section)
}

fn from(field: &str, pattern: Option<&str>) -> Arc<dyn Authenticator> {
    let mut account = vec![("from", text(field))];
    account.extend(pattern.map(|pattern| ("pattern", text(pattern))));
    build(vec![("account", map(account))]).unwrap()
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn dns(text: &str) -> SanType {
    SanType::DnsName(text.try_into().unwrap())
}

/// An account, "no match", or the reason of a refusal.
async fn whose(backend: &Arc<dyn Authenticator>, credential: Credential) -> String {
    match backend.authenticate(&call(), &Login::new("", credential)).await.unwrap() {
        Decision::Allow(identity) => identity.account,
        Decision::Deny(reason) => reason.detail,
        Decision::NoMatch => "no match".to_owned(),
    }
}

#[tokio::test]
async fn where_the_account_stands() {
    let authority = Authority::new("a");
    let spiffe = "spiffe://example.org/ns/ci/sa/builder";
    for (field, pattern, credential, account) in [
        ("subject_cn", None, authority.named("alice"), "alice"),
        ("subject_cn", None, authority.named("ä ö"), "ä ö"),
        ("subject_cn", Some(r"([a-z]+)\.users"), authority.named("alice.users"), "alice"),
        ("subject_cn", Some(r"([a-z]+)\.users"), authority.named("alice.users.x"), "no match"),
        ("subject_cn", Some("alice"), authority.named("alicex"), "no match"),
        ("subject_cn", Some("alice|bob"), authority.named("bobx"), "no match"),
        ("subject_cn", None, authority.alternatives(vec![dns("alice")]), "no match"),
        ("san_dns", None, authority.alternatives(vec![dns("build.example.com")]), "build.example.com"),
        ("san_dns", None, authority.named("build.example.com"), "no match"),
        ("san_uri", None, authority.alternatives(vec![uri(spiffe)]), spiffe),
        (
            "san_uri",
            Some("spiffe://example.org/ns/[^/]+/sa/([^/]+)"),
            authority.alternatives(vec![uri("https://example.com"), uri(spiffe), dns("x")]),
            "builder",
        ),
        (
            "san_email",
            Some("(.+)@example.com"),
            authority.alternatives(vec![SanType::Rfc822Name("alice@example.com".try_into().unwrap())]),
            "alice",
        ),
    ] {
        let backend = from(field, pattern);
        assert_eq!(whose(&backend, credential).await, account, "{field} {pattern:?}");
    }
}

#[tokio::test]
async fn names_that_are_nobody_s() {
    let authority = Authority::new("a");
    let cn = from("subject_cn", None);
    let long = "a".repeat(257);
    for bad in [
        "",
        " ",
        "alice ",
        "alice\0",
        "alice\0.example.com",
        "al\nice",
        "al\u{202e}ice",
        "al\u{200b}ice",
        &long,
    ] {
        let found = whose(&cn, authority.named(bad)).await;
        assert!(found.contains("characters that no name has"), "{bad:?}: {found}");
    }
    let spoiled = DnValue::Ia5String("alice\0bob".try_into().unwrap());
    assert!(whose(&cn, authority.named(spoiled)).await.contains("characters that no name has"));
    let wide = DnValue::BmpString("alice".try_into().unwrap());
    let found = whose(&cn, authority.named(wide)).await;
    assert!(found == "alice" || found.contains("encoding"), "{found}");
    let two_hosts = authority.alternatives(vec![dns("alice"), dns("bob")]);
    assert_eq!(whose(&from("san_dns", None), two_hosts).await, "the certificate names several accounts");
    let one_of_two = authority.alternatives(vec![dns("alice.users"), dns("bob.machines")]);
    assert_eq!(whose(&from("san_dns", Some(r"(.+)\.users")), one_of_two).await, "alice");
    let nothing = from("subject_cn", Some("(.*)x"));
    assert_eq!(whose(&nothing, authority.named("x")).await, "the pattern leaves nothing of the name");
    for der in [Vec::new(), vec![0x30, 0x80], b"alice".to_vec()] {
        let found = whose(&cn, Credential::ClientCertificate(ClientCertificate::new(der))).await;
        assert_eq!(found, "the certificate cannot be read");
    }
    let Credential::ClientCertificate(mut longer) = authority.named("alice") else { panic!() };
    longer.der.push(0);
    assert!(whose(&cn, Credential::ClientCertificate(longer)).await.contains("follows"));
}

/// A common name that stands twice: rcgen writes each kind once, so the second is made of another one.
#[tokio::test]
async fn two_common_names_are_none() {
    let authority = Authority::new("a");
    let twice = authority.issue(|params| {
        params.distinguished_name.push(DnType::CommonName, "alice");
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), "bob");
    });
    for pattern in [None, Some("alice")] {
        let found = whose(&from("subject_cn", pattern), twice_again(&twice)).await;
        assert_eq!(found, "the certificate has several common names", "{pattern:?}");
    }
}

fn twice_again(credential: &Credential) -> Credential {
    let Credential::ClientCertificate(certificate) = credential else { panic!() };
    Credential::ClientCertificate(certificate.clone())
}

#[tokio::test]
async fn labels_and_the_end() {
    let authority = Authority::new("a");
    let labels =
        map(vec![("team", text("subject_ou")), ("company", text("subject_o")), ("hosts", text("san_dns"))]);
    let account = map(vec![("from", text("subject_cn"))]);
    let backend = build(vec![("account", account), ("labels", labels)]).unwrap();
    let credential = authority.issue(|params| {
        params.distinguished_name.push(DnType::CommonName, "alice");
        params.distinguished_name.push(DnType::OrganizationalUnitName, "web*");
        params.distinguished_name.push(DnType::OrganizationName, "Acme");
        params.subject_alt_names = vec![dns("one"), dns("two"), dns("one")];
    });
    let login = Login::new("", twice_again(&credential));
    let identity = backend.authenticate(&call(), &login).await.unwrap().allowed().unwrap();
    let values =
        |name| identity.labels.values(name).iter().map(|value| value.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (values("team"), values("company"), values("hosts")),
        (vec!["web*".to_owned()], vec!["Acme".to_owned()], vec!["one".to_owned(), "two".to_owned()])
    );
    assert!(
        identity
            .labels
            .values("team")
            .iter()
            .all(|value| matches!(value, dockgate_api::LabelValue::Literal(_)))
    );
    assert_eq!((identity.subject.as_str(), identity.expires_at), ("alice", Some(noon() + YEAR)));
    for (now, valid) in [
        (noon() - YEAR, true),
        (noon() - YEAR - Duration::from_secs(1), false),
        (noon() + YEAR - Duration::from_secs(1), true),
        (noon() + YEAR, false),
    ] {
        match backend.authenticate(&call_at(now), &login).await.unwrap() {
            Decision::Allow(_) => assert!(valid, "{now:?}"),
            Decision::Deny(reason) => {
                assert!(!valid && reason.code == ReasonCode::Expired, "{now:?}: {reason}");
            }
            Decision::NoMatch => panic!("{now:?}"),
        }
    }
    let spoiled = authority.issue(|params| {
        params.distinguished_name.push(DnType::CommonName, "alice");
        params.distinguished_name.push(DnType::OrganizationalUnitName, "a\0b");
    });
    assert!(whose(&backend, spoiled).await.contains("characters that no name has"));
}

#[tokio::test]
async fn only_what_the_link_s_authorities_issued() {
    let (ours, theirs) = (Authority::new("people"), Authority::new("people"));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("people.pem"), &ours.pem).unwrap();
    let cx = World::new().build_context().with_base_dir(directory.path());
    let account = || map(vec![("from", text("subject_cn"))]);
    let backend = build_in(&cx, vec![("account", account()), ("ca", text("people.pem"))]).unwrap();
    assert_eq!(whose(&backend, ours.named("alice")).await, "alice");
    assert_eq!(whose(&backend, theirs.named("alice")).await, "no match");
    let for_servers = ours.issue(|params| {
        params.distinguished_name.push(DnType::CommonName, "alice");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert_eq!(whose(&backend, for_servers).await, "no match");
    let missing = build_in(&cx, vec![("account", account()), ("ca", text("nobody.pem"))]).err().unwrap();
    assert!(missing.contains("ca: cannot read"), "{missing}");
}

#[test]
fn mistakes_have_a_cure() {
    for (account, cure) in [
        (vec![("from", text("subject_dn"))], "subject_cn"),
        (vec![("pattern", text("x"))], "from"),
        (vec![("from", text("subject_cn")), ("pattern", text("("))], "pattern"),
        (vec![("from", text("subject_cn")), ("pattern", text("(a)(b)"))], "write the others as `(?:…)`"),
    ] {
        let problem = build(vec![("account", map(account))]).err().unwrap();
        assert!(problem.contains(cure), "{problem}");
    }
    assert!(build(vec![]).err().unwrap().contains("account"));
}

/// Certificates in place of passwords, so that the suite can hold the backend to the contract: the right password is
/// Alice's certificate, every other one somebody else's. Without an account, or without a password, there is none.
struct ByPassword {
    backend: Arc<dyn Authenticator>,
    right: String,
    hers: Vec<u8>,
    mallory: Vec<u8>,
}

#[async_trait]
impl Authenticator for ByPassword {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        use dockgate_api::secrecy::ExposeSecret as _;
        let password = match &login.credential {
            Credential::Password(password) => password.expose_secret(),
            _ => "",
        };
        if password.is_empty() || login.account.is_empty() {
            return self.backend.authenticate(cx, login).await;
        }
        let der = if password == self.right { &self.hers } else { &self.mallory };
        let credential = Credential::ClientCertificate(ClientCertificate::new(der.clone()));
        self.backend.authenticate(cx, &Login::new(login.account.clone(), credential)).await
    }

    fn answers_without_proof(&self, account: &str) -> bool {
        self.backend.answers_without_proof(account)
    }

    fn can_reload(&self) -> bool {
        self.backend.can_reload()
    }

    async fn reload(
        &self,
        cx: &Call,
        known: &dockgate_api::KnownIdentity,
    ) -> Result<dockgate_api::Reloaded, BackendError> {
        self.backend.reload(cx, known).await
    }

    async fn preview(&self, cx: &Call, account: &str) -> Option<Answer<Identity>> {
        self.backend.preview(cx, account).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract() {
    let authority = Authority::new("a");
    let der = |credential| {
        let Credential::ClientCertificate(certificate) = credential else { panic!() };
        certificate.der
    };
    let right = "the certificate of alice".to_owned();
    let backend = ByPassword {
        backend: from("subject_cn", None),
        right: right.clone(),
        hers: der(authority.named("alice")),
        mallory: der(authority.named("mallory")),
    };
    let fixture = Fixture {
        known: Person::new("alice", right),
        canonical: "alice".to_owned(),
        unknown: Unknown::Deny("nobody".to_owned()),
        anonymous: Anonymous::NotSupported("a certificate is somebody's"),
        reload: Reload::NotSupported("without the certificate nobody knows whether it still is there"),
    };
    conformance(Arc::new(backend), fixture).await;
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        thread_local! {
            static MADE: (Arc<dyn Authenticator>, Vec<u8>) = {
                let Credential::ClientCertificate(certificate) = Authority::new("a").named("alice") else { panic!() };
                (from("subject_cn", Some("([a-z]+)")), certificate.der)
            };
        }
        MADE.with(|(backend, der)| {
            let mut der = der.clone();
            for (place, byte) in damages {
                let place = place.index(der.len());
                der[place] = byte;
            }
            let login = Login::new("", Credential::ClientCertificate(ClientCertificate::new(der)));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(backend.authenticate(&call(), &login)).unwrap();
        });
    }
}
