use std::time::Duration;

use x509_parser::pem::parse_x509_pem;

use super::*;
use crate::token::{Algorithm, PemFile, SigningKey, fixtures};

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn wanted(names: &[String]) -> SelfSigned<'_> {
    SelfSigned {
        common_name: "dockgate test",
        subject_alt_names: names,
        not_before: at(1_800_000_000),
        not_after: at(2_600_000_000),
    }
}

#[test]
fn the_pair_is_ready_to_sign() {
    let names = ["registry.example.test".to_owned(), "127.0.0.1".to_owned()];
    let made = wanted(&names).generate().unwrap();
    let path = std::path::Path::new("generated");
    let key = SigningKey::from_pem(
        PemFile { path, bytes: made.certificate_pem.as_bytes() },
        PemFile { path, bytes: made.key_pem.as_bytes() },
    )
    .unwrap();
    assert_eq!(key.algorithm(), Algorithm::Es256);
    assert!(key.leaf().is_self_signed());
    assert_eq!((key.leaf().not_before(), key.leaf().not_after()), (at(1_800_000_000), at(2_600_000_000)));
    assert_eq!(key.leaf().subject(), "CN=dockgate test");
    assert!(!key.public_key().has_leading_zero_coordinate());
    assert!(made.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn the_certificate_is_a_leaf_for_signatures() {
    let names = ["registry.example.test".to_owned(), "127.0.0.1".to_owned()];
    let made = wanted(&names).generate().unwrap();
    let (_, pem) = parse_x509_pem(made.certificate_pem.as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    assert!(!certificate.basic_constraints().unwrap().unwrap().value.ca);
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && !usage.key_cert_sign());
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    assert_eq!(names.value.general_names.len(), 2);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let none: [String; 0] = [];
    let backwards = SelfSigned { not_after: at(1), ..wanted(&none) };
    assert!(matches!(backwards.generate(), Err(GenerateError::Validity)));
    let beyond = SelfSigned { not_after: at(1 << 60), ..wanted(&none) };
    assert!(matches!(beyond.generate(), Err(GenerateError::Validity)));
    let names = ["größe.example.test".to_owned()];
    assert!(matches!(wanted(&names).generate(), Err(GenerateError::SubjectAltName)));
}

#[test]
fn debug_leaves_the_key_out() {
    let made = wanted(&[]).generate().unwrap();
    let body = made.key_pem.lines().nth(1).unwrap();
    let shown = format!("{made:?}");
    assert!(!shown.contains(body) && !shown.contains("PRIVATE"), "{shown}");
}

#[test]
fn a_key_with_a_leading_zero_is_drawn_again() {
    let key = |name| KeyPair::from_pem(std::str::from_utf8(&fixtures::read(name)).unwrap());
    let mut draws = ["ec.leading-zero.pem", "ec.leading-zero.pem", "ec.pkcs8.pem"].into_iter();
    let key_pair = draw(|| key(draws.next().unwrap())).unwrap();
    assert_eq!(key_pair.public_key_raw(), key("ec.pkcs8.pem").unwrap().public_key_raw());
    assert!(matches!(draw(|| key("ec.leading-zero.pem")), Err(GenerateError::Key)));
}
