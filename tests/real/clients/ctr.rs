use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home, Login};
use crate::clients::containerd::{Containerd, MOUNTS_OR_NOTHING};
use crate::components::{CONTAINERD, CTR, Component};
use crate::every_client::{LAYERS_OF_OTHERS, WRONG_PASSWORD};
use crate::harness::command::Outcome;
use crate::image::Image;

/// containerd's own client.
pub(crate) struct Ctr {
    home: Home,
    containerd: Containerd,
}

/// Copies; others mount.
const SNAPSHOTTER: [&str; 2] = ["--snapshotter", "native"];

impl Client for Ctr {
    const NAME: &'static str = "ctr";
    const COMPONENTS: &'static [Component] = &[CTR, CONTAINERD];
    const LOGIN: Login = Login::None;
    const LIMITS: &'static [(&'static str, &'static str)] = &[
        (WRONG_PASSWORD, "it has no login; `--user` goes with each command"),
        (LAYERS_OF_OTHERS, MOUNTS_OR_NOTHING),
    ];
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
        let mut ctr = self.home.command(CTR.program);
        ctr.arg("--address").arg(&self.containerd.socket).args(["--namespace", "tests", "images"]);
        ctr
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        let archive = self.home.archive(image, to);
        self.home.run(self.tool().arg("import").args(SNAPSHOTTER).arg(archive)).succeeds();
        self.remote("push", &[], to)
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        let known = self.home.run(self.tool().args(["list", "--quiet"])).succeeds();
        self.home.run(self.tool().args(["remove", "--sync"]).args(known.stdout.lines())).succeeds();
        let pulled = self.remote("pull", &SNAPSHOTTER, from);
        if pulled.is_success() {
            let name = self.home.short(from);
            self.home.unpack(layout, |archive| self.home.run(self.tool().args(["export", archive, &name])));
        }
        pulled
    }

    /// It remembers where it pulled the layers from.
    fn mount(&self, _image: &Image, from: &str, to: &str) -> Option<Outcome> {
        self.remote("pull", &SNAPSHOTTER, from).succeeds();
        let names = [self.home.short(from), self.home.short(to)];
        self.home.run(self.tool().arg("tag").args(names)).succeeds();
        Some(self.remote("push", &[], to))
    }
}

impl Ctr {
    fn remote(&self, command: &str, options: &[&str], name: &str) -> Outcome {
        let mut ctr = self.tool();
        ctr.args([command, "--plain-http"]).args(options);
        if let Some(credentials) = self.home.remembered() {
            ctr.args(["--user", &credentials]);
        }
        self.home.run(ctr.arg(self.home.short(name)))
    }
}
