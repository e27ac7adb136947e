//! Keys that renew themselves.

use std::fs;
use std::path::Path;

use super::{accepts, leaf, token_of, token_signed_anew, until_it_says};
use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::components::SKOPEO;
use crate::dockgate;
use crate::image::Image;
use crate::registry::{TrustFiles, VERSIONS, Version};
use crate::site::Site;
use crate::skopeo::Skopeo;

/// The directory of the keys, in the site's.
const KEYS: &str = "keys";
/// That of a server without the authority's key.
const ISSUED: &str = "issued";

macro_rules! with_each_version {
    ($($flow:ident),+ $(,)?) => {
        mod registry_2_8 { $(#[test] fn $flow() { super::$flow(super::VERSIONS[0]); })+ }
        mod registry_3_0 { $(#[test] fn $flow() { super::$flow(super::VERSIONS[1]); })+ }
        mod registry_3_1 { $(#[test] fn $flow() { super::$flow(super::VERSIONS[2]); })+ }
    };
}

with_each_version!(
    a_renewed_key_is_taken_up,
    the_next_authority_takes_over,
    two_servers_share_a_directory,
    a_key_from_elsewhere_is_taken_up,
);

fn a_renewed_key_is_taken_up(version: Version) {
    let Some(mut site) = managed(version) else { return };
    let (skopeo, first, second) =
        (site.client_of::<Skopeo>(&ALICE), Image::of(&["first"]), Image::of(&["second"]));
    skopeo.push(&first, "alice/app:1").succeeds();
    let before = token_of(&site.dockgate_host);

    dockgate::run(site.dir(), &["keys", "renew", KEYS]).succeeds();
    let after = token_signed_anew(&site.dockgate_host, &before);

    skopeo.push(&second, "alice/app:2").succeeds();
    assert_eq!(skopeo.pulled("alice/app:1"), first);
    assert_eq!(site.client_of::<Skopeo>(&ALICE).pulled("alice/app:2"), second);
    assert!(accepts(&site.registry_host, &after));
    assert!(accepts(&site.registry_host, &before), "it lives on:\n{}", site.logs());
    assert!(site.runs());
}

fn the_next_authority_takes_over(version: Version) {
    let Some(mut site) = managed(version) else { return };
    let before = token_of(&site.dockgate_host);
    dockgate::run(site.dir(), &["keys", "next-ca", KEYS]).succeeds();
    until_it_says(&site, "give bundle.pem to every registry before");
    // One that was given the bundle since then; the site's has the one from before.
    let (mut told, told_host) = site.another_registry(version, &bundle_of(site.dir(), KEYS));
    let untold_host = site.registry_host.clone();
    for registry in [&told_host, &untold_host] {
        assert!(accepts(registry, &before), "{}", site.logs());
    }
    let skopeo: Skopeo = site.client_at(&told_host);
    skopeo.login(ALICE.name, ALICE.password).succeeds();
    let first = Image::of(&["first"]);
    skopeo.push(&first, "alice/app:1").succeeds();

    dockgate::run(site.dir(), &["keys", "switch-ca", "--now", KEYS]).succeeds();
    let after = token_signed_anew(&site.dockgate_host, &before);

    skopeo.push(&Image::of(&["second"]), "alice/app:2").succeeds();
    assert_eq!(skopeo.pulled("alice/app:1"), first);
    assert!(accepts(&told_host, &after));
    assert!(!accepts(&untold_host, &after), "its bundle lacks the authority");
    for registry in [&told_host, &untold_host] {
        assert!(accepts(registry, &before), "it lives on:\n{}", site.logs());
    }
    assert!(site.runs() && told.is_running());
}

fn two_servers_share_a_directory(version: Version) {
    let Some(mut site) = managed(version) else { return };
    let (mut second, port) = dockgate::serve(site.dir(), "second", &token_section(KEYS));
    let hosts = [site.dockgate_host.clone(), format!("127.0.0.1:{port}")];
    let before = hosts.each_ref().map(|host| token_of(host));
    assert_eq!(leaf(&before[0]), leaf(&before[1]));

    dockgate::run(site.dir(), &["keys", "renew", KEYS]).succeeds();
    let after = [0, 1].map(|server| token_signed_anew(&hosts[server], &before[server]));

    assert_eq!(leaf(&after[0]), leaf(&after[1]), "each of them made one");
    for token in before.iter().chain(&after) {
        assert!(accepts(&site.registry_host, token), "{}", site.logs());
    }
    assert!(site.runs() && second.is_running());
}

fn a_key_from_elsewhere_is_taken_up(version: Version) {
    let issue = |dir: &Path| dockgate::run(dir, &["keys", "issue-leaf", KEYS, "--into", ISSUED]).succeeds();
    let site = Site::with_keys(version, &[SKOPEO], |dir| {
        dockgate::run(dir, &["keys", "init", KEYS]).succeeds();
        issue(dir);
        let bundle = bundle_of(dir, ISSUED);
        (token_section(ISSUED), |_: &str| bundle)
    });
    let Some(mut site) = site else { return };
    assert!(!site.dir().join(ISSUED).join("ca.key").exists());
    let skopeo: Skopeo = site.client_of(&ALICE);
    let first = Image::of(&["first"]);
    skopeo.push(&first, "alice/app:1").succeeds();
    let before = token_of(&site.dockgate_host);

    issue(site.dir());
    let after = token_signed_anew(&site.dockgate_host, &before);

    skopeo.push(&Image::of(&["second"]), "alice/app:2").succeeds();
    assert_eq!(skopeo.pulled("alice/app:1"), first);
    assert!(accepts(&site.registry_host, &after) && accepts(&site.registry_host, &before));
    assert!(site.runs());
}

fn managed(version: Version) -> Option<Site> {
    Site::with_keys(version, &[SKOPEO], |dir| {
        dockgate::run(dir, &["keys", "init", KEYS]).succeeds();
        let bundle = bundle_of(dir, KEYS);
        (token_section(KEYS), |_: &str| bundle)
    })
}

fn token_section(keys: &str) -> String {
    format!("  managed_keys: \"{keys}\"\n")
}

/// A registry's copy of the bundle, as it is now.
fn bundle_of(dir: &Path, keys: &str) -> TrustFiles {
    let copy = tempfile::tempdir_in(dir).unwrap().keep().join("bundle.pem");
    fs::copy(dir.join(keys).join("bundle.pem"), &copy).unwrap();
    TrustFiles { bundle: Some(copy), jwks: None }
}
