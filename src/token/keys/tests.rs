use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;
use crate::token::fixtures::{self, joined, pair, read};

fn refused(certificate: &[u8], key: &[u8]) -> KeyError {
    pair(certificate, key).unwrap_err()
}

fn refused_key(key: &[u8]) -> String {
    let error = refused(&read("ec.crt"), key);
    assert_eq!(error.role(), FileRole::Key);
    assert_eq!(error.path(), Path::new("/etc/dockgate/key.pem"));
    error.to_string()
}

fn refused_certificate(certificate: &[u8]) -> String {
    let error = refused(certificate, &read("ec.pkcs8.pem"));
    assert_eq!(error.role(), FileRole::Certificate);
    assert_eq!(error.path(), Path::new("/etc/dockgate/cert.pem"));
    error.to_string()
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8(bytes.to_vec()).unwrap().replace('\n', "\r\n").into_bytes()
}

fn with_text(bytes: &[u8]) -> Vec<u8> {
    [b"Bag Attributes\n    friendlyName: x\nsubject=CN = x\n".as_slice(), bytes, b"\n# the end"].concat()
}

#[test]
fn every_form_of_a_key_is_read() {
    let forms = [
        ("rsa.crt", "rsa.pkcs8.pem", Algorithm::Rs256),
        ("rsa.crt", "rsa.pkcs1.pem", Algorithm::Rs256),
        ("ec.crt", "ec.pkcs8.pem", Algorithm::Es256),
        ("ec.crt", "ec.sec1.pem", Algorithm::Es256),
        ("ec.crt", "ec.sec1.params.pem", Algorithm::Es256),
        ("p384.crt", "p384.pem", Algorithm::Es384),
        ("p384.crt", "p384.sec1.pem", Algorithm::Es384),
        ("p521.crt", "p521.pem", Algorithm::Es512),
        ("p521.crt", "p521.sec1.pem", Algorithm::Es512),
        ("ed25519.crt", "ed25519.pem", Algorithm::EdDsa),
    ];
    for (certificate, key, algorithm) in forms {
        let (certificate, bytes) = (read(certificate), read(key));
        let variants = [
            (certificate.clone(), bytes.clone()),
            (crlf(&certificate), crlf(&bytes)),
            (with_text(&certificate), with_text(&bytes)),
            (
                [b"\xef\xbb\xbf", certificate.as_slice()].concat(),
                [b"\xef\xbb\xbf", bytes.as_slice()].concat(),
            ),
        ];
        for (number, (certificate, bytes)) in variants.iter().enumerate() {
            let read = pair(certificate, bytes).unwrap_or_else(|error| panic!("{key} {number}: {error}"));
            assert_eq!(read.algorithm(), algorithm);
        }
    }
}

#[test]
fn blocks_may_stand_in_any_order_in_one_file() {
    for names in [["ec.crt", "ec.pkcs8.pem"], ["ec.pkcs8.pem", "ec.crt"], ["ec.sec1.params.pem", "ec.crt"]] {
        let both = joined(&names);
        assert!(pair(&both, &both).is_ok(), "{names:?}");
    }
}

#[test]
fn the_leaf_is_found_and_the_chain_ordered() {
    let orders = [
        ["chain.leaf.crt", "chain.intermediate.crt", "chain.root.crt"],
        ["chain.root.crt", "chain.intermediate.crt", "chain.leaf.crt"],
        ["chain.intermediate.crt", "chain.leaf.crt", "rsa.crt"],
    ];
    for order in orders {
        let key = pair(&joined(&order), &read("ec.pkcs8.pem")).unwrap();
        let chain: Vec<&str> = key.x5c().map(Certificate::subject).collect();
        assert_eq!(chain, ["CN=leaf.example.test", "CN=intermediate.example.test"], "{order:?}");
        assert!(!key.leaf().is_self_signed());
    }
}

#[test]
fn only_a_signature_makes_a_certificate_self_signed() {
    let bundle = joined(&["same-name.leaf.crt", "same-name.root.crt"]);
    let key = pair(&bundle, &read("ec.pkcs8.pem")).unwrap();
    assert!(!key.leaf().is_self_signed());
    assert_eq!(key.x5c().count(), 1);
    assert!(fixtures::ec().leaf().is_self_signed());
    assert!(fixtures::rsa().leaf().is_self_signed());
}

#[test]
fn validity_is_reported() {
    let leaf = fixtures::ec().leaf().clone();
    let hundred_years = Duration::from_secs(36_500 * 86_400);
    assert_eq!(leaf.not_after().duration_since(leaf.not_before()).unwrap(), hundred_years);
    assert!(leaf.not_before() > UNIX_EPOCH);
}

/// A key service that signs with another kind of key than it says.
struct Elsewhere;

impl crate::token::Sign for Elsewhere {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es384
    }
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, crate::token::SignError> {
        Ok(Vec::new())
    }
}

#[test]
fn an_algorithm_must_fit_the_key() {
    let (certificate, key) = (fixtures::path("rsa.crt"), fixtures::path("rsa.pkcs8.pem"));
    for algorithm in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256] {
        assert_eq!(SigningKey::load(&certificate, &key, Some(algorithm)).unwrap().algorithm(), algorithm);
    }
    let refused = SigningKey::load(&certificate, &key, Some(Algorithm::Es256)).unwrap_err();
    assert_eq!(refused.role(), FileRole::Key);
    let shown = refused.to_string();
    let message = "is of the kind RSA 2048, which does not sign ES256; it signs RS256, RS384, RS512, PS256: write that, \
                   or name another key";
    assert!(shown.ends_with(message), "{shown}");

    let bytes = read("ec.crt");
    let file = PemFile { path: Path::new("cert.pem"), bytes: &bytes };
    let public = fixtures::ec().public_key().clone();
    let shown = SigningKey::with_signer(Arc::new(Elsewhere), public, file).unwrap_err().to_string();
    assert!(shown.contains("EC P-256, which does not sign ES384"), "{shown}");
}

#[test]
fn encrypted_keys_are_refused_with_the_command() {
    for name in ["rsa.pkcs8.encrypted.pem", "rsa.pkcs1.encrypted.pem", "ec.pkcs8.encrypted.pem"] {
        for bytes in [read(name), crlf(&read(name))] {
            assert_eq!(
                refused_key(&bytes),
                "key /etc/dockgate/key.pem: is encrypted with a passphrase; remove the passphrase: \
                 openssl pkey -in '/etc/dockgate/key.pem' -out key.pem"
            );
        }
    }
}

#[test]
fn keys_of_other_kinds_are_named() {
    let cases = [
        ("rsa1024.pem", "is an RSA key of less than 2048 bits; use an EC P-256 key"),
        ("k256.pem", "of a kind that tokens are not signed with"),
        ("rsa-pss.pem", "of a kind that tokens are not signed with"),
        ("openssh.pem", "is a key in OpenSSH's form; convert a copy of it: ssh-keygen"),
    ];
    for (name, message) in cases {
        let shown = refused_key(&read(name));
        assert!(shown.contains(message), "{name}: {shown}");
    }
}

#[test]
fn wrong_files_are_told_from_each_other() {
    let swapped = refused(&read("ec.pkcs8.pem"), &read("ec.crt")).to_string();
    assert!(swapped.contains("key.pem: holds a certificate, not a private key"), "{swapped}");
    assert!(swapped.contains("may be swapped"), "{swapped}");
    let shown = refused_certificate(&read("ec.sec1.pem"));
    assert!(shown.contains("holds a private key, not a certificate"), "{shown}");
    let shown = refused_certificate(&read("rsa.trusted.crt"));
    assert!(shown.contains("TRUSTED"), "{shown}");

    let public = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert!(refused_key(public).contains("holds no private key, only: PUBLIC KEY; name the PEM file"));
    assert!(refused_certificate(public).contains("holds no certificate, only: PUBLIC KEY"));
}

#[test]
fn a_certificate_of_another_key_is_named() {
    let shown = refused_certificate(&joined(&["rsa.crt", "ec.leading-zero.crt"]));
    assert!(
        shown.starts_with(
            "certificate /etc/dockgate/cert.pem: does not belong to the private key (certificates in the file: \
             CN=rsa.example.test; CN=zero.example.test); "
        ),
        "{shown}"
    );
}

#[test]
fn files_that_are_no_pem_are_told_apart() {
    let utf16: Vec<u8> =
        [b"\xff\xfe".to_vec(), read("ec.crt").iter().flat_map(|&byte| [byte, 0]).collect()].concat();
    let der = fixtures::ec().leaf().der().to_vec();
    let cases: [(&[u8], &str); 6] = [
        (b"", "is empty"),
        (b" \r\n", "is empty"),
        (b"\x00\xff\x80garbage", "not a PEM file"),
        (b"  -----BEGIN CERTIFICATE-----\n", "not a PEM file"),
        (&utf16, "UTF-16"),
        (&der, "is binary (DER), not PEM; convert it: openssl"),
    ];
    for (bytes, message) in cases {
        for shown in [refused_key(bytes), refused_certificate(bytes)] {
            assert!(shown.contains(message), "{shown}");
        }
    }
}

#[test]
fn damaged_blocks_are_described() {
    let key = String::from_utf8(read("ec.pkcs8.pem")).unwrap();
    let certificate = String::from_utf8(read("ec.crt")).unwrap();
    let damaged = |text: &str| {
        [
            (text.replace('\n', ""), "its line breaks are lost"),
            (text.replace('\n', "\\n"), "its line breaks are lost"),
            (text.split("-----END").next().unwrap().to_owned(), "its END line is missing"),
            (text.replacen("\nM", "\n*", 1), "its body is not base64"),
        ]
    };
    for (bytes, message) in damaged(&key) {
        let shown = refused_key(bytes.as_bytes());
        assert!(shown.contains(message), "{shown}");
    }
    for (bytes, message) in damaged(&certificate) {
        let shown = refused_certificate(bytes.as_bytes());
        assert!(shown.contains(message), "{shown}");
    }
    let hollow = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let shown = refused_certificate(&[read("ec.crt"), hollow.to_vec()].concat());
    assert!(shown.contains("certificate 2 in the file is malformed"), "{shown}");
    let hollow = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert!(refused_key(hollow).contains("is malformed"));
}

#[test]
fn files_are_loaded_from_disk() {
    let (certificate, key) = (fixtures::path("rsa.crt"), fixtures::path("rsa.pkcs1.pem"));
    assert_eq!(SigningKey::load(&certificate, &key, None).unwrap().algorithm(), Algorithm::Rs256);

    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.pem");
    let shown = SigningKey::load(&missing, &key, None).unwrap_err().to_string();
    assert!(shown.contains("missing.pem: cannot be read") && shown.contains("check the path"), "{shown}");
    let shown = SigningKey::load(&certificate, dir.path(), None).unwrap_err().to_string();
    assert!(shown.contains("name the file in it"), "{shown}");
    let large = dir.path().join("large.pem");
    std::fs::write(&large, vec![b' '; (1 << 20) + 1]).unwrap();
    let shown = SigningKey::load(&certificate, &large, None).unwrap_err().to_string();
    assert!(shown.contains("is larger than 1 MiB"), "{shown}");
}

/// Everything that could stand for a private key: each line of the body, and the bytes as Debug prints them.
fn traces(pem: &[u8]) -> Vec<String> {
    let text = String::from_utf8(pem.to_vec()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("--") && line.len() > 20);
    let bytes: Vec<String> =
        pem.chunks(24).map(|chunk| format!("{chunk:?}").replace(['[', ']'], "")).collect();
    lines.map(|line| line[..20].to_owned()).chain(bytes).collect()
}

#[test]
fn neither_debug_nor_errors_show_the_key() {
    for (certificate, name) in [("rsa.crt", "rsa.pkcs8.pem"), ("ec.crt", "ec.pkcs8.pem")] {
        let pem = read(name);
        let file = PemFile { path: Path::new("key.pem"), bytes: &pem };
        let text = String::from_utf8(pem.clone()).unwrap();
        let broken = [
            text.replace('\n', ""),
            text.replace('\n', "\\n"),
            text.replacen("\nM", "\n*", 1),
            text.replace("-----END", ""),
            text.replace(" PRIVATE", ""),
        ];
        let mut shown = format!("{:?} {file:?}", pair(&read(certificate), &pem).unwrap());
        for broken in broken {
            let error = refused(&read("ec.crt"), broken.as_bytes());
            shown = format!("{shown} {error} {error:?}");
            let error = refused(broken.as_bytes(), &pem);
            shown = format!("{shown} {error} {error:?}");
        }
        for trace in traces(&pem) {
            assert!(!shown.contains(&trace), "{name}: {trace} in {shown}");
        }
    }
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let names = ["ec.crt", "ec.sec1.params.pem", "rsa.crt", "rsa.pkcs1.pem", "rsa.pkcs8.encrypted.pem"];
    let sources: Vec<Vec<u8>> = names.iter().map(|name| read(name)).collect();
    (prop::sample::select(sources), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(mut bytes, at, byte, cut)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            bytes
        },
    )
}

/// DER of any content in whole PEM armour, so that the parsers behind the armour are reached.
fn armoured() -> impl Strategy<Value = Vec<u8>> {
    use base64::Engine as _;
    let labels =
        ["CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "X"];
    (prop::sample::select(labels.to_vec()), prop::collection::vec(any::<u8>(), 0..200)).prop_map(
        |(label, der)| {
            let body = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into_bytes()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..400), mutated(), armoured()],
    ) {
        let _ = pair(&bytes, &bytes);
        let _ = pair(&bytes, &read("ec.pkcs8.pem")).map(|key| format!("{key:?}"));
        let _ = PublicKey::from_spki(&bytes);
    }
}
