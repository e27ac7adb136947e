use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::clients::containerd::{Containerd, MOUNTS_OR_NOTHING};
use crate::components::{CONTAINERD, Component, NERDCTL};
use crate::every_client::LAYERS_OF_OTHERS;
use crate::harness::command::Outcome;
use crate::image::Image;

pub(crate) struct Nerdctl {
    home: Home,
    containerd: Containerd,
}

impl Client for Nerdctl {
    const NAME: &'static str = "nerdctl";
    const COMPONENTS: &'static [Component] = &[NERDCTL, CONTAINERD];
    const LIMITS: &'static [(&'static str, &'static str)] = &[(LAYERS_OF_OTHERS, MOUNTS_OR_NOTHING)];
    const DENIED: &'static str = "insufficient_scope";

    fn at(home: Home) -> Self {
        let containerd = Containerd::start(&home);
        Self { home, containerd }
    }

    fn beside(&self, home: Home) -> Self {
        Self { home, containerd: self.containerd.clone() }
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn tool(&self) -> Command {
        let mut nerdctl = self.home.command(NERDCTL.program);
        nerdctl.env("NERDCTL_TOML", self.home.path("nerdctl.toml"));
        nerdctl.arg("--address").arg(&self.containerd.socket);
        let places =
            [("data-root", "data"), ("cni-path", "cni"), ("cni-netconfpath", "net"), ("hosts-dir", "hosts")];
        for (option, place) in places {
            nerdctl.arg(format!("--{option}")).arg(self.home.path(place));
        }
        nerdctl.args(["--namespace", "tests", "--snapshotter", "native"]); // it copies; others mount
        nerdctl
    }

    fn login(&self, name: &str, password: &str) -> Outcome {
        self.run(&["login", "--username", name, "--password", password, self.home.host()])
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        let archive = self.home.archive(image, to);
        self.home.run(self.tool().args(["load", "--input"]).arg(archive)).succeeds();
        self.run(&["push", &self.home.short(to)])
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

    /// It remembers where it pulled the layers from.
    fn mount(&self, _image: &Image, from: &str, to: &str) -> Option<Outcome> {
        let [from, to] = [from, to].map(|name| self.home.short(name));
        self.run(&["pull", "--quiet", &from]).succeeds();
        self.run(&["tag", &from, &to]).succeeds();
        Some(self.run(&["push", &to]))
    }
}

impl Nerdctl {
    fn run(&self, words: &[&str]) -> Outcome {
        self.home.run(self.tool().args(words))
    }
}
