//! Programs that the tests start and the project does not build.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Component {
    pub(crate) program: &'static str,
    package: &'static str,
}

pub(crate) const REGISTRY: Component = Component { program: "docker-registry", package: "docker-registry" };
pub(crate) const REGISTRY_3_0: Component =
    Component { program: "registry-3.0.0", package: "see tests/real/install.sh" };
pub(crate) const REGISTRY_3_1: Component =
    Component { program: "registry-3.1.1", package: "see tests/real/install.sh" };
pub(crate) const SKOPEO: Component = Component { program: "skopeo", package: "skopeo" };
pub(crate) const PODMAN: Component = Component { program: "podman", package: "podman" };

/// Whether all of them are there. A missing one fails the test under `CI=true`; on a person's machine the
/// test passes, and says loudly that it proved nothing.
pub(crate) fn installed(components: &[Component]) -> bool {
    let missing: Vec<&Component> = components.iter().filter(|component| component.find().is_none()).collect();
    for Component { program, package } in &missing {
        let notice = format!("NOT RUN: {program} is not installed (apt-get install {package})\n");
        assert!(env::var("CI").as_deref() != Ok("true"), "{notice}");
        // Not eprint!: the test harness swallows what a passing test prints.
        io::stderr().write_all(notice.as_bytes()).expect("standard error takes a line");
    }
    missing.is_empty()
}

impl Component {
    /// Where it is: what the project installed for itself comes first, then what the machine has.
    pub(crate) fn find(self) -> Option<PathBuf> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components/bin");
        let path = env::var_os("PATH").unwrap_or_default();
        let mut places = [own].into_iter().chain(env::split_paths(&path));
        places.find_map(|dir| Some(dir.join(self.program)).filter(|program| is_file(program)))
    }
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
