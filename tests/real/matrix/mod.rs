//! Which registry takes which token, whoever signs it: every form of header is shown to every registry.
//!
//! The tokens are signed here, so the table holds for forms too that the server never sends.

mod algorithm;
mod claim_rows;
mod form;
mod guarded;
mod jwk;
mod key;
mod log_texts;
mod model;
mod own;
mod rows;
mod trust;

use std::thread;

use self::form::Form;
use self::guarded::{Guarded, claims, now};
use self::key::Keyring;
use self::rows::{Row, rows};
use self::trust::Trust;
use crate::components;
use crate::harness::table;
use crate::registry::VERSIONS;

const PAGE: &str = "docs/registries.md";

#[test]
fn token_header_forms() {
    if !components::installed(&VERSIONS.map(|version| version.component)) {
        return;
    }
    let keys = Keyring::generate();
    let rows = rows();
    let surprises = surprises(&rows, &keys, |form| form.token(&keys, &claims(now())));
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));

    let mut markdown = head(&["signature", "`kid`", "`x5c`", "the registry has"]);
    for row in &rows {
        markdown.push_str(&row.line());
    }
    table::check(PAGE, "matrix", &markdown);
}

/// Shows the token of every form of `rows` to every version, and tells where a verdict is not the row's. The
/// registries of a version, one for each trust, run side by side.
fn surprises(rows: &[Row], keys: &Keyring, token: impl Fn(Form) -> String + Sync) -> Vec<String> {
    let trusts = trusts(rows);
    let mut surprises = Vec::new();
    for (place, version) in VERSIONS.into_iter().enumerate() {
        let surprises_of = |trust: &Trust| -> Vec<String> {
            let registry = Guarded::start(version, trust, keys);
            let rows = rows.iter().filter(|row| row.trust.is_given_as(trust));
            let forms = rows.flat_map(|row| row.forms().map(|form| (form, row.expected[place])));
            let shown = forms.map(|(form, expected)| (form, expected, registry.verdict(&token(form))));
            shown
                .filter(|(_, expected, verdict)| verdict != expected)
                .map(|(form, expected, verdict)| {
                    format!("{}: {verdict}, not {expected}: {form:?} with {trust:?}", version.name)
                })
                .collect()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = trusts.iter().map(|trust| scope.spawn(|| surprises_of(trust))).collect();
            surprises.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        });
    }
    surprises
}

/// Each once.
fn trusts(rows: &[Row]) -> Vec<&'static Trust> {
    let mut trusts: Vec<&'static Trust> = Vec::new();
    for Row { trust, .. } in rows {
        if !trusts.iter().any(|known| known.is_given_as(trust)) {
            trusts.push(trust);
        }
    }
    trusts
}

/// The head of a table that has a column for each version.
fn head(columns: &[&str]) -> String {
    let names: Vec<&str> = columns.iter().copied().chain(VERSIONS.map(|version| version.name)).collect();
    format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()))
}
