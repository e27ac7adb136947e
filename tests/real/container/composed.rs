use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::built::{Built, PLAIN};
use crate::accounts::{ADMIN, READER};
use crate::bare_image;
use crate::client::{Client as _, Home};
use crate::components::{self, COMPOSE, REGISTRY_3_1, SKOPEO};
use crate::harness::command::Outcome;
use crate::harness::http::request;
use crate::harness::logs::Logs;
use crate::harness::poll;
use crate::harness::process::{Process, free_port};
use crate::image::Image;
use crate::skopeo::Skopeo;

/// The project of `examples/compose`, with ports of the test's own on the network of the host.
struct Project<'a> {
    built: &'a Built,
    dir: PathBuf,
    auth: u16,
    registry: u16,
}

/// The commands of its README, with the older spelling of `docker compose`.
#[test]
fn the_example_of_compose_works_as_it_is_written() {
    let Some(built) = Built::images(&[COMPOSE, REGISTRY_3_1, SKOPEO]) else { return };
    built.docker.run(&["tag", PLAIN, "dockgate"]).succeeds();
    import_registry(&built);
    let mut project = Project::new(&built);

    project.compose(&["config", "--quiet"]).succeeds();
    project.compose(&["run", "--rm", "keys"]).succeeds();
    project.compose(&["run", "--rm", "keys"]).fails();
    let export = ["run", "--rm", "-T", "auth", "keys", "export", "--bundle", "/config/auth_config.yml"];
    let bundle = project.compose(&export).succeeds().stdout;
    fs::write(project.dir.join("bundle.pem"), bundle).unwrap();
    let up = project.up();
    assert_eq!(request("GET", &format!("127.0.0.1:{}", project.auth), "/healthz", None).status, 200);
    let healthy = || {
        let names = built.docker.run(&["ps", "--filter", "health=healthy", "--format", "{{.Names}}"]);
        names.succeeds().stdout.contains("auth").then_some(())
    };
    poll(Duration::from_secs(60), healthy).expect("the engine finds it healthy");

    let client = |name: &str| {
        let host = format!("127.0.0.1:{}", project.registry);
        Skopeo::at(Home::new(built.place(name), host, Logs(vec![up.log_file().to_owned()])))
    };
    let image = Image::of(&["composed"]);
    let admin = client("admin");
    admin.login(ADMIN.name, "wrong").fails();
    admin.login(ADMIN.name, ADMIN.password).succeeds();
    for name in ["public/hello:1", "internal/hello:1"] {
        admin.push(&image, name).succeeds();
    }
    let reader = client("reader");
    reader.login(READER.name, READER.password).succeeds();
    assert_eq!(reader.pulled("internal/hello:1"), image);
    reader.push(&image, "public/other:1").fails();
    let anybody = client("anybody");
    assert_eq!(anybody.pulled("public/hello:1"), image);
    anybody.pull("internal/hello:1").fails();

    drop(up);
    project.compose(&["down", "--volumes"]).succeeds();
}

fn import_registry(built: &Built) {
    let scratch = built.place("registry-image");
    let config = scratch.join("config.yml");
    // As upstream's image has it.
    let text =
        "version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\nhttp: {addr: \":5000\"}\n";
    fs::write(&config, text).unwrap();
    let program = components::find(REGISTRY_3_1.program).expect("it is installed");
    let files = [(program.as_path(), "/bin/registry"), (config.as_path(), "/etc/distribution/config.yml")];
    let entry = "ENTRYPOINT [\"/bin/registry\", \"serve\", \"/etc/distribution/config.yml\"]";
    bare_image::import(&built.docker, &scratch, &files, entry, "registry:3");
}

impl<'a> Project<'a> {
    fn new(built: &'a Built) -> Self {
        let project = Self { built, dir: built.place("compose"), auth: free_port(), registry: free_port() };
        fs::create_dir(project.dir.join("config")).unwrap();
        project.write();
        project
    }

    fn write(&self) {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/compose");
        let read = |file: &str| fs::read_to_string(example.join(file)).unwrap();
        let config = read("config/auth_config.yml").replace(":5001", &format!(":{}", self.auth));
        let config = with_hash(&with_hash(&config, "admin", ADMIN.hash), "reader", READER.hash);
        fs::write(self.dir.join("config/auth_config.yml"), config).unwrap();
        fs::write(self.dir.join("docker-compose.yml"), self.moved(&read("docker-compose.yml"))).unwrap();
    }

    /// Somebody else may take a port before its server has it; then others are tried.
    fn up(&mut self) -> Process {
        for attempt in 0..5 {
            let mut up = Command::new("env");
            up.arg(format!("DOCKER_HOST={}", self.built.docker.engine()));
            up.args([COMPOSE.program, "--no-ansi", "up"]);
            let up = Process::start(&mut up, &self.dir, &format!("up-{attempt}"));
            let both = || {
                let log = up.log();
                let listening = [self.auth, self.registry].iter().all(|port| {
                    let says = |line: &str| line.contains("listening") && line.contains(&format!(":{port}"));
                    log.lines().any(says)
                });
                let taken = log.contains("in use");
                (listening || taken).then_some(listening)
            };
            match poll(Duration::from_secs(60), both) {
                Some(true) => return up,
                Some(false) => {}
                None => panic!("they do not listen:\n{}", up.log()),
            }
            (self.auth, self.registry) = (free_port(), free_port());
            self.write();
        }
        panic!("free ports were taken again and again");
    }

    /// There are no networks of containers here: the host's, where nothing is published.
    fn moved(&self, compose: &str) -> String {
        let (auth, registry) = (self.auth, self.registry);
        let mut moved = compose
            .replace("    ports:\n      - \"127.0.0.1:5001:5001\"\n", "    network_mode: host\n")
            .replace("    ports:\n      - \"127.0.0.1:5000:5000\"\n", "    network_mode: host\n");
        assert_eq!(moved.matches("network_mode: host").count(), 2, "{moved}");
        moved = moved
            .replace("interval: 10s", "interval: 1s")
            .replace("localhost:5001", &format!("localhost:{auth}"));
        let addr = format!("REGISTRY_AUTH: token\n      REGISTRY_HTTP_ADDR: \":{registry}\"\n");
        moved.replace("REGISTRY_AUTH: token\n", &addr)
    }

    fn compose(&self, arguments: &[&str]) -> Outcome {
        let home = self.built.docker.home();
        let mut compose = home.command(COMPOSE.program);
        compose.env("DOCKER_HOST", self.built.docker.engine()).args(arguments).current_dir(&self.dir);
        home.run(&mut compose)
    }
}

fn with_hash(config: &str, name: &str, hash: &str) -> String {
    let (before, after) = config.split_once(&format!("\"{name}\":\n        password: \"")).unwrap();
    let (_, after) = after.split_once('"').unwrap();
    format!("{before}\"{name}\": {{password: \"{hash}\"}}{after}")
}
