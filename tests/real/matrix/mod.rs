//! Which registry takes which token, whoever signs it: every form of header is shown to every registry.
//!
//! The tokens are signed here, so the table holds for forms too that the server never sends.

pub(crate) mod algorithm;
mod claims;
pub(crate) mod form;
pub(crate) mod guarded;
mod jwk;
pub(crate) mod key;
pub(crate) mod rows;
pub(crate) mod trust;

use std::thread;

use self::guarded::{Guarded, Verdict, claims as ordinary_claims, now};
use self::key::Keyring;
use self::rows::{Row, rows};
use self::trust::Trust;
use crate::components;
use crate::harness::table;
use crate::registry::{VERSIONS, Version};

const PAGE: &str = "docs/registries.md";

#[test]
fn token_header_forms() {
    if !components::installed(&VERSIONS.map(|version| version.component)) {
        return;
    }
    let keys = Keyring::generate();
    let rows = rows();
    let surprises = surprises(&rows, &keys);
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));

    let mut markdown = head(&["signature", "`kid`", "`x5c`", "the registry has"]);
    for row in &rows {
        markdown.push_str(&row.line());
    }
    table::check(PAGE, "matrix", &markdown);
}

/// Shows every form of `rows` to every registry, and tells where a verdict is not the row's. Registries run side
/// by side, one for each version and trust.
fn surprises(rows: &[Row], keys: &Keyring) -> Vec<String> {
    let mut trusts: Vec<&Trust> = Vec::new();
    for row in rows {
        if !trusts.contains(&row.trust) {
            trusts.push(row.trust);
        }
    }
    thread::scope(|scope| {
        let mut shown = Vec::new();
        for (place, version) in VERSIONS.into_iter().enumerate() {
            for trust in &trusts {
                let rows = rows.iter().filter(move |row| row.trust == *trust);
                let expected = rows.map(move |row| (row, row.expected[place]));
                shown.push(scope.spawn(move || surprises_of(version, trust, expected.collect(), keys)));
            }
        }
        shown.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn surprises_of(version: Version, trust: &Trust, rows: Vec<(&Row, Verdict)>, keys: &Keyring) -> Vec<String> {
    let registry = Guarded::start(version, trust, keys);
    let mut surprises = Vec::new();
    for (row, expected) in rows {
        for form in row.forms() {
            let token = form.token(keys, &ordinary_claims(now()));
            let verdict = registry.verdict(&token);
            if verdict != expected {
                surprises.push(format!("{}: {verdict}, not {expected}: {form:?}", version.name));
            }
        }
    }
    surprises
}

/// The head of a table that has a column for each version.
fn head(columns: &[&str]) -> String {
    let names: Vec<&str> = columns.iter().copied().chain(VERSIONS.map(|version| version.name)).collect();
    format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()))
}
