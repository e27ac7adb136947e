use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;

/// What the image is compiled from is whole, and so is what is left of it for the layer of dependencies: cargo finds
/// every crate of the workspace and every target in it.
#[test]
fn the_context_of_the_build_holds_the_workspace() {
    let scratch = tempfile::tempdir().unwrap();
    let source = scratch.path().join("source");
    fs::create_dir(&source).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored = fs::read_to_string(root.join(".dockerignore")).unwrap();
    for taken in ignored.lines().filter_map(|line| line.strip_prefix('!')).filter(|name| *name != "dockgate")
    {
        run(Command::new("cp").arg("-r").arg(root.join(taken)).arg(&source), scratch.path()).succeeds();
    }
    let whole = workspace(&source, scratch.path());

    let dockerfile = fs::read_to_string(root.join("Dockerfile")).unwrap();
    let (_, stage) = dockerfile.split_once(" AS manifests\n").unwrap();
    let (_, script) = stage.split_once("\nRUN ").unwrap();
    let (script, _) = script.split_once("\n\n").unwrap();
    run(Command::new("sh").arg("-c").arg(script.replace("\\\n", "")).current_dir(&source), scratch.path())
        .succeeds();
    assert_eq!(workspace(&source, scratch.path()), whole);
    let ours = run(
        Command::new("grep").args(["-rLx", "fn main() {}", "--include=*.rs", "."]).current_dir(&source),
        scratch.path(),
    );
    assert_eq!(ours.stdout, "", "a change of ours would compile the dependencies anew");
}

/// The crates in a directory and their targets, none of which is missing.
fn workspace(source: &Path, scratch: &Path) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--locked", "--offline"]).current_dir(source);
    let metadata = run(&mut cargo, scratch).succeeds().stdout;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let mut names = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            // An example is found by its file, and not built.
            if target["kind"][0] == "example" {
                continue;
            }
            names.push(format!("{} {} {}", package["name"], target["kind"], target["name"]));
        }
    }
    names.sort();
    names
}

fn run(program: &mut Command, scratch: &Path) -> Outcome {
    command::run(program, scratch, &Logs::default())
}
