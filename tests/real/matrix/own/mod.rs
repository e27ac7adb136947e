//! The server's own tokens, of every form that it can send, shown to every version with every trust; and what
//! `dockgate check` says of each.

mod configuration;
mod prediction;

use std::fs;
use std::path::Path;
use std::thread;

use self::configuration::Configuration;
use super::form::{Form, Kid, X5c};
use super::guarded::{Guarded, Verdict, directory};
use super::key::Keyring;
use super::rows::{Row, rows};
use super::trust::Trust;
use crate::components;
use crate::registry::{TrustFiles, VERSIONS, Version};

/// A form as the configuration asks for it, and as it is sent.
#[derive(Clone, Copy, Debug)]
struct Asked {
    form: Form,
    sent: Form,
}

/// What registries are given, and what they and we are known to make of each form.
struct Case {
    trust: &'static Trust,
    /// Of each form, in the order of [`VERSIONS`]; nothing where the table has no such row.
    pinned: Vec<Option<[Verdict; 3]>>,
    /// Nothing where `dockgate check` cannot be asked.
    predicted: Option<Vec<[Verdict; 3]>>,
}

#[test]
fn tokens_of_the_server() {
    if !components::installed(&VERSIONS.map(|version| version.component)) {
        return;
    }
    let keys = &Keyring::generate();
    let rows = rows();
    let forms = &asked(&rows);
    let dir = directory();
    let configuration = Configuration::write(dir.path(), forms, keys);
    let (tokens, jwks) = &configuration.tokens();
    let cases: Vec<Case> = super::trusts(&rows)
        .into_iter()
        .map(|trust| Case {
            trust,
            pinned: forms.iter().map(|asked| pinned(&rows, asked.sent, trust)).collect(),
            predicted: configuration.predicted(trust, &written(trust, dir.path(), jwks, keys)),
        })
        .collect();

    let mut surprises = Vec::new();
    for (place, version) in VERSIONS.into_iter().enumerate() {
        let surprises_of = |case: &Case| {
            let dir = directory();
            let files = written(case.trust, dir.path(), jwks, keys);
            let registry = Guarded::with_files(version, dir, &files);
            let shown = forms.iter().zip(tokens).enumerate();
            shown
                .filter_map(|(position, (asked, token))| Some((position, asked, token.as_ref()?)))
                .flat_map(|(position, asked, token)| {
                    case.surprises(version, place, position, *asked, registry.verdict(token))
                })
                .collect::<Vec<String>>()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = cases.iter().map(|case| scope.spawn(|| surprises_of(case))).collect();
            surprises.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        });
    }
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));
}

impl Case {
    fn surprises(
        &self,
        version: Version,
        place: usize,
        position: usize,
        asked: Asked,
        verdict: Verdict,
    ) -> Vec<String> {
        let pinned = self.pinned[position].map(|verdicts| verdicts[place]);
        let predicted = self.predicted.as_ref().map(|forms| forms[position][place]);
        let said = [("the table", pinned), ("dockgate check", predicted)];
        let wrong =
            said.into_iter().filter_map(|(who, said)| Some((who, said.filter(|said| *said != verdict)?)));
        wrong
            .map(|(who, said)| {
                let Self { trust, .. } = self;
                format!("{}: {verdict}, but {who}: {said}: {asked:?} with {trust:?}", version.name)
            })
            .collect()
    }
}

impl Asked {
    /// Whether registries are to see the token. Where the certificate travels, one key id stands for all: that no id
    /// counts there is what the table says, and the header is the one that it was measured with.
    fn is_shown(self) -> bool {
        self.sent.x5c == X5c::None || self.sent.kid == Kid::Libtrust
    }
}

/// Every form of the table that the server can be asked for.
fn asked(rows: &[Row]) -> Vec<Asked> {
    let mut forms: Vec<Form> = Vec::new();
    for form in rows.iter().flat_map(Row::forms) {
        let is_sent = form.kid != Kid::None && !matches!(form.x5c, X5c::Reversed | X5c::Stolen(_));
        if is_sent && !forms.contains(&form) {
            forms.push(form);
        }
    }
    let sent = |form: Form| match form.x5c {
        // The flat form of the configuration leaves out what no registry takes.
        X5c::Leaf if form.key.has_expired() => Form { x5c: X5c::None, ..form },
        X5c::ChainWithRoot => Form { x5c: X5c::Chain, ..form },
        _ => form,
    };
    forms.into_iter().map(|form| Asked { form, sent: sent(form) }).collect()
}

/// What the table says of a token.
fn pinned(rows: &[Row], sent: Form, trust: &Trust) -> Option<[Verdict; 3]> {
    // The key set has every text, this one too.
    if sent.kid == Kid::BasePoint && trust.bundle.is_none() {
        return None;
    }
    let row = rows.iter().find(|row| row.trust.is_given_as(trust) && row.forms().any(|form| form == sent));
    row.map(|row| row.expected)
}

/// The certificates as they are, and the key set that the server exports, unless a registry has both: that one is to
/// know the EC key only.
fn written(trust: &Trust, dir: &Path, jwks: &str, keys: &Keyring) -> TrustFiles {
    let files = trust.write(dir, keys);
    if let TrustFiles { bundle: None, jwks: Some(file) } = &files {
        fs::write(file, jwks).unwrap();
    }
    files
}
