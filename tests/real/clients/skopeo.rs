use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home};
use crate::components::{Component, SKOPEO};
use crate::harness::command::Outcome;
use crate::home::oci;
use crate::image::Image;

pub(crate) struct Skopeo(Home);

impl Client for Skopeo {
    const NAME: &'static str = "skopeo";
    const COMPONENTS: &'static [Component] = &[SKOPEO];

    fn at(home: Home) -> Self {
        Self(home)
    }

    fn home(&self) -> &Home {
        &self.0
    }

    fn tool(&self) -> Command {
        let mut skopeo = self.0.command(SKOPEO.program);
        // Root's record of seen blobs, which proposes mounts, is one for the machine; anyone else's is at home.
        skopeo.env("_CONTAINERS_ROOTLESS_UID", "1000");
        skopeo
    }

    fn push(&self, image: &Image, to: &str) -> Outcome {
        self.copy("--dest-tls-verify=false", &self.0.layout(image), &self.0.remote(to))
    }

    fn pull_into(&self, from: &str, layout: &Path) -> Outcome {
        self.copy("--src-tls-verify=false", &self.0.remote(from), &oci(layout))
    }

    /// It remembers where it sent the layers.
    fn mount(&self, image: &Image, _from: &str, to: &str) -> Option<Outcome> {
        Some(self.push(image, to))
    }

    fn list_tags(&self, repository: &str) -> Option<Outcome> {
        Some(self.0.run(self.tool().args(["list-tags", "--tls-verify=false", &self.0.remote(repository)])))
    }

    fn delete(&self, name: &str) -> Option<Outcome> {
        Some(self.0.run(self.tool().args(["delete", "--tls-verify=false", &self.0.remote(name)])))
    }
}

impl Skopeo {
    fn copy(&self, option: &str, from: &str, to: &str) -> Outcome {
        // The layers stay as they are, uncompressed.
        self.0.run(self.tool().args(["copy", "--preserve-digests", option, from, to]))
    }
}
