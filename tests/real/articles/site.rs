//! A set-up of `examples/articles` in a directory of the test's own: the commands of its README are run, its compose
//! file is read by docker-compose, and what would be containers are processes with the very same files and variables,
//! where other addresses stand.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::client::{Client, Home};
use crate::components::{self, COMPOSE, CURL, Component, NGINX, OPENSSL, REGISTRY};
use crate::dockgate;
use crate::harness::command::{self, Outcome};
use crate::harness::logs::Logs;
use crate::harness::process::Process;

use super::composed;

/// What every set-up wants.
const ALWAYS: [Component; 5] = [COMPOSE, CURL, NGINX, OPENSSL, REGISTRY];

/// The files of an article.
pub(super) struct SetUp {
    dir: TempDir,
    example: PathBuf,
    logs: Logs,
}

impl SetUp {
    /// The files of `examples/articles/NAME`; `None` if a component is missing: the test has nothing to say.
    pub(super) fn of(name: &str, more: &[Component]) -> Option<Self> {
        if !components::installed(&[&ALWAYS, more].concat()) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-real-").tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/articles").join(name);
        copy(&example, dir.path());
        Some(Self { dir, example, logs: Logs::default() })
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub(super) fn read(&self, file: &str) -> String {
        let path = self.path(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file as the article's directory has it.
    pub(super) fn sample(&self, file: &str) -> String {
        let path = self.example.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs the `sh` block of the README that begins with `first_line`, as it is printed; questions are answered with
    /// nothing, which takes what is proposed.
    #[track_caller]
    pub(super) fn follow(&self, first_line: &str) -> Outcome {
        self.follow_at(first_line, &[])
    }

    /// The same where `places` are exchanged.
    #[track_caller]
    pub(super) fn follow_at(&self, first_line: &str, places: &[(&str, &str)]) -> Outcome {
        let readme = self.sample("README.md");
        let mut blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
        let (block, _) = blocks
            .find(|(block, _)| block.lines().next() == Some(first_line))
            .unwrap_or_else(|| panic!("no block of the README begins with {first_line:?}"));
        let block = exchanged(block, places);
        fs::write(self.path("commands"), format!("set -e\n{block}\n")).unwrap();
        let outcome = self.run("sh", &["-c", "yes '' | sh commands"]).succeeds();
        fs::remove_file(self.path("commands")).unwrap();
        outcome
    }

    /// Runs a program among the files.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(program);
        command.env("PATH", with_dockgate()).args(arguments).current_dir(self.dir.path());
        let scratch = tempfile::tempdir_in(self.dir.path()).unwrap();
        command::run(&mut command, scratch.path(), &self.logs)
    }

    /// What docker-compose makes of its file; that it can is the first thing that a set-up is to prove.
    pub(super) fn composed(&self) -> String {
        self.run(COMPOSE.program, &["config"]).succeeds().stdout
    }

    /// Starts dockgate with `config`, where `places` (what stands there, and what is here) are exchanged, once `check`
    /// has nothing against it; answers its port too.
    pub(super) fn dockgate(&mut self, config: &str, places: &[(&str, &str)]) -> (Process, u16) {
        let sample = self.sample(config);
        let dir = self.path(config).parent().unwrap().to_owned();
        let file = self.path(config).file_name().unwrap().to_str().unwrap().to_owned();
        let started = Process::listening("listening", |port| {
            let here = exchanged(&sample, places);
            let here = exchanged(&here, &[(":5001", &format!("127.0.0.1:{port}"))]);
            fs::write(dir.join(&file), here).unwrap();
            dockgate::run(&dir, &["check", &file]).succeeds();
            Process::start(Command::new(dockgate::PROGRAM).arg(&file), &dir, "dockgate")
        });
        self.knows(started)
    }

    /// The variables that the compose file gives its `registry`, where `places` are exchanged.
    pub(super) fn registry_environment(&self, places: &[(&str, &str)]) -> Vec<(String, String)> {
        let variables = composed::environment(&self.composed(), "registry");
        variables.into_iter().map(|(name, value)| (name, known(&value, places))).collect()
    }

    /// Starts Debian's registry with what the compose file says to it, where `places` are exchanged; answers its port
    /// too.
    pub(super) fn registry(&mut self, places: &[(&str, &str)]) -> (Process, u16) {
        let environment = self.registry_environment(places);
        self.registry_of(REGISTRY, &environment)
    }

    /// The same for another one, with these variables.
    pub(super) fn registry_of(
        &mut self,
        version: Component,
        environment: &[(String, String)],
    ) -> (Process, u16) {
        let storage = self.path("images");
        let started = Process::listening("listening on", |port| {
            // As the image has it, but for places.
            let config = format!(
                "version: 0.1\nstorage: {{filesystem: {{rootdirectory: \"{}\"}}}}\n\
                 http: {{addr: \"127.0.0.1:{port}\"}}\n",
                storage.display(),
            );
            fs::write(self.path("registry.yml"), config).unwrap();
            let mut command = Command::new("env");
            command.args(environment.iter().map(|(name, value)| format!("{name}={value}")));
            command.args([version.program, "serve", "registry.yml"]);
            Process::start(&mut command, self.dir.path(), "registry")
        });
        self.knows(started)
    }

    /// Starts nginx with `nginx/nginx.conf`, where `places` are exchanged; answers the port of `listen 443 ssl` too.
    pub(super) fn nginx(&mut self, places: &[(&str, &str)]) -> (Process, u16) {
        let sample = self.sample("nginx/nginx.conf");
        let program = components::find(NGINX.program).unwrap();
        let dir = self.path("nginx");
        let place = dir.display().to_string();
        let scratch: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|what| format!("    {what}_temp_path {place}/{what};\n"))
            .collect();
        // The version is the first thing that it says once it listens.
        let started = Process::listening("nginx/", |port| {
            let here = exchanged(&sample, places);
            let here = exchanged(
                &here,
                &[
                    ("listen 443 ", &format!("listen 127.0.0.1:{port} ")),
                    ("http {\n", &format!("http {{\n    access_log {place}/access.log;\n{scratch}")),
                ],
            );
            fs::write(dir.join("nginx.conf"), here).unwrap();
            let here =
                format!("daemon off; master_process off; pid {place}/nginx.pid; error_log stderr notice;");
            let mut command = Command::new(&program);
            command.args(["-e", "stderr", "-p", &place, "-g", &here, "-c"]).arg(dir.join("nginx.conf"));
            Process::start(&mut command, &dir, "nginx")
        });
        self.knows(started)
    }

    /// One request by curl, with these words of its command line.
    #[track_caller]
    pub(super) fn curl(&self, words: &[&str]) -> Answer {
        let text =
            self.run(CURL.program, &[&["-sS", "-i", "--path-as-is"], words].concat()).succeeds().stdout;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not HTTP: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head:?}"));
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A client that nobody has used yet, for the registry at `host`.
    pub(super) fn client<C: Client>(&self, host: &str) -> C {
        C::at(self.home(host))
    }

    /// A place for another one.
    pub(super) fn home(&self, host: &str) -> Home {
        let home = tempfile::tempdir_in(self.dir.path()).unwrap();
        Home::new(home.keep(), host.to_owned(), self.logs.clone())
    }

    /// From now on what it logged is shown when something fails.
    fn knows(&mut self, started: (Process, u16)) -> (Process, u16) {
        self.logs.0.push(started.0.log_file().to_owned());
        started
    }
}

/// What curl was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Answer {
    /// Every header of that name.
    pub(super) fn headers(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

/// Each of `places` stands there: a set-up that changes must not be tested as it was.
#[track_caller]
fn exchanged(text: &str, places: &[(&str, &str)]) -> String {
    places.iter().fold(text.to_owned(), |text, (there, here)| {
        assert!(text.contains(there), "{there:?} does not stand in\n{text}");
        text.replace(there, here)
    })
}

/// Those of `places` that stand there.
fn known(text: &str, places: &[(&str, &str)]) -> String {
    places.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
}

/// Where READMEs find `dockgate`.
fn with_dockgate() -> OsString {
    let path = components::path();
    let directories =
        env::split_paths(&path).chain(Path::new(dockgate::PROGRAM).parent().map(Path::to_path_buf));
    env::join_paths(directories).expect("no directory of PATH has a colon")
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
