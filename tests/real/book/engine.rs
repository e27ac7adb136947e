//! A Docker engine in a terminal's world, with the image that the book starts.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::terminal::Terminal;
use crate::components::{self, REGISTRY_3_1};

/// Starts it; `docker` in the terminal talks to it.
pub(super) fn start(terminal: &mut Terminal) {
    let dir = terminal.beside().join("engine");
    fs::create_dir(&dir).unwrap();
    let place = dir.display();
    let containerd = format!(
        "version = 2\nroot = \"{place}/root\"\nstate = \"{place}/state\"\n\
         disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
         [grpc]\naddress = \"{place}/containerd.sock\"\n\
         [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{place}/opt\"\n"
    );
    fs::write(dir.join("containerd.toml"), containerd).unwrap();
    // Else they are places of the machine.
    let dockerd = json!({
        "deprecated-key-path": dir.join("key.json"), "data-root": dir.join("data"),
        "exec-root": dir.join("exec"), "pidfile": dir.join("docker.pid"),
    });
    fs::write(dir.join("daemon.json"), dockerd.to_string()).unwrap();
    let archive = registry_image(&dir.join("image"));
    let started = terminal.run(&format!(
        "containerd --config {place}/containerd.toml >{place}/containerd.log 2>&1 &\n\
         for _ in $(seq 400); do [ -S {place}/containerd.sock ] && break; sleep 0.1; done\n\
         dockerd --containerd {place}/containerd.sock --host unix://{place}/docker.sock --iptables=false \
         --ip6tables=false --storage-driver=vfs --config-file {place}/daemon.json >{place}/dockerd.log 2>&1 &\n\
         export DOCKER_HOST=unix://{place}/docker.sock\n\
         for _ in $(seq 400); do docker info >/dev/null 2>&1 && break; sleep 0.1; done\n\
         docker import --change 'ENTRYPOINT [\"registry\"]' \
         --change 'CMD [\"serve\", \"/etc/distribution/config.yml\"]' \
         --change 'ENV OTEL_TRACES_EXPORTER=none PATH=/bin' {} registry:3 || tail {place}/*.log",
        archive.display(),
    ));
    assert!(started.text.contains("sha256:"), "the engine does not start: {}", started.text);
    disown(terminal);
}

/// The page's first job is its own.
fn disown(terminal: &mut Terminal) {
    assert_eq!(terminal.run("disown -a").status, Some(0));
}

/// Containers would leave their control groups behind.
pub(super) fn end(terminal: &mut Terminal) {
    terminal.run("docker ps --all --quiet | xargs --no-run-if-empty docker rm --force");
}

/// The image that cannot be had without a network, made of the program itself; answers its archive.
fn registry_image(image: &Path) -> std::path::PathBuf {
    let program = components::find(REGISTRY_3_1.program).expect("it is installed");
    let copy = |from: &Path, to: &str| {
        let to = image.join(to.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    copy(&program, "bin/registry");
    // Nothing, if it is linked to nothing.
    let linked = Command::new("ldd").arg(&program).output().unwrap();
    let linked = String::from_utf8_lossy(&linked.stdout).into_owned();
    for library in linked.split_whitespace().filter(|word| word.starts_with('/')) {
        copy(Path::new(library), library);
    }
    let archive = image.with_extension("tar");
    let packed = Command::new("tar").arg("-C").arg(image).arg("-cf").arg(&archive).arg(".").status().unwrap();
    assert!(packed.success());
    archive
}
