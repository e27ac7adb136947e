use std::path::Path;
use std::process::Command;

use crate::client::{Client, Home, oci};
use crate::components::{Component, SKOPEO};
use crate::harness::command::Outcome;
use crate::image::Image;

pub(crate) struct Skopeo(Home);

impl Client for Skopeo {
    const COMPONENT: Component = SKOPEO;

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

    fn list_tags(&self, repository: &str) -> Outcome {
        self.0.run(self.tool().args(["list-tags", "--tls-verify=false", &self.0.remote(repository)]))
    }
}

impl Skopeo {
    pub(crate) fn delete(&self, name: &str) -> Outcome {
        self.0.run(self.tool().args(["delete", "--tls-verify=false", &self.0.remote(name)]))
    }

    fn copy(&self, option: &str, from: &str, to: &str) -> Outcome {
        // The layers stay as they are, uncompressed.
        self.0.run(self.tool().args(["copy", "--preserve-digests", option, from, to]))
    }
}
