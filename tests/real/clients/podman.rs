use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::components::{Component, PODMAN};
use crate::harness::command::Outcome;
use crate::image::Image;

pub(crate) struct Podman(Home);

impl Client for Podman {
    const NAME: &'static str = "podman";
    const COMPONENTS: &'static [Component] = &[PODMAN];

    fn at(home: Home) -> Self {
        Self(home)
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        let mut podman = self.0.command(PODMAN.program);
        for (option, place) in [("--root", "storage"), ("--runroot", "run"), ("--tmpdir", "tmp")] {
            podman.arg(option).arg(self.0.path(place));
        }
        podman.args(["--storage-driver", "vfs", "--events-backend", "none"]);
        podman
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        self.0.run(self.tool().args(["pull", &self.0.layout(image)])).succeeds();
        self.0.run(self.tool().args(["push", "--tls-verify=false", &image.id(), &self.0.remote(to)]))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        let pulled =
            self.0.run(self.tool().args(["pull", "--quiet", "--tls-verify=false", &self.0.remote(from)]));
        if pulled.is_success() {
            let id = pulled.stdout.trim();
            let save = ["save", "--quiet", "--uncompressed", "--format", "oci-dir", "--output"];
            self.0.run(self.tool().args(save).arg(layout).arg(id)).succeeds();
        }
        pulled
    }

    /// It remembers where it sent the layers.
    fn mount(&self, image: &Image, _from: &str, to: &str) -> Option<Outcome> {
        Some(self.push(image, to))
    }

    fn list_tags(&self, repository: &str) -> Option<Outcome> {
        Some(self.search(&["--list-tags", &self.0.short(repository)]))
    }

    fn catalog(&self) -> Option<Outcome> {
        Some(self.search_catalog(""))
    }
}

impl Podman {
    /// Lists the repositories whose names hold `word`, by way of the catalog.
    pub(crate) fn search_catalog(&self, word: &str) -> Outcome {
        self.search(&[&self.0.short(word)])
    }

    fn search(&self, what: &[&str]) -> Outcome {
        self.0.run(self.tool().args(["search", "--tls-verify=false"]).args(what))
    }
}
