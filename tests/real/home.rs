//! Where a client lives: a directory that is all its own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::components;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::image::Image;

/// Where podman, skopeo and buildah keep credentials.
const AUTH_FILE: &str = "auth.json";
/// Where the others do.
const DOCKER_CONFIG: &str = ".docker/config.json";

/// A client's own directory, and the registry that it talks to.
pub(crate) struct Home {
    dir: PathBuf,
    host: String,
    logs: Logs,
    trusted: Option<PathBuf>,
}

impl Home {
    pub(crate) fn new(dir: PathBuf, host: String, logs: Logs) -> Self {
        fs::write(dir.join(AUTH_FILE), "{}").unwrap(); // podman fails if the file is named and missing
        Self { dir, host, logs, trusted: None }
    }

    /// Where a certificate (PEM) is trusted, for clients that are not told to trust any.
    pub(crate) fn trusting(self, certificate: PathBuf) -> Self {
        Self { trusted: Some(certificate), ..self }
    }

    /// Leaves credentials behind as a login would, which nobody has checked.
    pub(crate) fn remember(&self, name: &str, password: &str) {
        let auth = STANDARD.encode(format!("{name}:{password}"));
        let credentials = json!({"auths": {&self.host: {"auth": auth}}});
        fs::create_dir_all(self.path(".docker")).unwrap();
        for file in [AUTH_FILE, DOCKER_CONFIG] {
            fs::write(self.path(file), credentials.to_string()).unwrap();
        }
    }

    /// Leaves an identity token behind, as `docker login` does.
    pub(crate) fn remember_token(&self, name: &str, token: &str) {
        let auth = STANDARD.encode(format!("{name}:"));
        let credentials = json!({"auths": {&self.host: {"auth": auth, "identitytoken": token}}});
        fs::create_dir_all(self.path(".docker")).unwrap();
        for file in [AUTH_FILE, DOCKER_CONFIG] {
            fs::write(self.path(file), credentials.to_string()).unwrap();
        }
    }

    /// What docker's file holds for the registry.
    pub(crate) fn docker_remembers(&self) -> Value {
        let file: Value =
            serde_json::from_str(&fs::read_to_string(self.path(DOCKER_CONFIG)).unwrap()).unwrap();
        file["auths"][&self.host].clone()
    }

    /// `NAME:PASSWORD` as they were left.
    pub(crate) fn remembered(&self) -> Option<String> {
        let file: Value = serde_json::from_str(&fs::read_to_string(self.path(AUTH_FILE)).unwrap()).unwrap();
        let credentials = STANDARD.decode(file["auths"][&self.host]["auth"].as_str()?).unwrap();
        Some(String::from_utf8(credentials).unwrap())
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", with_helper(components::path()))
            .env("LC_ALL", "C")
            .env("HOME", &self.dir)
            .env("TMPDIR", &self.dir)
            .env("XDG_RUNTIME_DIR", &self.dir)
            .env("REGISTRY_AUTH_FILE", self.path(AUTH_FILE))
            .current_dir(&self.dir);
        if let Some(trusted) = &self.trusted {
            command.env("SSL_CERT_FILE", trusted); // as Go and OpenSSL call it
        }
        command
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn run(&self, command: &mut Command) -> Outcome {
        command::run(command, &self.dir, &self.logs)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// `image` as an OCI layout; answers its directory, in here.
    pub(crate) fn written(&self, image: &Image) -> PathBuf {
        let layout = self.path(&image.id().replace(':', "-"));
        image.write(&layout);
        layout
    }

    /// `image` in an archive under the registry's `name`, for engines to load.
    pub(crate) fn archive(&self, image: &Image, name: &str) -> PathBuf {
        let layout = self.path("archive");
        image.write_named(&layout, &self.short(name));
        let archive = self.path("archive.tar");
        self.run(self.command("tar").arg("-C").arg(&layout).arg("-cf").arg(&archive).arg(".")).succeeds();
        fs::remove_dir_all(&layout).unwrap();
        archive
    }

    /// Has an engine `save` an archive, and unpacks it into the new directory `layout`.
    pub(crate) fn unpack(&self, layout: &Path, save: impl FnOnce(&str) -> Outcome) {
        fs::create_dir_all(layout).unwrap();
        let archive = layout.join("archive.tar");
        save(archive.to_str().unwrap()).succeeds();
        self.run(self.command("tar").arg("-C").arg(layout).arg("-xf").arg(&archive)).succeeds();
    }

    /// `image` as an OCI layout, in the notation of containers/image.
    pub(crate) fn layout(&self, image: &Image) -> String {
        let layout = self.written(image);
        oci(layout.strip_prefix(&self.dir).unwrap()) // relative: podman makes a name of it, which capitals in the path would spoil
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
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

/// Where `docker-credential-dockgate` is found too.
fn with_helper(path: OsString) -> OsString {
    let helper = Path::new(env!("CARGO_BIN_EXE_docker-credential-dockgate"));
    let directories = env::split_paths(&path).chain(helper.parent().map(Path::to_path_buf));
    env::join_paths(directories).expect("no directory of PATH has a colon")
}

pub(crate) fn oci(layout: &Path) -> String {
    format!("oci:{}:{}", layout.display(), crate::image::TAG)
}
