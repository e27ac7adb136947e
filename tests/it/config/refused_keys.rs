//! Mistakes in which keys sign, and for which services.

use super::refusal::{FLAT, LISTED, Mistake, mistake, refused_each};
use crate::process::{Site, dockgate, run};

const PAIR: &str = "  certificate: \"cert.pem\"\n  key: \"key.pem\"\n";

/// One pair, as an item of `keys`.
const KEYS: &str = "  keys:
    - name: main
      certificate: cert.pem
      key: key.pem
";

#[test]
fn one_form_of_naming_the_key_is_enough() {
    for base in [FLAT, LISTED] {
        refused_each(
            base,
            &[
                mistake(
                    "pair and directory",
                    [PAIR, "  certificate: cert.pem\n  key: key.pem\n  managed_keys: keys\n"],
                    "managed_keys",
                    "`token.certificate` names the signing key already: keep one of the two",
                ),
                mistake(
                    "pair and list",
                    [
                        PAIR,
                        "  certificate: cert.pem\n  key: key.pem\n  keys: [{certificate: cert.pem, key: key.pem}]\n",
                    ],
                    "keys:",
                    "`token.certificate` names the signing key already",
                ),
                mistake(
                    "directory and list",
                    [PAIR, "  managed_keys: k\n  keys: [{certificate: cert.pem, key: key.pem}]\n"],
                    "keys: [",
                    "`token.managed_keys` names the signing key already",
                ),
                mistake("no key in the list", [PAIR, "  keys: [{name: a}]\n"], "name: a", "names no key"),
                mistake("an empty list", [PAIR, "  keys: []\n"], "keys: []", "is empty: name a key"),
                mistake(
                    "half a pair",
                    [PAIR, "  keys: [{certificate: cert.pem}]\n"],
                    "certificate",
                    "needs `key` beside it",
                ),
                mistake(
                    "pair and directory in the list",
                    [PAIR, "  keys: [{certificate: cert.pem, key: key.pem, managed_keys: k}]\n"],
                    "managed_keys",
                    "keep one of the two",
                ),
                mistake(
                    "directory that is not there",
                    [PAIR, "  managed_keys: nowhere\n"],
                    "managed_keys",
                    "dockgate keys init",
                ),
            ],
        );
    }
}

#[test]
fn algorithms_that_the_key_does_not_sign() {
    let keys = |algorithm: &str| format!("{KEYS}      algorithm: {algorithm}\n");
    for (algorithm, at, cure) in [
        ("RS256", "key: key.pem", "is of the kind EC P-256, which does not sign RS256; it signs ES256"),
        ("es256", "es256", "write one of RS256, RS384, RS512, PS256, ES256"),
        ("none", "none", "`none` is no algorithm"),
        ("HS256", "HS256", "`HS256` is no algorithm"),
    ] {
        let bad: &'static str = keys(algorithm).leak();
        refused_each(FLAT, &[mistake(algorithm, [PAIR, bad], at, cure)]);
    }
}

#[test]
fn services_that_make_no_sense() {
    let with = |lines: &str| -> &'static str { format!("{KEYS}{lines}").leak() };
    let cases: [(&str, &str, &str, &str); 12] = [
        (
            "unknown key id",
            "  services: {a: {key_id: rfc7683}}\n",
            "rfc7683",
            "a fixed text is written `{text: \"rfc7683\"}`",
        ),
        ("empty key id", "  services: {a: {key_id: {text: \"\"}}}\n", "text:", "must be 1 to 256 bytes"),
        ("unknown word", "  services: {a: {keyid: rfc7638}}\n", "keyid", "did you mean `key_id`?"),
        ("no life", "  services: {a: {expiration: 0}}\n", "expiration: 0", "must be at least 1 second"),
        ("unknown name", "  services: {a: {key: mian}}\n", "mian", "did you mean `main`?"),
        (
            "nobody is served",
            "  other_services: refuse\n",
            "other_services",
            "list the registries' services in",
        ),
        (
            "service that nobody asks for",
            "  services: {\"a\\nb\": {}}\n",
            "services:",
            "no request has a service with control characters",
        ),
        ("reused for too long", "  reuse: 61s\n", "61s", "at most 60 seconds"),
        (
            "reused to the end",
            "  reuse: 10s\n  services: {a: {expiration: 19}}\n",
            "reuse: 10s",
            "more than half of the 19 seconds",
        ),
        ("reused for no time", "  reuse: 5\n", "reuse: 5", "write"),
        ("unknown word for others", "  other_services: deny\n", "deny", "not one of `sign`, `refuse`"),
        (
            "two spellings",
            "  disable_legacy_key_id: true\n  key_id: libtrust\n",
            "key_id: libtrust",
            "keep one of the two",
        ),
    ];
    let mistakes: Vec<Mistake> =
        cases.iter().map(|(name, lines, at, cure)| mistake(name, [PAIR, with(lines)], at, cure)).collect();
    refused_each(FLAT, &mistakes);
}

/// The place is that of the item, whatever became of those before it.
#[test]
fn items_are_counted_with_those_that_cannot_be_read() {
    const LIST: &str = "  keys:\n    - 5\n    - {certificate: cert.pem}\n";
    let site = Site::with(&FLAT.replace(PAIR, LIST));
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert!(ended.stderr.contains("token.keys[1].certificate: needs `key` beside it"), "{}", ended.stderr);
    let site = Site::with(&FLAT.replace(PAIR, "  keys: [5]\n"));
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert!(ended.stderr.contains("1 problem,"), "{}", ended.stderr);
}

/// A rule's `service` may be a pattern; these are not.
#[test]
fn patterns_among_the_services_are_warned_of() {
    let services = "    - {certificate: cert.pem, key: key.pem, services: [\"/a.*/\"]}\n  services: {\"*.example.com\": {}}\n";
    let site = Site::with(&FLAT.replace(PAIR, &format!("{KEYS}{services}")));
    let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    let warnings: Vec<&str> =
        ended.stdout.lines().filter(|line| line.contains("this is no pattern")).collect();
    let [first, second] = warnings.as_slice() else { panic!("{ended:?}") };
    assert!(first.contains("auth.yml:10:") && first.contains("token.keys[1].services"), "{first}");
    assert!(second.contains("auth.yml:11:") && second.contains("token.services"), "{second}");
}

#[test]
fn keys_that_contradict_each_other() {
    const SECOND: &str =
        "    - name: second\n      certificate: cert.pem\n      key: key.pem\n      services: [a]\n";
    let with = |lines: &str| -> &'static str { format!("{KEYS}{SECOND}{lines}").leak() };
    let twice = "    - {certificate: cert.pem, key: key.pem, services: [a]}\n";
    let named_twice = "    - {name: main, certificate: cert.pem, key: key.pem}\n";
    refused_each(
        LISTED,
        &[
            mistake(
                "two keys for one service",
                [PAIR, with(twice)],
                twice.trim(),
                "another key signs for `a` already",
            ),
            mistake(
                "one name for two keys",
                [PAIR, with(named_twice)],
                "name: main, cert",
                "is the name of another key too",
            ),
            mistake(
                "two places that disagree",
                [PAIR, with("  services: {a: {key: main}}\n")],
                "{key: main}",
                "keep one of the two",
            ),
            mistake(
                "no key for the others",
                [PAIR, "  keys: [{certificate: cert.pem, key: key.pem, services: [a]}]\n"],
                "keys: [",
                "none signs for the others: add a key without, or write `other_services: refuse`",
            ),
        ],
    );
}

#[test]
fn roles_that_leave_it_open_who_signs() {
    const BASE: &str = "  keys:
    - {name: one, certificate: cert.pem, key: key.pem, use: current}
    - {name: two, certificate: cert.pem, key: key.pem, use: next}
    - {name: old, certificate: cert.pem, use: retired, retired_at: 2026-01-01}
";
    const AND: &str = "  services: {a: {key: one}}\n";
    let with = |old: &str, new: &str| -> &'static str {
        assert_eq!(BASE.matches(old).count(), 1, "{old}");
        format!("{}{AND}", BASE.replace(old, new)).leak()
    };
    let whole: &'static str = format!("{BASE}{AND}").leak();
    refused_each(
        LISTED,
        &[
            mistake(
                "two that sign",
                [PAIR, with("use: next", "use: current")],
                "name: two",
                "is `current` already",
            ),
            mistake(
                "none that signs",
                [PAIR, with("use: current", "use: next")],
                "name: one",
                "no key is `current`",
            ),
            mistake(
                "none that signs for the others",
                [PAIR, with("use: current", "services: [b]")],
                "name: one",
                "write `use: current` for one",
            ),
            mistake(
                "a word",
                [PAIR, with("use: next", "use: later")],
                "name: two",
                "`later` is not one of `current`, `next`, `retired`",
            ),
            mistake(
                "two for a service",
                [
                    PAIR,
                    with(
                        "use: next",
                        "services: [b]}\n    - {certificate: cert.pem, key: key.pem, services: [b]",
                    ),
                ],
                "- {certificate: cert.pem, key: key.pem, services: [b]}",
                "write `use: next` for the one that is to sign later",
            ),
            mistake(
                "a service that names one that does not sign",
                [PAIR, whole.replace("key: one}}", "key: two}}").leak()],
                "key: two}}",
                "is not `current`, and signs nothing",
            ),
            mistake(
                "an end of one that signs",
                [PAIR, with("use: next", "use: next, retired_at: 2026-01-01")],
                "name: two",
                "write `use: retired` beside it",
            ),
            mistake(
                "no day",
                [PAIR, with("2026-01-01", "2026-02-31")],
                "name: old",
                "no calendar has this day",
            ),
            mistake(
                "a retired key without a certificate",
                [PAIR, with("certificate: cert.pem, use: retired", "use: retired")],
                "name: old",
                "needs its `certificate`",
            ),
            mistake(
                "a retired directory",
                [PAIR, with("certificate: cert.pem, use: retired", "managed_keys: keys, use: retired")],
                "name: old",
                "with its bundle.pem",
            ),
            mistake(
                "a next key without its private key",
                [PAIR, with("key: key.pem, use: next", "use: next")],
                "name: two",
                "needs `key` beside it",
            ),
        ],
    );
}
