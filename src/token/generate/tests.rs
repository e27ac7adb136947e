use std::time::Duration;

use super::*;
use crate::token::fixtures;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn what_cannot_be_written_is_refused() {
    for validity in [at(1)..at(1), at(2)..at(1), at(1)..at(1 << 60)] {
        assert!(matches!(signing_ca(validity), Err(GenerateError::Validity)));
    }
}

#[test]
fn debug_leaves_the_key_out() {
    let made = signing_ca(at(1)..at(2)).unwrap();
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
