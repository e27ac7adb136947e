//! What the server believes of registries, held against what they were measured to do.
//!
//! No process runs here: the rows are pinned by the tests that show tokens to registries.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use dockgate::token::trust::{BundleError, Obstacle, TokenForm, Trust as Model, TrustFile, Version};
use dockgate::token::{Algorithm, HeaderOptions, KeyId, PemFile, SigningKey};

use super::form::{Form, Kid, X5c};
use super::guarded::Verdict;
use super::key::Keyring;
use super::rows::rows;
use super::trust::Trust;

#[test]
fn model_agrees_with_every_row_that_it_can_express() {
    let keys = Keyring::generate();
    let now = UNIX_EPOCH + UNIX_EPOCH.elapsed().unwrap();
    let (mut held, mut beyond, mut surprises) = (0, Vec::new(), Vec::new());
    for row in rows() {
        let Some(model) = model(row.trust, &keys) else {
            beyond.push(row.line());
            continue;
        };
        for form in row.forms() {
            let Some((key, header)) = expressed(form, &keys) else {
                beyond.push(row.line());
                continue;
            };
            held += 1;
            for (version, expected) in Version::ALL.into_iter().zip(row.expected) {
                let verdict =
                    verdict(model.as_ref().ok(), version, TokenForm { key: &key, header: &header }, now);
                if verdict != expected {
                    surprises
                        .push(format!("{version}: {verdict}, not {expected}: {form:?} with {:?}", row.trust));
                }
            }
        }
    }
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));
    beyond.dedup();
    // A chain in a wrong order, a stolen certificate, and the five rows of a registry that has both files.
    assert_eq!(beyond.len(), 7, "{}", beyond.concat());
    assert!(held > 150, "only {held} forms");
}

fn verdict(model: Option<&Model>, version: Version, form: TokenForm<'_>, now: SystemTime) -> Verdict {
    // What cannot be read as trust keeps every registry from starting.
    let Some(model) = model else { return Verdict::DoesNotStart };
    match model.takes(version, form, now) {
        Ok(()) => Verdict::Accepted,
        Err(Obstacle::NeedsBundle | Obstacle::Ed25519InBundle(_)) => Verdict::DoesNotStart,
        Err(_) => Verdict::Refused,
    }
}

/// `None`: the model has either a bundle or a key set, and not both. An error: it finds the file unusable.
fn model(trust: &Trust, keys: &Keyring) -> Option<Result<Model, BundleError>> {
    let file = |content: String| TrustFile { path: "trust".into(), bytes: content.into_bytes() };
    match (trust.bundle_content(keys), trust.jwks_content(keys)) {
        (Some(pem), None) => Some(Model::bundle(&file(pem))),
        (None, Some(json)) => Some(Ok(Model::jwks(&file(json)).unwrap())),
        _ => None,
    }
}

/// The key and the header with which the server would send it.
fn expressed(form: Form, keys: &Keyring) -> Option<(SigningKey, HeaderOptions)> {
    let Form { key, algorithm, kid, x5c } = form;
    let certificates = x5c.certificate_file(key, keys)?;
    let held = keys.of(key);
    let path = Path::new("a key of the tests");
    let signing = SigningKey::from_pem_as(
        PemFile { path, bytes: certificates.as_bytes() },
        PemFile { path, bytes: held.key_pem.as_bytes() },
        Algorithm::from_name(algorithm.name()),
    );
    let kid = match kid {
        Kid::None => None,
        Kid::Libtrust => Some(KeyId::Libtrust),
        Kid::Rfc7638 => Some(KeyId::Rfc7638),
        other => other.of(key, &held.public).map(|text| KeyId::Text(text.into())),
    };
    Some((signing.unwrap(), HeaderOptions { kid, x5c: x5c != X5c::None }))
}
