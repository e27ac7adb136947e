//! Programs that the tests start and the project does not build.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;

#[derive(Clone, Copy)]
pub(crate) struct Component {
    pub(crate) program: &'static str,
    package: &'static str,
}

pub(crate) const REGISTRY: Component = Component { program: "docker-registry", package: "docker-registry" };
pub(crate) const SKOPEO: Component = Component { program: "skopeo", package: "skopeo" };
pub(crate) const PODMAN: Component = Component { program: "podman", package: "podman" };

/// Whether all of them are there. A missing one fails the test under `CI=true`; on a person's machine the
/// test passes, and says loudly that it proved nothing.
pub(crate) fn installed(components: &[Component]) -> bool {
    let missing: Vec<&Component> =
        components.iter().filter(|component| !in_path(component.program)).collect();
    for Component { program, package } in &missing {
        let notice = format!("NOT RUN: {program} is not installed (apt-get install {package})\n");
        assert!(env::var("CI").as_deref() != Ok("true"), "{notice}");
        // Not eprint!: the test harness swallows what a passing test prints.
        io::stderr().write_all(notice.as_bytes()).expect("standard error takes a line");
    }
    missing.is_empty()
}

fn in_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| is_file(&dir.join(program))))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
