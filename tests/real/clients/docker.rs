use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use serde_json::json;

use crate::client::{Client, Home};
use crate::clients::containerd::Containerd;
use crate::components::{CONTAINERD, Component, DOCKER, DOCKERD};
use crate::harness::command::Outcome;
use crate::harness::process::Process;
use crate::image::Image;

pub(crate) struct Docker {
    home: Home,
    engine: Rc<Engine>,
}

/// The fields end in order: the engine before the containerd that it uses.
struct Engine {
    _dockerd: Process,
    _containerd: Containerd,
    _left_mounted: LeftMounted,
    host: String,
}

/// The network of containers, which dockerd leaves mounted: its directory could not be removed.
struct LeftMounted(PathBuf);

impl Drop for LeftMounted {
    fn drop(&mut self) {
        // There was none if no container ran.
        let _ = Command::new("umount").arg(&self.0).stderr(Stdio::null()).status();
    }
}

impl Client for Docker {
    const NAME: &'static str = "docker";
    const COMPONENTS: &'static [Component] = &[DOCKER, DOCKERD, CONTAINERD];

    fn at(home: Home) -> Self {
        let engine = Rc::new(Engine::start(&home));
        Self { home, engine }
    }

    fn beside(&self, home: Home) -> Self {
        Self { home, engine: Rc::clone(&self.engine) }
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn tool(&self) -> Command {
        let mut docker = self.home.command(DOCKER.program);
        docker.env("DOCKER_HOST", &self.engine.host);
        docker
    }

    fn login(&self, name: &str, password: &str) -> Outcome {
        self.run(&["login", "--username", name, "--password", password, self.home.host()])
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        let archive = self.home.archive(image, to);
        self.home.run(self.tool().args(["load", "--quiet", "--input"]).arg(archive)).succeeds();
        self.run(&["push", "--quiet", &self.home.short(to)])
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        self.run(&["image", "prune", "--all", "--force"]).succeeds();
        let pulled = self.run(&["pull", "--quiet", &self.home.short(from)]);
        if pulled.is_success() {
            let name = self.home.short(from);
            self.home.unpack(layout, |archive| self.run(&["save", "--output", archive, &name]));
        }
        pulled
    }

    /// It remembers where it sent the layers.
    fn mount(&self, image: &Image, _from: &str, to: &str) -> Option<Outcome> {
        Some(self.push(image, to))
    }
}

impl Docker {
    /// What `DOCKER_HOST` is to be for this engine.
    pub(crate) fn engine(&self) -> &str {
        &self.engine.host
    }

    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        self.home.run(self.tool().args(words))
    }
}

impl Engine {
    fn start(home: &Home) -> Self {
        let containerd = Containerd::start(home);
        let host = format!("unix://{}", home.path("docker.sock").display());
        let mut dockerd = Command::new(DOCKERD.program);
        dockerd.arg("--containerd").arg(&containerd.socket).args(["--host", &host]);
        // It needs no network and no mounts for what it does here.
        dockerd.args(["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"]);
        for (option, place) in [
            ("config-file", "daemon.json"),
            ("data-root", "data"),
            ("exec-root", "exec"),
            ("pidfile", "docker.pid"),
        ] {
            dockerd.arg(format!("--{option}")).arg(home.path(place));
        }
        let key = json!({"deprecated-key-path": home.path("key.json")}); // else it is one for the machine
        fs::write(home.path("daemon.json"), key.to_string()).unwrap();
        let dockerd = Process::start(&mut dockerd, home.dir(), "dockerd").ready("API listen on");
        let left_mounted = LeftMounted(home.path("exec").join("netns/default"));
        Self { _dockerd: dockerd, _containerd: containerd, _left_mounted: left_mounted, host }
    }
}
