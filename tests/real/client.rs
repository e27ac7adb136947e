//! What the tests want of a client, whichever it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::components::Component;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::image::Image;

const AUTH_FILE: &str = "auth.json";

/// A client's own directory, and the registry that it talks to.
pub(crate) struct Home {
    dir: PathBuf,
    host: String,
    logs: Logs,
}

pub(crate) trait Client {
    const COMPONENT: Component;

    fn at(home: Home) -> Self;

    fn home(&self) -> &Home;

    /// The program in its surroundings, ready for a subcommand.
    fn tool(&self) -> Command;

    /// Pushes to `to`, a `repository:tag`.
    fn push(&self, image: &Image, to: &str) -> Outcome;

    /// Pulls `from`, a `repository:tag`, into the OCI layout `layout`.
    fn pull_into(&self, from: &str, layout: &Path) -> Outcome;

    fn list_tags(&self, repository: &str) -> Outcome;

    fn login(&self, name: &str, password: &str) -> Outcome {
        let credentials = ["login", "--tls-verify=false", "--username", name, "--password", password];
        self.home().run(self.tool().args(credentials).arg(&self.home().host))
    }

    fn pull(&self, from: &str) -> Outcome {
        self.pull_into(from, &self.home().path("refused"))
    }

    #[track_caller]
    fn pulled(&self, from: &str) -> Image {
        let layout = self.home().path("pulled");
        self.pull_into(from, &layout).succeeds();
        Image::read(&layout)
    }
}

impl Home {
    pub(crate) fn new(dir: PathBuf, host: String, logs: Logs) -> Self {
        fs::write(dir.join(AUTH_FILE), "{}").unwrap(); // podman fails if the file is named and missing
        Self { dir, host, logs }
    }

    /// Leaves credentials behind as a login would, which nobody has checked.
    pub(crate) fn remember(&self, name: &str, password: &str) {
        let auth = STANDARD.encode(format!("{name}:{password}"));
        let credentials = json!({"auths": {&self.host: {"auth": auth}}});
        fs::write(self.path(AUTH_FILE), credentials.to_string()).unwrap();
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(key, _)| key == "PATH"))
            .env("LC_ALL", "C")
            .env("HOME", &self.dir)
            .env("TMPDIR", &self.dir)
            .env("XDG_RUNTIME_DIR", &self.dir)
            .env("REGISTRY_AUTH_FILE", self.path(AUTH_FILE))
            .current_dir(&self.dir);
        command
    }

    pub(crate) fn run(&self, command: &mut Command) -> Outcome {
        command::run(command, &self.dir, &self.logs)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// `image` as an OCI layout, in the notation of containers/image.
    pub(crate) fn layout(&self, image: &Image) -> String {
        let layout = image.id().replace(':', "-");
        image.write(&self.path(&layout));
        oci(layout.as_ref()) // relative: podman makes a name of it, which capitals in the path would spoil
    }

    /// The registry's `name`, as people write it.
    pub(crate) fn short(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// The registry's `name`, in the notation of containers/image.
    pub(crate) fn remote(&self, name: &str) -> String {
        format!("docker://{}", self.short(name))
    }
}

pub(crate) fn oci(layout: &Path) -> String {
    format!("oci:{}:{}", layout.display(), crate::image::TAG)
}

/// Makes a test of each flow and client: a flow is a `fn flow<C: Client>()`.
macro_rules! with_each_client {
    ($($flow:ident),+ $(,)?) => {
        mod skopeo {
            $(#[test] fn $flow() { super::$flow::<crate::skopeo::Skopeo>(); })+
        }
        mod podman {
            $(#[test] fn $flow() { super::$flow::<crate::podman::Podman>(); })+
        }
    };
}

pub(crate) use with_each_client;
