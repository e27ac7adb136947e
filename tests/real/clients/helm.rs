use std::fs;
use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::components::{Component, HELM};
use crate::harness::command::Outcome;
use crate::image::Image;

/// Its images are charts: the words of the image are the chart's values.
pub(crate) struct Helm(Home);

const WORDS: &str = "words: ";

impl Client for Helm {
    const NAME: &'static str = "helm";
    const COMPONENTS: &'static [Component] = &[HELM];
    const DENIED: &'static str = "unauthorized";

    fn at(home: Home) -> Self {
        Self(home)
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        self.0.command(HELM.program)
    }

    fn login(&self, name: &str, password: &str) -> Outcome {
        let login = ["registry", "login", "--plain-http", "--username", name, "--password", password];
        self.0.run(self.tool().args(login).arg(self.0.host()))
    }

    /// The chart's name is the end of the repository's, and its version is the tag.
    fn push(&self, image: &Image, to: &str) -> Outcome {
        let (repository, version) = to.rsplit_once(':').unwrap();
        let (namespace, name) = repository.rsplit_once('/').unwrap();
        let chart = self.0.path(name);
        fs::create_dir_all(&chart).unwrap();
        let metadata = format!("apiVersion: v2\nname: {name}\nversion: \"{version}\"\n");
        fs::write(chart.join("Chart.yaml"), metadata).unwrap();
        fs::write(chart.join("values.yaml"), format!("{WORDS}{}\n", image.words().join(" "))).unwrap();
        self.0.run(self.tool().arg("package").arg(&chart)).succeeds();
        let package = format!("{name}-{version}.tgz");
        self.0.run(self.tool().args(["push", "--plain-http", &package, &self.oci(namespace)]))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        let (repository, version) = from.rsplit_once(':').unwrap();
        let remote = self.oci(repository);
        let pull = ["pull", "--plain-http", "--version", version, "--untar", "--untardir"];
        let pulled = self.0.run(self.tool().args(pull).arg(layout).arg(&remote));
        if pulled.is_success() {
            let show = ["show", "chart", "--plain-http", "--version", version, &remote];
            let shown = self.0.run(self.tool().args(show)).succeeds();
            assert!(shown.stdout.contains(version), "{shown}");
        }
        pulled
    }

    fn read(&self, layout: &Path) -> Image {
        let chart = fs::read_dir(layout).unwrap().next().expect("a chart").unwrap();
        let values = fs::read_to_string(chart.path().join("values.yaml")).unwrap();
        let words: Vec<&str> = values.trim().trim_start_matches(WORDS).split(' ').collect();
        Image::of(&words)
    }

    fn mount(&self, _image: &Image, _from: &str, _to: &str) -> Option<Outcome> {
        None
    }
}

impl Helm {
    fn oci(&self, name: &str) -> String {
        format!("oci://{}", self.0.short(name))
    }
}
