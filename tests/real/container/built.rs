//! A Docker engine with the images of both variants.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::bare_image;
use crate::client::{Client as _, Home};
use crate::clients::docker::Docker;
use crate::components::{self, CONTAINERD, Component, DOCKER, DOCKERD, RUNC};
use crate::dockgate;
use crate::harness::logs::Logs;
use crate::harness::process::Process;

pub(super) const PLAIN: &str = "dockgate:plain";
pub(super) const SHELL: &str = "dockgate:shell";
/// What every container of these tests has to do with.
pub(super) const CONFINED: [&str; 5] =
    ["--rm", "--network=host", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"];

pub(super) struct Built {
    pub(super) docker: Docker,
    pub(super) dir: TempDir,
}

impl Built {
    /// `None` if a component is missing.
    pub(super) fn images(more: &[Component]) -> Option<Self> {
        if !components::installed(&[&[DOCKERD, CONTAINERD, DOCKER, RUNC], more].concat()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-image-").tempdir().unwrap();
        // Users of the containers have to get through to what is mounted.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let place = |name: &str| {
            let place = dir.path().join(name);
            fs::create_dir(&place).unwrap();
            place
        };
        let docker = Docker::at(Home::new(place("engine"), String::new(), Logs::default()));
        let program = Path::new(dockgate::PROGRAM);
        bare_image::import_base(&docker, &place("base"), &[], program, "base:plain");
        let shell = [(Path::new("/bin/sh"), "/bin/sh"), (Path::new("/bin/cat"), "/bin/cat")];
        bare_image::import_base(&docker, &place("base-shell"), &shell, program, "base:shell");
        let context = place("context");
        for file in ["Dockerfile", ".dockerignore"] {
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), context.join(file)).unwrap();
        }
        fs::copy(program, context.join("dockgate")).unwrap();
        let built = Self { docker, dir };
        for (target, image) in [("plain", PLAIN), ("shell", SHELL)] {
            built.build(&context, target, image);
        }
        Some(built)
    }

    fn build(&self, context: &Path, target: &str, image: &str) {
        let mut build = self.docker.tool();
        build.env("DOCKER_BUILDKIT", "1").args(["build", "--target", target, "--tag", image]);
        for argument in ["BINARY=given", "RUNTIME_IMAGE=base:plain", "SHELL_IMAGE=base:shell"] {
            build.args(["--build-arg", argument]);
        }
        self.docker.home().run(build.arg(context)).succeeds();
    }

    pub(super) fn place(&self, name: &str) -> PathBuf {
        let place = self.dir.path().join(name);
        fs::create_dir_all(&place).unwrap();
        place
    }

    /// `docker run` until the container ends; what it printed.
    pub(super) fn prints(&self, arguments: &[&str]) -> String {
        self.docker.run(&[&["run"], &CONFINED[..], arguments].concat()).succeeds().stdout
    }

    /// `docker run` of a server with a configuration for a free port, in the directory `config` of the test; answers
    /// its port and the container's name, too.
    pub(super) fn serves(&self, token: &str, arguments: &[&str]) -> (Process, u16, String) {
        let name = |port: u16| format!("serves-{port}");
        let (server, port) = Process::listening("listening", |port| {
            let file = self.place("config").join("auth_config.yml");
            fs::write(&file, dockgate::configuration(port, token)).unwrap();
            let mut run = Command::new(DOCKER.program);
            run.args(["--host", self.docker.engine(), "run", "--name", &name(port)]);
            run.args(CONFINED).args(arguments);
            Process::start(&mut run, self.dir.path(), &name(port))
        });
        (server, port, name(port))
    }
}

/// As `docker run` takes it.
pub(super) fn volume(from: &Path, to: &str) -> String {
    format!("--volume={}:{to}", from.display())
}
