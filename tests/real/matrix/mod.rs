//! Which registry takes which token, whoever signs it: every form of header is shown to every registry.
//!
//! The tokens are signed here, so the table holds for forms too that the server never sends.

mod algorithm;
mod claim_rows;
mod form;
mod guarded;
mod jwk;
mod key;
mod rows;
mod trust;

use std::thread;

use self::form::Form;
use self::guarded::{Guarded, Verdict, claims, now};
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

/// Shows the token of every form of `rows` to every registry, and tells where the verdict is not the row's.
/// Registries run side by side, one for each version and trust.
fn surprises(rows: &[Row], keys: &Keyring, token: impl Fn(&Form) -> String + Sync) -> Vec<String> {
    let mut trusts: Vec<&Trust> = Vec::new();
    for Row { trust, .. } in rows {
        if !trusts.iter().any(|known| known.is_given_as(trust)) {
            trusts.push(trust);
        }
    }
    let token = &token;
    thread::scope(|scope| {
        let mut shown = Vec::new();
        for (place, version) in VERSIONS.into_iter().enumerate() {
            for &trust in &trusts {
                let mut forms: Vec<(Form, Verdict)> =
                    rows.iter().flat_map(|row| row.forms().map(|form| (form, row.expected[place]))).collect();
                forms.retain(|(form, _)| form.trust.is_given_as(trust));
                shown.push(scope.spawn(move || {
                    let registry = Guarded::start(version, trust, keys);
                    let surprise = |(form, expected): &(Form, Verdict)| {
                        let verdict = registry.verdict(&token(form));
                        let name = version.name;
                        (verdict != *expected).then(|| format!("{name}: {verdict}, not {expected}: {form:?}"))
                    };
                    forms.iter().filter_map(surprise).collect::<Vec<_>>()
                }));
            }
        }
        shown.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// The head of a table that has a column for each version.
fn head(columns: &[&str]) -> String {
    let names: Vec<&str> = columns.iter().copied().chain(VERSIONS.map(|version| version.name)).collect();
    format!("| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()))
}
