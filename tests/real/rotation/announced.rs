//! A key that no registry has a reason to trust: they are told of it before it signs.

use std::fs;
use std::path::{Path, PathBuf};

use super::pair::Pair;
use super::{accepts, token_of};
use crate::api::open;
use crate::dockgate;
use crate::keys::ec_key;
use crate::registry::{TrustFiles, VERSIONS, Version};
use crate::site::Site;

#[test]
fn registries_with_certificates() {
    for version in VERSIONS {
        is_taken(version, "--bundle", "", |file| TrustFiles { bundle: Some(file), jwks: None });
    }
}

#[test]
fn registries_with_keys() {
    for version in &VERSIONS[1..] {
        is_taken(*version, "--jwks", "  x5c: false\n", |file| TrustFiles { bundle: None, jwks: Some(file) });
    }
}

/// `option` of the export makes the registry's file.
#[track_caller]
fn is_taken(version: Version, option: &str, header: &str, trust: fn(PathBuf) -> TrustFiles) {
    let section = |first: &str, second: &str| {
        let entry = |name: &str| format!("    - {{certificate: {name}.crt, key: {name}.key}}\n");
        format!("  keys:\n{}{}{header}", entry(first), entry(second))
    };
    let site = Site::with_keys(version, &[], |dir| {
        for name in ["old", "new"] {
            let pair = Pair::self_signed(&ec_key());
            fs::write(dir.join(format!("{name}.crt")), pair.certificate).unwrap();
            fs::write(dir.join(format!("{name}.key")), pair.key).unwrap();
        }
        let dir = dir.to_owned();
        (section("old", "new"), move |_: &str| trust(exported(&dir, option)))
    });
    let Some(mut site) = site else { return };
    let before = token_of(&site.dockgate_host);
    // The server is another one then, the registry is not.
    let (_server, port) = dockgate::serve(site.dir(), "afterwards", &section("new", "old"));
    let after = token_of(&format!("127.0.0.1:{port}"));
    let kids = [&before, &after].map(|token| open(token)[0]["kid"].clone());
    assert_ne!(kids[0], kids[1], "another key signs");
    for token in [before, after] {
        assert!(accepts(&site.registry_host, &token), "{version:?} {option}\n{}", site.logs());
    }
    assert!(site.runs());
}

fn exported(dir: &Path, option: &str) -> PathBuf {
    let file = dir.join("trusted");
    let exported = dockgate::run(dir, &["keys", "export", option, "dockgate.yml"]).succeeds();
    fs::write(&file, exported.stdout).unwrap();
    file
}
