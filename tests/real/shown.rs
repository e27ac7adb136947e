//! `dockgate keys show` prints settings for registries: with them, and the realm and files put in, the registries that
//! it names take the tokens, and no others do.

use std::fs;
use std::path::Path;
use std::thread;

use crate::accounts::ALICE;
use crate::api::token;
use crate::client::{Client as _, Home};
use crate::components::{self, Component, SKOPEO};
use crate::dockgate;
use crate::harness::http::request;
use crate::harness::logs::Logs;
use crate::image::Image;
use crate::keys::Key;
use crate::registry::{self, VERSIONS, Version};
use crate::skopeo::Skopeo;

const CONFIGURATION: &str = "dockgate.yml";
/// The registry's file.
const TRUSTED: &str = "trusted";
/// The versions as they are shown, in the order of [`VERSIONS`].
const NAMES: [&str; 3] = ["2.8", "3.0", "3.1"];

/// Settings as they are shown.
struct Settings {
    service: String,
    versions: Vec<String>,
    /// The section `auth`.
    yaml: String,
    /// The words of the command that makes the file, and where the registry is to have it.
    export: Vec<String>,
    file: String,
}

#[test]
fn settings_of_pairs() {
    let services = "  services:
    certificate.example.com: {}
    old.example.com: {x5c: false, key_id: libtrust}
    new.example.com: {x5c: false, key_id: rfc7638}
    text.example.com: {x5c: false, key_id: {text: 'the \"key\" of: 2026'}}
    pss.example.com: {key: rsa}
    pss-and-id.example.com: {key: rsa, x5c: false, key_id: rfc7638}\n";
    let settings = settings_that_work(|dir| {
        let pair = |key: Key, name: &str| {
            let dir = dir.join(name);
            fs::create_dir(&dir).unwrap();
            let files = key.write(&dir);
            format!(
                "name: {name}, certificate: {}, key: {}",
                files.certificate.display(),
                files.key.display()
            )
        };
        let [ec, rsa] = [pair(Key::EcP256, "ec"), pair(Key::Rsa2048, "rsa")];
        format!("  keys:\n    - {{{ec}}}\n    - {{{rsa}, algorithm: PS256}}\n{services}")
    });
    let Some(settings) = settings else { return };
    assert_eq!(
        shown(&settings),
        [
            "SERVICE --bundle 2.8 3.0 3.1",
            "certificate.example.com --bundle 2.8 3.0 3.1",
            "new.example.com --bundle 3.1",
            "new.example.com --jwks 3.0 3.1",
            "old.example.com --bundle 2.8",
            "old.example.com --jwks 3.0 3.1",
            "pss-and-id.example.com --bundle 3.0 3.1",
            "pss-and-id.example.com --jwks 3.0 3.1",
            "pss.example.com --bundle 3.0 3.1",
            "text.example.com --jwks 3.0 3.1",
        ]
    );
}

#[test]
fn settings_of_managed_keys_beside_a_pair() {
    let settings = settings_that_work(|dir| {
        dockgate::run(dir, &["keys", "init", "keys"]).succeeds();
        let files = Key::EcP256.write(dir);
        let [certificate, key] = [files.certificate, files.key].map(|file| file.display().to_string());
        format!(
            "  keys:\n    - {{managed_keys: keys}}\n    - {{name: pair, certificate: {certificate}, key: {key}}}\n\
             \x20 services:\n    new.example.com: {{key: pair, x5c: false, key_id: rfc7638}}\n"
        )
    });
    let Some(settings) = settings else { return };
    assert_eq!(
        shown(&settings),
        ["SERVICE --bundle 2.8 3.0 3.1", "new.example.com --bundle 3.1", "new.example.com --jwks 3.0 3.1",]
    );
}

fn shown(settings: &[Settings]) -> Vec<String> {
    let line = |Settings { service, versions, export, .. }: &Settings| {
        format!("{service} {} {}", export[3], versions.join(" "))
    };
    settings.iter().map(line).collect()
}

/// Takes what is shown of a configuration by its word, registry by registry.
#[track_caller]
fn settings_that_work(prepare: impl FnOnce(&Path) -> String) -> Option<Vec<Settings>> {
    let registries: Vec<Component> = VERSIONS.iter().map(|version| version.component).collect();
    if !components::installed(&[registries.as_slice(), &[SKOPEO]].concat()) {
        return None;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-shown-").tempdir().unwrap();
    let token = prepare(dir.path());
    let (server, port) = dockgate::serve(dir.path(), "dockgate", &token);
    let host = format!("127.0.0.1:{port}");
    let shown = dockgate::run(dir.path(), &["keys", "show", CONFIGURATION]).succeeds().stdout;
    let settings = read(&shown);
    for settings in &settings {
        settings.are_true(dir.path(), &host, server.log_file());
    }
    Some(settings)
}

impl Settings {
    fn are_true(&self, dir: &Path, dockgate: &str, log: &Path) {
        let words: Vec<&str> = self.export.iter().map(String::as_str).collect();
        let exported = &dockgate::run(dir, &words[1..]).succeeds().stdout;
        thread::scope(|scope| {
            for (version, name) in VERSIONS.into_iter().zip(NAMES) {
                scope.spawn(move || {
                    let home = tempfile::tempdir_in(dir).unwrap().keep();
                    fs::write(home.join(TRUSTED), exported).unwrap();
                    self.is_true(version, name, &home, dockgate, log);
                });
            }
        });
    }

    fn is_true(&self, version: Version, name: &str, home: &Path, dockgate: &str, log: &Path) {
        let auth = self.yaml.replace("https://HOST/", &format!("http://{dockgate}/"));
        let auth = auth.replace(&self.file, home.join(TRUSTED).to_str().unwrap());
        let is_named = self.versions.iter().any(|named| named == name);
        match registry::start_with(version, home, &auth) {
            Ok((process, port)) if is_named => {
                let logs = Logs(vec![log.to_owned(), process.log_file().to_owned()]);
                let skopeo = Skopeo::at(Home::new(home.to_owned(), format!("127.0.0.1:{port}"), logs));
                skopeo.login(ALICE.name, ALICE.password).succeeds();
                skopeo.push(&Image::of(&["shown"]), "alice/app:1").succeeds();
            }
            Ok((_process, port)) => {
                let token = token(dockgate, &self.service, "repository:alice/app:pull,push", &ALICE);
                let (host, upload) = (format!("127.0.0.1:{port}"), "/v2/alice/app/blobs/uploads/");
                let answer = request("POST", &host, upload, Some(&format!("Bearer {token}")));
                assert_eq!(answer.status, 401, "registry {name} is not named and takes them:\n{auth}");
            }
            Err(log) => assert!(!is_named, "registry {name} is named and does not start:\n{auth}\n{log}"),
        }
    }
}

/// Reads what a person would copy.
fn read(shown: &str) -> Vec<Settings> {
    let with = shown.split("  With `").skip(1).filter(|part| part.contains("`, for registry "));
    with.map(|part| {
        let (head, rest) = part.split_once(":\n\n").expect("a head and a section");
        let (_, versions) = head.split_once("for registry ").expect("versions");
        let lines = rest.lines().take_while(|line| line.starts_with("    "));
        let yaml: String = lines.map(|line| format!("{}\n", &line[4..])).collect();
        let value = |key: &str| {
            let (_, value) =
                yaml.split_once(&format!(" {key}: ")).unwrap_or_else(|| panic!("no {key}: {part}"));
            value.lines().next().unwrap().to_owned()
        };
        let trust = value(&head[..head.find('`').unwrap()]);
        let (file, command) = trust.split_once("   # ").expect("the command in a comment");
        let (command, _) = command.split_once(" > ").expect("its output in a file");
        Settings {
            service: serde_json::from_str(&value("service")).unwrap(),
            versions: versions.split(", ").map(str::to_owned).collect(),
            // No service of these tests has blanks.
            export: command.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect(),
            file: file.to_owned(),
            yaml,
        }
    })
    .collect()
}
