use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::components::{Component, REGCTL};
use crate::harness::command::Outcome;
use crate::image::{Image, TAG};

pub(crate) struct Regctl(Home);

impl Client for Regctl {
    const NAME: &'static str = "regctl";
    const COMPONENTS: &'static [Component] = &[REGCTL];
    const DENIED: &'static str = "unauthorized";

    fn at(home: Home) -> Self {
        let regctl = Self(home);
        let plain_http = ["registry", "set", "--skip-check", "--tls", "disabled", regctl.0.host()];
        regctl.run(&plain_http).succeeds();
        regctl
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        self.0.command(REGCTL.program)
    }

    fn login(&self, name: &str, password: &str) -> Outcome {
        self.run(&["registry", "login", "--user", name, "--pass", password, self.0.host()])
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        let layout = self.0.written(image);
        self.run(&["image", "copy", &local(&layout), &self.0.short(to)])
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        self.run(&["image", "copy", &self.0.short(from), &local(layout)])
    }

    fn mount(&self, _image: &Image, from: &str, to: &str) -> Option<Outcome> {
        Some(self.run(&["image", "copy", &self.0.short(from), &self.0.short(to)]))
    }

    fn list_tags(&self, repository: &str) -> Option<Outcome> {
        Some(self.run(&["tag", "list", &self.0.short(repository)]))
    }

    fn catalog(&self) -> Option<Outcome> {
        Some(self.run(&["repo", "list", self.0.host()]))
    }

    fn delete(&self, name: &str) -> Option<Outcome> {
        Some(self.run(&["manifest", "delete", "--force-tag-dereference", &self.0.short(name)]))
    }
}

impl Regctl {
    fn run(&self, words: &[&str]) -> Outcome {
        self.0.run(self.tool().args(words))
    }
}

fn local(layout: &Path) -> String {
    format!("ocidir://{}:{TAG}", layout.display())
}
