//! What registries check in a token that they can verify.

use std::thread;

use serde_json::{Value, json};

use super::algorithm::Algorithm::Rs256;
use super::form::{Form, Kid, X5c};
use super::guarded::Verdict::{self, Accepted as YES, Refused as NO};
use super::guarded::{Guarded, REPOSITORY, claims, now};
use super::key::{Key, Keyring};
use super::trust::Trust;
use crate::components;
use crate::harness::table;
use crate::registry::{SERVICE, VERSIONS};

static CERTIFICATE: Trust = Trust::bundle("certificate", &[Key::Rsa]);
const FORM: Form =
    Form { key: Key::Rsa, algorithm: Rs256, kid: Kid::None, x5c: X5c::Leaf, trust: &CERTIFICATE };

struct Row {
    says: &'static str,
    /// Changes claims that are good at that time.
    change: fn(&mut Value, u64),
    method: &'static str,
    target: &'static str,
    expected: [Verdict; 3],
}

const UPLOAD: &str = "/v2/alice/app/blobs/uploads/";
const BLOB: &str =
    "/v2/alice/app/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn claims_that_are_checked() {
    if !components::installed(&VERSIONS.map(|version| version.component)) {
        return;
    }
    let keys = &Keyring::generate();
    let rows = &rows();
    let surprises: Vec<String> = thread::scope(|scope| {
        let surprises_of = |place: usize| {
            let version = VERSIONS[place];
            let registry = Guarded::start(version, &CERTIFICATE, keys);
            let surprise = |row: &Row| {
                let verdict = row.verdict(&registry, keys);
                let expected = row.expected[place];
                (verdict != expected).then(|| {
                    let Row { says, method, target, .. } = row;
                    format!("{}: {verdict}, not {expected}: {says}: {method} {target}", version.name)
                })
            };
            rows.iter().filter_map(surprise).collect::<Vec<_>>()
        };
        let shown = [0, 1, 2].map(|place| scope.spawn(move || surprises_of(place)));
        shown.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));

    let mut markdown = super::head(&["the token", "the request"]);
    for Row { says, method, target, expected, .. } in rows {
        let verdicts: String = expected.iter().map(|verdict| format!(" {verdict} |")).collect();
        let target = target.replace(DIGEST, "DIGEST");
        markdown.push_str(&format!("| {says} | `{method} {target}` |{verdicts}\n"));
    }
    table::check(super::PAGE, "claims", &markdown);
}

impl Row {
    fn verdict(&self, registry: &Guarded, keys: &Keyring) -> Verdict {
        let now = now();
        let mut claims = claims(now);
        (self.change)(&mut claims, now);
        registry.verdict_of(self.method, self.target, &FORM.token(keys, &claims))
    }
}

fn granted(kind: &str, name: &str, actions: &[&str]) -> Value {
    json!({"type": kind, "name": name, "actions": actions})
}

fn repository(actions: &[&str]) -> Value {
    granted("repository", REPOSITORY, actions)
}

fn rows() -> Vec<Row> {
    let row = |says, change, expected| Row { says, change, method: "POST", target: UPLOAD, expected };
    let asks = |method, target, row| Row { method, target, ..row };
    let pull = |row| asks("GET", "/v2/alice/app/tags/list", row);
    let delete = |row| asks("DELETE", BLOB, row);
    let catalog = |row| asks("GET", "/v2/_catalog", row);
    vec![
        row("`aud` is the service", |_, _| {}, [YES, YES, YES]),
        row(
            "`aud` is a list with the service",
            |claims, _| claims["aud"] = json!(["x", SERVICE]),
            [NO, YES, YES],
        ),
        row("`aud` is another service", |claims, _| claims["aud"] = json!("another"), [NO, NO, NO]),
        row("`iss` is another issuer", |claims, _| claims["iss"] = json!("another"), [NO, NO, NO]),
        row("`exp` was 50 s ago", |claims, now| claims["exp"] = json!(now - 50), [YES, YES, YES]),
        row("`exp` was 70 s ago", |claims, now| claims["exp"] = json!(now - 70), [NO, NO, NO]),
        row("`exp` is missing", |claims, _| remove(claims, "exp"), [NO, NO, NO]),
        row("`exp` has a fraction", |claims, _| claims["exp"] = json!(4_000_000_000.5), [NO, NO, NO]),
        row("`nbf` is in 50 s", |claims, now| claims["nbf"] = json!(now + 50), [YES, YES, YES]),
        row("`nbf` is in 70 s", |claims, now| claims["nbf"] = json!(now + 70), [NO, NO, NO]),
        row("`nbf`, `iat`, `jti` and `sub` are missing", without_the_rest, [YES, YES, YES]),
        row("`jti` is a number", |claims, _| claims["jti"] = json!(7), [NO, NO, NO]),
        row(
            "grants `push` without `pull`",
            |claims, _| claims["access"] = json!([repository(&["push"])]),
            [NO, NO, NO],
        ),
        row("grants `pull` and `push` in two entries", in_two_entries, [YES, YES, YES]),
        row("grants `*`", |claims, _| claims["access"] = json!([repository(&["*"])]), [YES, YES, YES]),
        row(
            "grants `alice/*`",
            |claims, _| claims["access"] = json!([granted("repository", "alice/*", &["pull", "push"])]),
            [NO, NO, NO],
        ),
        row(
            "grants a `repository(plugin)`",
            |claims, _| {
                claims["access"] = json!([granted("repository(plugin)", REPOSITORY, &["pull", "push"])])
            },
            [NO, NO, NO],
        ),
        pull(row(
            "grants `pull`",
            |claims, _| claims["access"] = json!([repository(&["pull"])]),
            [YES, YES, YES],
        )),
        pull(row(
            "grants `push`",
            |claims, _| claims["access"] = json!([repository(&["push"])]),
            [NO, NO, NO],
        )),
        delete(row("grants `pull` and `push`", |_, _| {}, [NO, NO, NO])),
        delete(row(
            "grants `delete`",
            |claims, _| claims["access"] = json!([repository(&["delete"])]),
            [YES, YES, YES],
        )),
        catalog(row(
            "grants `pull` of `registry:catalog`",
            |claims, _| claims["access"] = json!([granted("registry", "catalog", &["pull"])]),
            [NO, NO, NO],
        )),
        catalog(row(
            "grants `*` of `registry:catalog`",
            |claims, _| claims["access"] = json!([granted("registry", "catalog", &["*"])]),
            [YES, YES, YES],
        )),
        asks("GET", "/v2/", row("grants nothing", |claims, _| claims["access"] = json!([]), [YES, YES, YES])),
    ]
}

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name).expect("it was there");
}

fn without_the_rest(claims: &mut Value, _now: u64) {
    for name in ["nbf", "iat", "jti", "sub"] {
        remove(claims, name);
    }
}

fn in_two_entries(claims: &mut Value, _now: u64) {
    claims["access"] = json!([repository(&["pull"]), repository(&["push"])]);
}
