//! Pairs whose files change under a server.

use std::path::PathBuf;
use std::time::Duration;

use dockgate_testkit::fakes::noon;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use crate::support::{ALICE, Ask, Setup, SigningFiles, TestServer, users};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Files {
    server: TestServer,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(signing: SigningFiles) -> Self {
        Self::with(signing, "")
    }

    fn with(signing: SigningFiles, token: &str) -> Self {
        let setup = Setup::new(format!("users: {}\nacl: []", users(""))).signing(signing).token(token);
        let server = TestServer::of(setup);
        let [certificate, key] = ["sign.crt", "sign.key"].map(|name| server.directory().join(name));
        Self { server, certificate, key }
    }

    fn write(&self, certificate: &str, key: &str) {
        std::fs::write(&self.certificate, certificate).unwrap();
        std::fs::write(&self.key, key).unwrap();
    }

    fn read(&self) -> [String; 2] {
        [&self.certificate, &self.key].map(|path| std::fs::read_to_string(path).unwrap())
    }

    fn signs_with(&self) -> (String, String) {
        let token = self.server.token(&Ask::auth().basic(ALICE));
        let certificate = token.header["x5c"][0].as_str().unwrap_or("none").to_owned();
        (token.header["kid"].as_str().unwrap().to_owned(), certificate)
    }
}

fn body(pem: &str) -> String {
    pem.lines().skip(1).take_while(|line| !line.starts_with("-----")).collect()
}

fn self_signed(key: &KeyPair, ends: Duration) -> String {
    let mut params = CertificateParams::default();
    params.not_before = (noon() - DAY).into();
    params.not_after = (noon() + ends).into();
    params.self_signed(key).unwrap().pem()
}

/// A registry that has the old certificate refuses tokens with the new one, though the key is the same.
#[test]
fn a_renewed_self_signed_certificate_waits_for_the_registries() {
    let files = Files::of(SigningFiles::EcEndingAfter(40 * DAY));
    let before = files.signs_with();
    let [_, key] = files.read();
    files.write(&self_signed(&KeyPair::from_pem(&key).unwrap(), 400 * DAY), &key);
    let said = files.server.review_keys();
    assert!(said.len() == 1 && said[0].contains("name both in `token.keys`"), "{said:?}");
    assert_eq!(files.signs_with(), before);
    // Where no certificate travels, the key id is all that counts.
    let files = Files::with(SigningFiles::EcEndingAfter(40 * DAY), "x5c: false");
    let before = files.signs_with();
    let [_, key] = files.read();
    files.write(&self_signed(&KeyPair::from_pem(&key).unwrap(), 400 * DAY), &key);
    assert_eq!(files.server.review_keys(), Vec::<String>::new());
    assert_eq!(files.signs_with(), before);
}

#[test]
fn a_certificate_that_ends_while_the_server_runs_is_left_out() {
    let files = Files::of(SigningFiles::EcEndingAfter(40 * DAY));
    files.server.clock.turn(20 * DAY);
    let said = files.server.review_keys();
    assert!(said.iter().any(|line| line.contains("expires in 20 days")), "{said:?}");
    files.server.clock.turn(21 * DAY);
    let said = files.server.review_keys();
    assert!(said.iter().any(|line| line.contains("has expired: tokens go out without it")), "{said:?}");
    assert_eq!(files.signs_with().1, "none");
}

#[test]
fn a_strangers_key_is_not_taken_up() {
    let files = Files::of(SigningFiles::EcGenerated);
    let before = files.signs_with();
    let (certificate, key) = crate::support::self_signed("other", &[], noon() - DAY..noon() + 400 * DAY);
    files.write(&certificate, &key);
    let said = files.server.review_keys();
    let [line] = said.as_slice() else { panic!("{said:?}") };
    assert!(line.contains("token.certificate: registries that trust the one from before"), "{line}");
    assert!(line.contains("or restart; the key from before goes on signing"), "{line}");
    assert_eq!(files.signs_with(), before);
}

#[test]
fn half_of_a_pair_and_rubbish_change_nothing() {
    let files = Files::of(SigningFiles::EcGenerated);
    let (before, [certificate, key]) = (files.signs_with(), files.read());
    let next = crate::support::ec_key();
    let next_certificate = self_signed(&next, 400 * DAY);
    let expired = self_signed(&KeyPair::from_pem(&key).unwrap(), Duration::ZERO);
    for (certificate, key, why) in [
        (next_certificate.as_str(), key.as_str(), "does not belong to the private key"),
        (&certificate, &next.serialize_pem(), "does not belong to the private key"),
        ("", &key, "is empty"),
        (&certificate, "rubbish", "is not a PEM file"),
        (&certificate[..100], &key, "has a damaged PEM block"),
        (&expired, &key, "the new certificate has expired"),
    ] {
        files.write(certificate, key);
        let said = files.server.review_keys();
        assert!(said.len() == 1 && said[0].contains(why), "{why}: {said:?}");
        assert_eq!(files.signs_with(), before, "{why}");
    }
    std::fs::remove_file(&files.key).unwrap();
    assert!(files.server.review_keys()[0].contains("check the path"));
    files.write(&certificate, &key);
    assert_eq!(files.server.review_keys(), Vec::<String>::new());
    assert_eq!(files.signs_with(), before);
}

/// An authority, and the keys that it issues certificates for.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = crate::support::ec_key();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "the tests' authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Certificate and key, PEM.
    fn issue(&self, purpose: Option<ExtendedKeyUsagePurpose>) -> (String, String) {
        let key = crate::support::ec_key();
        let mut params = CertificateParams::default();
        params.not_after = (noon() + 400 * DAY).into();
        params.extended_key_usages.extend(purpose);
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// Whether the file goes up to an authority for such keys alone decides what registries can know of the next one: what
/// `keys export --bundle` prints follows the same rule.
#[test]
fn another_key_of_the_same_authority_is_taken_up() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] = ["a.crt", "a.key"].map(|name| directory.path().join(name));
    let keys = format!("certificate: {}\nkey: {}", certificate.display(), key.display());
    let tls = Some(ExtendedKeyUsagePurpose::ServerAuth);
    for (goes_up, purpose, is_taken) in [(true, None, true), (false, None, false), (true, tls, false)] {
        let chain = |leaf: &str| if goes_up { format!("{leaf}{}", authority.pem) } else { leaf.to_owned() };
        let (first, second) = (authority.issue(purpose.clone()), authority.issue(purpose));
        std::fs::write(&certificate, chain(&first.0)).unwrap();
        std::fs::write(&key, &first.1).unwrap();
        let setup = Setup::new(format!("users: {}\nacl: []", users(""))).keys(&keys);
        let files =
            Files { server: TestServer::of(setup), certificate: certificate.clone(), key: key.clone() };
        assert_eq!(files.signs_with().1, body(&first.0));
        files.write(&chain(&second.0), &second.1);
        assert_eq!(files.server.review_keys().is_empty(), is_taken);
        assert_eq!(files.signs_with().1, body(if is_taken { &second.0 } else { &first.0 }));
    }
}

/// Who puts the authority behind the certificate has no gap later, though the server runs. Tokens that are handed out
/// again end with the key that signed them.
#[test]
fn an_authority_may_be_added_before_it_is_needed() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let [certificate, key] = ["a.crt", "a.key"].map(|name| directory.path().join(name));
    let (first, second) = (authority.issue(None), authority.issue(None));
    std::fs::write(&certificate, &first.0).unwrap();
    std::fs::write(&key, &first.1).unwrap();
    let keys = format!("certificate: {}\nkey: {}", certificate.display(), key.display());
    let setup = Setup::new(format!("users: {}\nacl: []", users(""))).keys(&keys).token("reuse: 5s");
    let files = Files { server: TestServer::of(setup), certificate, key };
    for (leaf, key) in [&first, &second] {
        files.write(&format!("{leaf}{}", authority.pem), key);
        assert_eq!(files.server.review_keys(), Vec::<String>::new());
        assert_eq!(files.signs_with().1, body(leaf));
    }
}

/// One key at fault holds nothing up for the others.
#[test]
fn a_key_at_fault_is_nobody_elses_fault() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    for name in ["one", "two"] {
        let (leaf, key) = authority.issue(None);
        std::fs::write(file(&format!("{name}.crt")), leaf + &authority.pem).unwrap();
        std::fs::write(file(&format!("{name}.key")), key).unwrap();
    }
    let list = format!(
        "keys:\n- {{certificate: {0}/one.crt, key: {0}/one.key}}\n- {{certificate: {0}/two.crt, key: {0}/two.key, services: [two]}}",
        directory.path().display()
    );
    let setup = Setup::new(format!("users: {}\nacl: []", users(""))).keys(&list);
    let files = Files { server: TestServer::of(setup), certificate: file("two.crt"), key: file("two.key") };
    let (next, key) = authority.issue(None);
    files.write(&format!("{next}{}", authority.pem), &key);
    std::fs::write(file("one.crt"), "rubbish").unwrap();
    assert_eq!(files.server.review_keys().len(), 1);
    let header = files.server.token(&Ask::auth_for("two").basic(ALICE)).header;
    assert_eq!(header["x5c"][0], body(&next));
}
