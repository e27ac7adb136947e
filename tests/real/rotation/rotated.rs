//! Self-signed pairs, and the command that lets the next one sign: under load, and no registry restarts for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::pair::Pair;
use super::{TAKEN_UP_WITHIN, accepts, token_of};
use crate::accounts::ALICE;
use crate::api::open;
use crate::client::Client as _;
use crate::components::SKOPEO;
use crate::dockgate;
use crate::harness::http::request;
use crate::harness::poll;
use crate::image::Image;
use crate::keys::ec_key;
use crate::registry::{TrustFiles, VERSIONS, Version};
use crate::site::Site;
use crate::skopeo::Skopeo;

const CONFIG: &str = "dockgate.yml";
/// How often each of those who load the site gets through before and after the rotation, at least.
const ROUNDS: usize = 5;

#[test]
fn with_certificates_registry_2_8() {
    rotates(VERSIONS[0], "--bundle", "", |file| TrustFiles { bundle: Some(file), jwks: None });
}

#[test]
fn with_certificates_registry_3_1() {
    rotates(VERSIONS[2], "--bundle", "", |file| TrustFiles { bundle: Some(file), jwks: None });
}

#[test]
fn with_keys_registry_3_0() {
    rotates(VERSIONS[1], "--jwks", "  x5c: false\n", |file| TrustFiles { bundle: None, jwks: Some(file) });
}

#[test]
fn with_keys_registry_3_1() {
    rotates(VERSIONS[2], "--jwks", "  x5c: false\n", |file| TrustFiles { bundle: None, jwks: Some(file) });
}

/// `option` of the export makes the registry's file.
#[track_caller]
fn rotates(version: Version, option: &str, header: &str, trust: fn(PathBuf) -> TrustFiles) {
    let site = Site::with_keys(version, &[SKOPEO], |dir| {
        for name in ["old", "new"] {
            let pair = Pair::self_signed(&ec_key());
            fs::write(dir.join(format!("{name}.crt")), pair.certificate).unwrap();
            fs::write(dir.join(format!("{name}.key")), pair.key).unwrap();
        }
        let token = format!(
            "  keys:\n    - name: old   # the first\n      certificate: old.crt\n      key: old.key\n{header}"
        );
        let dir = dir.to_owned();
        (token, move |_: &str| trust(exported(&dir, option)))
    });
    let Some(mut site) = site else { return };
    let first = Image::of(&["first"]);
    site.client_of::<Skopeo>(&ALICE).push(&first, "alice/app:1").succeeds();

    // The next one is announced; each registry is told of both and restarts, once.
    edit(
        site.dir(),
        "      key: old.key\n",
        "      key: old.key\n    - {name: new, certificate: new.crt, key: new.key, use: next}\n",
    );
    until_published(&site, 2);
    let told = exported(site.dir(), option);
    site.restart_registry(version, &trust(told));
    let before = token_of(&site.dockgate_host);
    let signed_by = |token: &str| open(token)[0]["kid"].as_str().unwrap().to_owned();

    let (rotated, done) = (AtomicBool::new(false), [const { [const { AtomicUsize::new(0) }; 2] }; 3]);
    let ended = AtomicBool::new(false);
    let site_of_all = &site;
    // Whoever ends ends all: a push that fails does not wait for the rest.
    let round = |who: usize, pass: &mut dyn FnMut(usize)| {
        let _ends = Ends(&ended);
        for number in 0.. {
            if ended.load(Ordering::SeqCst) {
                return;
            }
            let phase = usize::from(rotated.load(Ordering::SeqCst));
            pass(number);
            done[who][phase].fetch_add(1, Ordering::SeqCst);
        }
    };
    let round = &round;
    std::thread::scope(|threads| {
        threads.spawn(move || {
            let skopeo: Skopeo = site_of_all.client_of(&ALICE);
            round(0, &mut |number| {
                skopeo.push(&Image::of(&[&format!("number {number}")]), "alice/pushed:1").succeeds();
            });
        });
        let pulled = &first;
        threads.spawn(move || {
            let skopeo: Skopeo = site_of_all.client_of(&ALICE);
            round(1, &mut |_| assert_eq!(skopeo.pulled("alice/app:1"), *pulled));
        });
        threads.spawn(move || {
            round(2, &mut |_| {
                let token = token_of(&site_of_all.dockgate_host);
                assert!(accepts(&site_of_all.registry_host, &token), "{}", site_of_all.logs());
            });
        });
        let _ends = Ends(&ended);
        let all = |phase: usize| done.iter().all(|of| of[phase].load(Ordering::SeqCst) >= ROUNDS);
        let loaded =
            poll(Duration::from_secs(120), || (all(0) || ended.load(Ordering::SeqCst)).then_some(()));
        assert!(loaded.is_some() && all(0), "the load does not get through:\n{}", site.logs());
        dockgate::run(site.dir(), &["keys", "rotate", CONFIG]).succeeds();
        let after = poll(TAKEN_UP_WITHIN, || {
            Some(token_of(&site.dockgate_host)).filter(|token| signed_by(token) != signed_by(&before))
        });
        assert!(after.is_some(), "the old key goes on:\n{}", site.logs());
        rotated.store(true, Ordering::SeqCst);
        let loaded =
            poll(Duration::from_secs(120), || (all(1) || ended.load(Ordering::SeqCst)).then_some(()));
        assert!(loaded.is_some() && all(1), "the load does not get through afterwards:\n{}", site.logs());
    });
    assert!(accepts(&site.registry_host, &before), "it lives on:\n{}", site.logs());
    until_published(&site, 2);

    // As if an hour had passed since then.
    let text = fs::read_to_string(site.dir().join(CONFIG)).unwrap();
    let (_, rest) = text.split_once("retired_at: ").unwrap();
    let at = rest.lines().next().unwrap();
    edit(site.dir(), at, "2026-01-01");
    until_published(&site, 1);
    dockgate::run(site.dir(), &["keys", "rotate", "--drop-retired", CONFIG]).succeeds();
    let text = fs::read_to_string(site.dir().join(CONFIG)).unwrap();
    assert!(!text.contains("old.crt") && text.contains("name: new"), "{text}");
    assert!(accepts(&site.registry_host, &token_of(&site.dockgate_host)), "{}", site.logs());
    assert_eq!(site.client_of::<Skopeo>(&ALICE).pulled("alice/app:1"), first);
    assert!(site.runs());
}

/// Lets the others go when one is done, by a failure too.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Somebody edits the server's configuration.
#[track_caller]
fn edit(dir: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(dir.join(CONFIG)).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old:?} in\n{text}");
    fs::write(dir.join("edited"), text.replace(old, new)).unwrap();
    fs::rename(dir.join("edited"), dir.join(CONFIG)).unwrap();
}

/// Waits until the server publishes so many keys, each under two ids.
#[track_caller]
fn until_published(site: &Site, keys: usize) {
    let count = || {
        let answer = request("GET", &site.dockgate_host, "/.well-known/jwks.json", None);
        let document: serde_json::Value = serde_json::from_slice(answer.body.as_ref()).unwrap();
        document["keys"].as_array().unwrap().len()
    };
    let published = poll(TAKEN_UP_WITHIN, || (count() == 2 * keys).then_some(()));
    assert!(published.is_some(), "{} entries, {keys} keys wanted:\n{}", count(), site.logs());
}

fn exported(dir: &Path, option: &str) -> PathBuf {
    let file = dir.join("trusted");
    let exported = dockgate::run(dir, &["keys", "export", option, CONFIG]).succeeds();
    fs::write(&file, exported.stdout).unwrap();
    file
}
