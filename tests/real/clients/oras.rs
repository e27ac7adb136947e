use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::components::{Component, ORAS};
use crate::harness::command::Outcome;
use crate::image::{Image, TAG};

pub(crate) struct Oras(Home);

impl Client for Oras {
    const NAME: &'static str = "oras";
    const COMPONENTS: &'static [Component] = &[ORAS];
    const DENIED: &'static str = "unauthorized";

    fn at(home: Home) -> Self {
        Self(home)
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        self.0.command(ORAS.program)
    }

    fn login(&self, name: &str, password: &str) -> Outcome {
        self.run(&["login", "--plain-http", "--username", name, "--password", password, self.0.host()])
    }

    /// As an artifact: the files of the image's layers, beside its config.
    fn push(&self, image: &Image, to: &str) -> Outcome {
        let files = image.write_files(&self.0.path(&format!("files-{}", image.id().replace(':', "-"))));
        let mut oras = self.tool();
        oras.current_dir(&files.dir).args([
            "push",
            "--plain-http",
            "--config",
            &files.config,
            &self.0.short(to),
        ]);
        self.0.run(oras.args(&files.layers))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        let to = format!("{}:{TAG}", layout.display());
        let pulled = self.run(&["copy", "--from-plain-http", "--to-oci-layout", &self.0.short(from), &to]);
        if pulled.is_success() {
            let files = layout.with_extension("files");
            let output = files.to_str().unwrap();
            self.run(&["pull", "--plain-http", "--output", output, &self.0.short(from)]).succeeds();
        }
        pulled
    }

    fn mount(&self, _image: &Image, from: &str, to: &str) -> Option<Outcome> {
        let plain_http = ["--from-plain-http", "--to-plain-http"];
        Some(
            self.0.run(self.tool().arg("copy").args(plain_http).args([self.0.short(from), self.0.short(to)])),
        )
    }

    fn list_tags(&self, repository: &str) -> Option<Outcome> {
        Some(self.run(&["repo", "tags", "--plain-http", &self.0.short(repository)]))
    }

    fn catalog(&self) -> Option<Outcome> {
        Some(self.run(&["repo", "ls", "--plain-http", self.0.host()]))
    }

    fn delete(&self, name: &str) -> Option<Outcome> {
        Some(self.run(&["manifest", "delete", "--force", "--plain-http", &self.0.short(name)]))
    }
}

impl Oras {
    fn run(&self, words: &[&str]) -> Outcome {
        self.0.run(self.tool().args(words))
    }
}
