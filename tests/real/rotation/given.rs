//! Pairs that somebody else renews.

use std::fs;

use super::pair::{Authority, CERTIFICATE, KEY, Pair};
use super::{accepts, leaf, token_of, token_signed_anew, until_it_says};
use crate::keys::ec_key;
use crate::registry::{TrustFiles, VERSIONS};
use crate::site::Site;

const GOES_ON: &str = "the key from before goes on signing";

#[test]
fn a_new_certificate_of_the_same_key_is_taken_up() {
    let (authority, key) = (Authority::new(), ec_key());
    let Some(mut site) = site(&authority.issue(&key), &authority.certificate) else { return };
    let before = token_of(&site.dockgate_host);
    fs::write(site.dir().join(CERTIFICATE), authority.issue(&key).certificate).unwrap();
    let after = token_signed_anew(&site.dockgate_host, &before);
    assert!(accepts(&site.registry_host, &after) && accepts(&site.registry_host, &before));
    assert!(site.runs());
}

#[test]
fn a_new_key_of_the_same_authority_is_taken_up() {
    let authority = Authority::new();
    let Some(mut site) = site(&authority.issue(&ec_key()), &authority.certificate) else { return };
    let before = token_of(&site.dockgate_host);
    authority.issue(&ec_key()).write(site.dir());
    let after = token_signed_anew(&site.dockgate_host, &before);
    assert!(accepts(&site.registry_host, &after) && accepts(&site.registry_host, &before));
    assert!(site.runs());
}

#[test]
fn a_foreign_key_is_not_taken_up() {
    let authority = Authority::new();
    let Some(mut site) = site(&authority.issue(&ec_key()), &authority.certificate) else { return };
    let before = token_of(&site.dockgate_host);
    Authority::new().issue(&ec_key()).write(site.dir());
    until_it_says(&site, "have no reason to trust this one");
    let log = site.dockgate.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("no reason to trust")).collect();
    assert!(
        told.iter().all(|line| line.contains("token.certificate") && line.contains(GOES_ON)),
        "{told:#?}"
    );
    let after = token_of(&site.dockgate_host);
    assert_eq!(leaf(&after), leaf(&before));
    assert!(accepts(&site.registry_host, &after));
    assert!(site.runs());
}

#[test]
fn half_a_pair_changes_nothing_until_the_other_half_is_there() {
    let authority = Authority::new();
    let Some(mut site) = site(&authority.issue(&ec_key()), &authority.certificate) else { return };
    let before = token_of(&site.dockgate_host);
    let next = authority.issue(&ec_key());
    fs::write(site.dir().join(CERTIFICATE), &next.certificate).unwrap();
    until_it_says(&site, GOES_ON);
    let between = token_of(&site.dockgate_host);
    assert_eq!(leaf(&between), leaf(&before));
    assert!(accepts(&site.registry_host, &between));

    fs::write(site.dir().join(KEY), &next.key).unwrap();
    let after = token_signed_anew(&site.dockgate_host, &before);
    assert!(accepts(&site.registry_host, &after));
    assert!(site.runs());
}

fn site(pair: &Pair, bundle: &str) -> Option<Site> {
    Site::with_keys(VERSIONS[2], &[], |dir| {
        pair.write(dir);
        let file = dir.join("bundle.pem");
        fs::write(&file, bundle).unwrap();
        let token = format!("  certificate: {CERTIFICATE}\n  key: {KEY}\n");
        (token, |_: &str| TrustFiles { bundle: Some(file), jwks: None })
    })
}
