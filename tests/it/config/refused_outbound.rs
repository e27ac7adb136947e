//! Mistakes in `outbound`.

use super::refusal::{FLAT, LISTED, Mistake, mistake, refused_each};

#[test]
fn a_bundle_that_is_none() {
    fn at(bundle: &'static str, cure: &'static str) -> Mistake {
        mistake(bundle, ["token:\n", bundle], "outbound:", cure)
    }
    for base in [FLAT, LISTED] {
        refused_each(
            base,
            &[
                at("outbound: {ca_bundle: none.pem}\ntoken:\n", "none.pem: No such file"),
                at("outbound: {ca_bundle: key.pem}\ntoken:\n", "name a file of authorities"),
                at("outbound: {ca_bundle: auth.yml}\ntoken:\n", "name a file of authorities"),
                at("outbound: {ca_bundle: .}\ntoken:\n", "is a directory"),
                at("outbound: {ca_bundle: \"\"}\ntoken:\n", "name a PEM file, or take the key away"),
                at("outbound: {ca_bundle: [a]}\ntoken:\n", "expected text, found a list"),
                at("outbound: {ca_bundel: cert.pem}\ntoken:\n", "unknown key `ca_bundel`"),
            ],
        );
    }
}
