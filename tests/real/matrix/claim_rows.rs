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
const FORM: Form = Form { key: Key::Rsa, algorithm: Rs256, kid: Kid::None, x5c: X5c::Leaf };

struct Row {
    says: &'static str,
    change: Change,
    method: &'static str,
    target: &'static str,
    expected: [Verdict; 3],
}

/// What is different from claims that are good.
enum Change {
    Nothing,
    /// A claim, given the seconds since the epoch.
    Claim(&'static str, fn(u64) -> Value),
    Without(&'static [&'static str]),
    Access(&'static [Granted]),
}

/// Type, name and actions.
type Granted = (&'static str, &'static str, &'static [&'static str]);

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
        match self.change {
            Change::Nothing => {}
            Change::Claim(name, value) => claims[name] = value(now),
            Change::Without(names) => {
                claims.as_object_mut().unwrap().retain(|name, _| !names.contains(&&**name));
            }
            Change::Access(granted) => {
                let entry =
                    |(kind, name, actions): &Granted| json!({"type": kind, "name": name, "actions": actions});
                claims["access"] = granted.iter().map(entry).collect();
            }
        }
        registry.verdict_of(self.method, self.target, &FORM.token(keys, &claims))
    }
}

fn rows() -> Vec<Row> {
    use Change::{Access, Claim, Nothing, Without};
    const OF: &str = REPOSITORY;
    let asked = |method, target| move |says, change, expected| Row { says, change, method, target, expected };
    let push = asked("POST", UPLOAD);
    let pull = asked("GET", "/v2/alice/app/tags/list");
    let delete = asked("DELETE", BLOB);
    let list = asked("GET", "/v2/_catalog");
    vec![
        push("`aud` is the service", Nothing, [YES, YES, YES]),
        push("`aud` is a list with the service", Claim("aud", |_| json!(["x", SERVICE])), [NO, YES, YES]),
        push("`aud` is another service", Claim("aud", |_| json!("another")), [NO, NO, NO]),
        push("`iss` is another issuer", Claim("iss", |_| json!("another")), [NO, NO, NO]),
        push("`exp` was 50 s ago", Claim("exp", |now| json!(now - 50)), [YES, YES, YES]),
        push("`exp` was 70 s ago", Claim("exp", |now| json!(now - 70)), [NO, NO, NO]),
        push("`exp` is missing", Without(&["exp"]), [NO, NO, NO]),
        push("`exp` has a fraction", Claim("exp", |_| json!(4_000_000_000.5)), [NO, NO, NO]),
        push("`nbf` is in 50 s", Claim("nbf", |now| json!(now + 50)), [YES, YES, YES]),
        push("`nbf` is in 70 s", Claim("nbf", |now| json!(now + 70)), [NO, NO, NO]),
        push("no `nbf`, `iat`, `jti`, `sub`", Without(&["nbf", "iat", "jti", "sub"]), [YES, YES, YES]),
        push("`jti` is a number", Claim("jti", |_| json!(7)), [NO, NO, NO]),
        push("grants `push`", Access(&[("repository", OF, &["push"])]), [NO, NO, NO]),
        push("grants `pull` and `push`", Nothing, [YES, YES, YES]),
        push(
            "grants `pull`, and `push` in an entry of its own",
            Access(&[("repository", OF, &["pull"]), ("repository", OF, &["push"])]),
            [YES, YES, YES],
        ),
        push("grants `*`", Access(&[("repository", OF, &["*"])]), [YES, YES, YES]),
        push(
            "grants `pull` and `push` of `alice/*`",
            Access(&[("repository", "alice/*", &["pull", "push"])]),
            [NO, NO, NO],
        ),
        push(
            "grants `pull` and `push` of type `repository(plugin)`",
            Access(&[("repository(plugin)", OF, &["pull", "push"])]),
            [NO, NO, NO],
        ),
        pull("grants `pull`", Access(&[("repository", OF, &["pull"])]), [YES, YES, YES]),
        pull("grants `push`", Access(&[("repository", OF, &["push"])]), [NO, NO, NO]),
        delete("grants `pull` and `push`", Nothing, [NO, NO, NO]),
        delete("grants `delete`", Access(&[("repository", OF, &["delete"])]), [YES, YES, YES]),
        list(
            "grants `pull` of `registry:catalog`",
            Access(&[("registry", "catalog", &["pull"])]),
            [NO, NO, NO],
        ),
        list("grants `*` of `registry:catalog`", Access(&[("registry", "catalog", &["*"])]), [YES, YES, YES]),
        asked("GET", "/v2/")("grants nothing", Access(&[]), [YES, YES, YES]),
    ]
}
