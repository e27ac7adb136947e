//! The programs of `examples/`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A cargo example. `cargo test` builds them only if no target is chosen, so that they are built here: at once, if there
/// is nothing to do.
pub(crate) fn built_example(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
        cargo.args(["build", "--workspace", "--locked", "--offline", "--quiet"]);
        cargo.args(["--example", "custom_backend", "--example", "own_place"]);
        cargo.args((profile.file_name() == Some("release".as_ref())).then_some("--release"));
        cargo.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(cargo.status().unwrap().success(), "the examples cannot be built: {cargo:?}");
        profile.join("examples")
    });
    let program = built.join(name);
    assert!(program.exists(), "{name} is not among the examples that are built here");
    program
}
