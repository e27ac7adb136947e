//! The texts that docs/invalid-token.md tells people to look for are those that registries write.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::algorithm::Algorithm::{Es256, Rs256};
use super::form::{Form, Kid, X5c};
use super::guarded::{Guarded, Verdict, claims, now};
use super::key::{Key, Keyring};
use super::trust::Trust;
use crate::components;
use crate::harness::poll;
use crate::registry::VERSIONS;

static TRUST: Trust = Trust::bundle("certificates", &[Key::Rsa, Key::RsaExpired]);
const GOOD: Form = Form { key: Key::Rsa, algorithm: Rs256, kid: Kid::None, x5c: X5c::Leaf };

/// A form, what is different from claims that are good, and what the log says.
type Row = (Form, &'static str, fn(u64) -> Value, &'static str);

const ROWS: [Row; 8] = [
    (GOOD, "iss", |_| json!("another"), "token from untrusted issuer"),
    (GOOD, "aud", |_| json!("another"), "token intended for another audience"),
    (GOOD, "nbf", |now| json!(now + 200), "token not to be used before"),
    (GOOD, "exp", |now| json!(now - 200), "token not to be used after"),
    (GOOD, "access", |_| json!([]), "insufficient scope"),
    (
        Form { key: Key::P256, algorithm: Es256, ..GOOD },
        "sub",
        |_| json!("alice"),
        "x509: certificate signed by unknown authority",
    ),
    (
        Form { key: Key::RsaExpired, ..GOOD },
        "sub",
        |_| json!("alice"),
        "x509: certificate has expired or is not yet valid",
    ),
    (
        Form { kid: Kid::Text, x5c: X5c::None, ..GOOD },
        "sub",
        |_| json!("alice"),
        "token signed by untrusted key with ID",
    ),
];

#[test]
fn registries_say_what_the_book_explains() {
    if !components::installed(&VERSIONS.map(|version| version.component)) {
        return;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/invalid-token.md");
    let page = fs::read_to_string(page).unwrap();
    let keys = Keyring::generate();
    for version in VERSIONS {
        for (form, claim, value, text) in ROWS {
            assert!(page.contains(text), "{text:?} is not in the page");
            // One each, so that its log is about this token alone.
            let registry = Guarded::start(version, &TRUST, &keys);
            let mut claims = claims(now());
            claims[claim] = value(now());
            assert_eq!(registry.verdict(&form.token(&keys, &claims)), Verdict::Refused, "{text}");
            let said =
                poll(std::time::Duration::from_secs(5), || registry.log().contains(text).then_some(()));
            assert!(said.is_some(), "{}: {text:?} is not in\n{}", version.name, registry.log());
        }
    }
}
