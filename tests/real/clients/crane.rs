use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home, Login};
use crate::components::{CRANE, Component};
use crate::every_client::WRONG_PASSWORD;
use crate::harness::command::Outcome;
use crate::image::Image;

pub(crate) struct Crane(Home);

impl Client for Crane {
    const NAME: &'static str = "crane";
    const COMPONENTS: &'static [Component] = &[CRANE];
    const LOGIN: Login = Login::Unchecked;
    const LIMITS: &'static [(&'static str, &'static str)] =
        &[(WRONG_PASSWORD, "`crane auth login` writes down what it is given and asks nobody")];
    const DENIED: &'static str = "unauthorized";

    fn at(home: Home) -> Self {
        Self(home)
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        self.0.command(CRANE.program)
    }

    fn login(&self, name: &str, password: &str) -> Outcome {
        self.run(&["auth", "login", "--username", name, "--password", password, self.0.host()])
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        let layout = self.0.written(image);
        self.0.run(self.tool().arg("push").arg(layout).arg(self.0.short(to)))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        self.0.run(self.tool().args(["pull", "--format=oci", &self.0.short(from)]).arg(layout))
    }

    fn mount(&self, _image: &Image, from: &str, to: &str) -> Option<Outcome> {
        Some(self.run(&["copy", &self.0.short(from), &self.0.short(to)]))
    }

    fn list_tags(&self, repository: &str) -> Option<Outcome> {
        Some(self.run(&["ls", &self.0.short(repository)]))
    }

    fn catalog(&self) -> Option<Outcome> {
        Some(self.run(&["catalog", self.0.host()]))
    }

    /// By digest: Debian's registry deletes no tags, and crane does not look the digest up by itself.
    fn delete(&self, name: &str) -> Option<Outcome> {
        let name = self.0.short(name);
        let digest = self.run(&["digest", &name]);
        if !digest.is_success() {
            return Some(digest);
        }
        let (repository, _tag) = name.rsplit_once(':').unwrap();
        Some(self.run(&["delete", &format!("{repository}@{}", digest.stdout.trim())]))
    }
}

impl Crane {
    fn run(&self, words: &[&str]) -> Outcome {
        self.0.run(self.tool().args(words))
    }
}
