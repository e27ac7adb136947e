//! `dockgate quickstart --with-registry` where there is no registry but a Docker engine: the registry runs in a container.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::bare_image;
use crate::client::{Client, Home};
use crate::clients::docker::Docker;
use crate::components::{self, CONTAINERD, DOCKER, DOCKERD, REGISTRY_3_1, RUNC, SKOPEO};
use crate::harness::logs::Logs;
use crate::harness::process::{Process, free_port};
use crate::image::Image;
use crate::skopeo::Skopeo;

#[test]
fn the_registry_runs_in_a_container_and_ends_with_the_server() {
    if !components::installed(&[DOCKERD, CONTAINERD, DOCKER, RUNC, REGISTRY_3_1, SKOPEO]) {
        return;
    }
    let dir = tempfile::Builder::new().prefix("dockgate-engine-").tempdir().unwrap();
    let place = |name: &str| {
        let place = dir.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let docker = Docker::at(Home::new(place("engine"), String::new(), Logs::default()));
    let program = components::find(REGISTRY_3_1.program).expect("it is installed");
    let entry = "ENTRYPOINT [\"/bin/registry\"]";
    bare_image::import(&docker, &place("image"), &[(&program, "/bin/registry")], entry, "registry:3");
    // Nothing else is to be found there.
    let path = place("path");
    symlink(DOCKER.program, path.join("docker")).unwrap();

    let registry_port = free_port();
    let (mut quickstart, _) = Process::listening("listening", |port| {
        let mut command = Command::new("env");
        command.arg(format!("PATH={}", path.display())).arg(format!("DOCKER_HOST={}", docker.engine()));
        command
            .arg(env!("CARGO_BIN_EXE_dockgate"))
            .arg("quickstart")
            .arg(dir.path().join(format!("start-{port}")));
        command.args([
            "--with-registry",
            "--port",
            &port.to_string(),
            "--registry-port",
            &registry_port.to_string(),
        ]);
        Process::start(&mut command, dir.path(), "quickstart")
    });
    assert_eq!(containers(&docker), 1, "{}", quickstart.log());

    let password = password_of("admin", &quickstart.log());
    let logs = Logs(vec![quickstart.log_file().to_owned()]);
    let skopeo = Skopeo::at(Home::new(place("skopeo"), format!("127.0.0.1:{registry_port}"), logs));
    skopeo.login("admin", &password).succeeds();
    let image = Image::of(&["from", "a", "container"]);
    skopeo.push(&image, "public/hello:1").succeeds();
    assert_eq!(skopeo.pulled("public/hello:1"), image);

    assert!(quickstart.terminate().is_some_and(|status| status.success()), "{}", quickstart.log());
    assert_eq!(containers(&docker), 0, "the container is still there");
}

fn containers(docker: &Docker) -> usize {
    docker.run(&["ps", "--all", "--quiet"]).succeeds().stdout.lines().count()
}

/// As it is shown, once.
fn password_of(account: &str, shown: &str) -> String {
    let mut words = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = words.find(|words| words.len() == 2 && words[0] == account).expect("a line with the password");
    line[1].to_owned()
}
