use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::built::{Built, PLAIN, SHELL, volume};
use crate::accounts::ADMIN;
use crate::client::{Client as _, Home};
use crate::components::{REGISTRY, SKOPEO};
use crate::harness::http::request;
use crate::harness::logs::Logs;
use crate::image::Image;
use crate::registry::{self, TrustFiles, VERSIONS};
use crate::skopeo::Skopeo;

/// As docs/install.md says: keys in a volume, the configuration where docker_auth's image has it, a registry beside it.
#[test]
fn a_registry_takes_the_tokens_of_a_container_that_can_do_nothing_else() {
    let Some(built) = Built::images(&[REGISTRY, SKOPEO]) else { return };
    let keys = "--volume=keys:/var/lib/dockgate";
    built.prints(&[keys, PLAIN, "keys", "init", "/var/lib/dockgate/keys"]);

    let config = volume(&built.place("config"), "/config:ro");
    let bundle_file = built.dir.path().join("bundle.pem");
    // With docker_auth's command line once, then with none: the file is where that image looks.
    for command in [&["--v=2", "--alsologtostderr", "/config/auth_config.yml"][..], &[]] {
        let token = "  managed_keys: \"/var/lib/dockgate/keys\"\n";
        let (mut server, port, name) = built.serves(token, &[&[keys, &config, PLAIN], command].concat());
        assert_eq!(request("GET", &format!("127.0.0.1:{port}"), "/healthz", None).status, 200);
        has_no_power(&built, &name);
        if command.is_empty() {
            let export = [keys, &config, PLAIN, "keys", "export", "--bundle", "/config/auth_config.yml"];
            fs::write(&bundle_file, built.prints(&export)).unwrap();
            let trust = TrustFiles { bundle: Some(bundle_file.clone()), jwks: None };
            let realm = format!("http://127.0.0.1:{port}/auth");
            let (_registry, registry_port) =
                registry::start(VERSIONS[0], &built.place("registry"), &realm, &trust).unwrap();
            let logs = Logs(vec![server.log_file().to_owned()]);
            let host = format!("127.0.0.1:{registry_port}");
            let skopeo = Skopeo::at(Home::new(built.place("skopeo"), host, logs));
            skopeo.login(ADMIN.name, "wrong").fails();
            skopeo.login(ADMIN.name, ADMIN.password).succeeds();
            let image = Image::of(&["out", "of", "a", "container"]);
            skopeo.push(&image, "any/where:1").succeeds();
            assert_eq!(skopeo.pulled("any/where:1"), image);
        }
        let status = server.terminate().expect("it ends when it is told to");
        assert!(status.success(), "{status}\n{}", server.log());
    }
    variants(&built);
}

/// Its process is what the image says: a user who is nobody, without a single capability.
fn has_no_power(built: &Built, name: &str) {
    let pid = built.docker.run(&["inspect", "--format", "{{.State.Pid}}", name]).succeeds().stdout;
    let status = fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap();
    for (field, value) in [
        ("Uid", "65532 65532 65532 65532"),
        ("Gid", "65532 65532 65532 65532"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("NoNewPrivs", "1"),
    ] {
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
        assert_eq!(words.join(" "), value, "{field} of\n{status}");
    }
}

fn variants(built: &Built) {
    for image in [PLAIN, SHELL] {
        let config = built.docker.run(&["inspect", "--format", "{{json .Config}}", image]).succeeds().stdout;
        let config: Value = serde_json::from_str(&config).unwrap();
        assert_eq!(config["User"], "65532:65532", "{config}");
        assert_eq!(config["ExposedPorts"], json!({"5001/tcp": {}}), "{config}");
        assert_eq!(config["Entrypoint"], json!(["/usr/bin/dockgate"]), "{config}");
        assert_eq!(config["Cmd"], json!(["/config/auth_config.yml"]), "{config}");
        assert_eq!(built.prints(&[image, "--version"]), format!("dockgate {}\n", env!("CARGO_PKG_VERSION")));
    }
    assert_eq!(added(built, PLAIN, "base:plain"), ["usr/bin/dockgate"]);
    // A hook is a program: one variant has what runs it.
    let hook = ["--entrypoint=/bin/sh", SHELL, "-c", "dockgate --version | cat"];
    assert!(built.prints(&hook).starts_with("dockgate "));
    let no_shell = ["run", "--rm", "--network=none", "--entrypoint=/bin/sh", PLAIN, "-c", "true"];
    built.docker.run(&no_shell).fails_with("no such file");
}

/// The files that an image has and the one below it does not.
fn added(built: &Built, image: &str, base: &str) -> Vec<String> {
    let files = |image: &str| {
        let archive = built.place("exported").join(image.replace(':', "-"));
        built.docker.run(&["create", "--name", "exported", image, "nothing"]).succeeds();
        built.docker.run(&["export", "--output", archive.to_str().unwrap(), "exported"]).succeeds();
        built.docker.run(&["rm", "exported"]).succeeds();
        let mut tar = Command::new("tar");
        let listed = tar.arg("-tf").arg(&archive).output().unwrap();
        String::from_utf8(listed.stdout).unwrap()
    };
    let below = files(base);
    let below: Vec<&str> = below.lines().map(|file| file.trim_start_matches("./")).collect();
    let all = files(image);
    let all = all.lines().filter(|file| !file.ends_with('/') && !below.contains(file));
    all.map(str::to_owned).collect()
}
