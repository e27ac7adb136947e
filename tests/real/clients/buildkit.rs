use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home, Login};
use crate::components::{BUILDCTL, BUILDKITD, Component, RUNC};
use crate::every_client::WRONG_PASSWORD;
use crate::harness::command::Outcome;
use crate::harness::process::Process;
use crate::image::Image;

/// It builds: to push is to build from nothing, and to pull is to build from what is there.
///
/// Each has an engine of its own: what the engine pulled for one, it gives to the next who asks.
pub(crate) struct BuildKit {
    home: Home,
    address: String,
    _engine: Process,
}

impl Client for BuildKit {
    const NAME: &'static str = "BuildKit";
    const COMPONENTS: &'static [Component] = &[BUILDCTL, BUILDKITD, RUNC];
    const LOGIN: Login = Login::None;
    const LIMITS: &'static [(&'static str, &'static str)] =
        &[(WRONG_PASSWORD, "it has no login, and takes what `docker login` left")];
    const DENIED: &'static str = "insufficient_scope";

    fn at(home: Home) -> Self {
        let address = format!("unix://{}", home.path("buildkit.sock").display());
        let config = format!(
            "root = \"{}\"\n[grpc]\naddress = [\"{address}\"]\n[otel]\nsocketPath = \"{}\"\n[worker.containerd]\nenabled = false\n\
             [worker.oci]\nsnapshotter = \"native\"\n[registry.\"{}\"]\nhttp = true\n",
            home.path("buildkit").display(),
            home.path("otel.sock").display(),
            home.host(),
        );
        fs::write(home.path("buildkitd.toml"), config).unwrap();
        let mut engine = Command::new(BUILDKITD.program);
        engine.args(["--config", "buildkitd.toml"]);
        let engine = Process::start(&mut engine, home.dir(), "buildkitd").ready("running server on");
        Self { home, address, _engine: engine }
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn tool(&self) -> Command {
        let mut buildctl = self.home.command(BUILDCTL.program);
        buildctl.args(["--addr", &self.address]);
        buildctl
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        let mut dockerfile = String::from("FROM scratch\n");
        for word in image.words() {
            writeln!(dockerfile, "COPY {word}.txt /").unwrap();
            fs::write(self.home.path(&format!("{word}.txt")), word).unwrap();
        }
        self.build(&dockerfile, &self.to_registry(to))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        self.build(&self.from(from), &format!("type=local,dest={}", layout.display()))
    }

    fn read(&self, layout: &Path) -> Image {
        let files = fs::read_dir(layout).unwrap();
        let mut words: Vec<String> =
            files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        words.sort();
        Image::of(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// It remembers where it pulled the layers from.
    fn mount(&self, _image: &Image, from: &str, to: &str) -> Option<Outcome> {
        Some(self.build(&self.from(from), &self.to_registry(to)))
    }
}

impl BuildKit {
    fn build(&self, dockerfile: &str, output: &str) -> Outcome {
        fs::write(self.home.path("Dockerfile"), dockerfile).unwrap();
        let here = ["--local", "context=.", "--local", "dockerfile=."];
        let build = ["build", "--progress", "plain", "--frontend", "dockerfile.v0"];
        self.home.run(self.tool().args(build).args(here).args(["--output", output]))
    }

    fn from(&self, name: &str) -> String {
        format!("FROM {}\n", self.home.short(name))
    }

    fn to_registry(&self, name: &str) -> String {
        format!("type=image,push=true,name={}", self.home.short(name))
    }
}
