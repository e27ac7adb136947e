//! What benches/README.md says to type, with debug builds and rounds that are too short to tell anything.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::page::{page, root};
use crate::components;
use crate::dockgate::PROGRAM;
use crate::harness::command;
use crate::harness::logs::Logs;

/// The load generator. `cargo test` builds it only if no target is chosen, so that it is built here: at once, if there is nothing
/// to do.
fn load() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    cargo.args(["build", "--package", "dockgate-load", "--locked", "--offline", "--quiet"]);
    cargo.args((profile.file_name() == Some("release".as_ref())).then_some("--release"));
    cargo.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(root());
    assert!(cargo.status().unwrap().success(), "it cannot be built: {cargo:?}");
    profile.join("dockgate-load")
}

/// Each line of the page, with rounds of a tenth of its time.
#[test]
fn side_by_side_measures_what_the_page_says() {
    if !components::installed(&[components::OPENSSL]) {
        return;
    }
    let load = load();
    let page = page("benches/README.md");
    let lines = page.shell_blocks().flat_map(|block| block.text.lines());
    let mut ran = 0;
    for line in lines.filter(|line| line.contains("side_by_side.sh")) {
        let line = line.split('#').next().unwrap().trim();
        let (_, script) = line.split_once(' ').unwrap(); // DOCKER_AUTH, which is not here
        let words: Vec<&str> = script.split_whitespace().collect();
        let [program, rules, algorithm, _seconds, options @ ..] = words.as_slice() else { panic!("{line}") };
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(root().join(program));
        command.args([rules, algorithm, &"0.4"]).args(options).args(["--warm-up", "0", "--connections", "2"]);
        command
            .env("DOCKGATE", PROGRAM)
            .env("LOAD", &load)
            .env("TMPDIR", dir.path())
            .env_remove("DOCKER_AUTH");
        let measured = command::run(&mut command, dir.path(), &Logs::default()).succeeds();
        assert!(measured.stdout.contains("server CPU") || options.contains(&"--flood"), "{measured}");
        ran += 1;
    }
    assert_eq!(ran, 3);
}

#[test]
fn the_profile_has_names_and_the_benches_use_it() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let profile = |name: &str| {
        let (_, rest) = manifest.split_once(&format!("[profile.{name}]\n")).unwrap();
        rest.split("\n[").next().unwrap().to_owned()
    };
    assert!(profile("profiling").contains("debug = \"line-tables-only\""));
    assert!(profile("profiling").contains("strip = \"none\""));
    assert!(profile("bench").contains("inherits = \"profiling\""));
}
