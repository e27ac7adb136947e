use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::components::{BUILDAH, Component};
use crate::harness::command::Outcome;
use crate::image::Image;

pub(crate) struct Buildah(Home);

impl Client for Buildah {
    const NAME: &'static str = "buildah";
    const COMPONENTS: &'static [Component] = &[BUILDAH];

    fn at(home: Home) -> Self {
        Self(home)
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        let mut buildah = self.0.command(BUILDAH.program);
        buildah.arg("--root").arg(self.0.path("storage")).arg("--runroot").arg(self.0.path("run"));
        buildah.args(["--storage-driver", "vfs"]);
        buildah
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        self.0.run(self.tool().args(["pull", "--quiet", &self.0.layout(image)])).succeeds();
        let push = ["push", "--quiet", "--tls-verify=false"];
        self.0.run(self.tool().args(push).args([&image.id(), &self.0.remote(to)]))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        let pull = ["pull", "--quiet", "--policy", "always", "--tls-verify=false"];
        let pulled = self.0.run(self.tool().args(pull).arg(self.0.remote(from)));
        if pulled.is_success() {
            // Into an OCI layout it would write the layers as it found them, compressed.
            let save = ["push", "--quiet", pulled.stdout.trim()];
            self.0.unpack(layout, |archive| {
                self.0.run(self.tool().args(save).arg(format!("docker-archive:{archive}")))
            });
        }
        pulled
    }

    /// It remembers where it sent the layers.
    fn mount(&self, image: &Image, _from: &str, to: &str) -> Option<Outcome> {
        Some(self.push(image, to))
    }
}
