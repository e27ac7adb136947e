//! `dockgate quickstart`: a directory to start from, kept as it is ever after.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::process::{Server, dockgate, free_port, run};

const PORT_RACES: usize = 5;

/// A directory for a quickstart, and a quickstart that serves it.
pub(super) struct Quickstart {
    parent: tempfile::TempDir,
    pub(super) server: Option<Server>,
    pub(super) port: u16,
    pub(super) registry_port: u16,
    /// In place of our own PATH.
    path: Option<PathBuf>,
}

impl Quickstart {
    /// Starts one in a directory that is not there yet. A free port may be taken in between: then another is tried.
    pub(super) fn start(extra: &[&str]) -> Self {
        Self::start_with_path(extra, None)
    }

    /// The same where programs are looked for in this directory only.
    pub(super) fn start_with_path(extra: &[&str], path: Option<&Path>) -> Self {
        for _ in 0..PORT_RACES {
            let parent = tempfile::tempdir().unwrap();
            let (port, registry_port) = (free_port(), free_port());
            let path = path.map(Path::to_path_buf);
            let mut started = Self { parent, server: None, port, registry_port, path };
            let (port, registry_port) = (started.port.to_string(), started.registry_port.to_string());
            let arguments = [&["--port", &port, "--registry-port", &registry_port], extra].concat();
            match started.run_again(&arguments) {
                Ok(server) => started.server = Some(server),
                Err(why) if why.contains("in use") => continue,
                Err(why) => panic!("{why}"),
            }
            return started;
        }
        panic!("{PORT_RACES} free ports were taken before the server had them");
    }

    /// Starts the same again.
    pub(super) fn run_again(&self, arguments: &[&str]) -> Result<Server, String> {
        let command = &mut dockgate();
        let command = command.arg("quickstart").arg(self.directory()).args(arguments);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        Server::try_start(command).map_err(|ended| format!("{ended:?}"))
    }

    pub(super) fn directory(&self) -> PathBuf {
        self.parent.path().canonicalize().unwrap().join("deep/start")
    }

    pub(super) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(super) fn stop(&mut self) {
        assert_eq!(self.server.take().unwrap().stop(Signal::TERM).code, Some(0));
    }
}

/// The password that is shown for an account.
pub(super) fn password(shown: &str, account: &str) -> Option<String> {
    let mut words = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.find(|words| words.len() == 2 && words[0] == account).map(|words| words[1].to_owned())
}

/// Every file below a directory.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, content);
        }
    }
    found
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_makes_what_it_says_and_keeps_it() {
    let mut quickstart = Quickstart::start(&[]);
    let directory = quickstart.directory();
    let shown = quickstart.server().stdout();

    assert_eq!(mode(&directory), 0o700);
    for (file, expected) in [
        ("keys/ca.key", 0o600),
        ("keys/leaf.key", 0o600),
        ("dockgate.yml", 0o600),
        ("keys/bundle.pem", 0o644),
    ] {
        assert_eq!(mode(&directory.join(file)), expected, "{file}");
    }

    // The passwords that are shown work, and stand in no file.
    let (admin, reader) = (password(&shown, "admin").unwrap(), password(&shown, "reader").unwrap());
    assert!(admin.len() >= 20 && reader.len() >= 20 && admin != reader, "{admin} {reader}");
    for (login, scope, granted) in [
        (Some(("admin", &*admin)), "repository:any/where:delete,pull,push", "delete,pull,push"),
        (Some(("admin", &*admin)), "registry:catalog:*", "*"),
        (Some(("reader", &*reader)), "repository:any/where:pull,push", "pull"),
        (Some(("reader", &*reader)), "repository:reader/app:pull,push", "pull,push"),
        (Some(("reader", &*admin)), "repository:a:pull", "401"),
        (None, "repository:public/a/b:pull,push", "pull"),
        (None, "repository:reader/app:pull", ""),
        (None, "registry:catalog:*", ""),
    ] {
        assert_eq!(quickstart.server().ask(login, scope).granted(), granted, "{login:?} {scope}");
    }
    let said = quickstart.server().stderr();
    let made = files(&directory);
    for secret in [&admin, &reader] {
        let holds = |content: &[u8]| content.windows(secret.len()).any(|part| part == secret.as_bytes());
        let holder = made.iter().find(|(_, content)| holds(content));
        assert!(holder.is_none(), "{:?} holds a password", holder.map(|(path, _)| path));
        assert!(!said.contains(secret), "the log holds a password");
    }
    quickstart.stop();

    // A second run keeps everything, whatever its options say, and shows no password.
    let server = quickstart.run_again(&["--port", "1", "--registry-port", "2"]).unwrap();
    assert_eq!(server.address().port(), quickstart.port);
    let again = server.stdout();
    assert!(again.starts_with("Kept "), "{again}");
    assert_eq!((password(&again, "admin"), password(&again, "reader")), (None, None), "{again}");
    assert!(!again.contains(&*admin) && !again.contains(&*reader), "{again}");
    assert!(again.contains(&format!("localhost:{}", quickstart.registry_port)), "{again}");
    assert_eq!(server.ask(Some(("admin", &*admin)), "repository:a:pull").granted(), "pull");
    drop(server);
    assert_eq!(files(&directory), made);
}

#[test]
fn it_prints_the_registrys_settings_and_the_next_commands() {
    let quickstart = Quickstart::start(&[]);
    let shown = quickstart.server().stdout();
    let (root, port, registry) = (quickstart.directory(), quickstart.port, quickstart.registry_port);
    let root = root.display();
    for line in [
        format!("realm: http://localhost:{port}/auth"),
        "service: registry".to_owned(),
        "issuer: dockgate quickstart".to_owned(),
        format!("rootcertbundle: {root}/keys/bundle.pem"),
        format!("{root}/registry.yml"),
        format!("docker-registry serve {root}/registry.yml"),
        format!("docker compose -f {root}/compose.yml up -d"),
        format!("REGISTRY_AUTH_TOKEN_REALM: \"http://localhost:{port}/auth\""),
        format!("skopeo login --tls-verify=false -u admin localhost:{registry}"),
        format!("docker://localhost:{registry}/public/hello:1"),
        format!("docker login -u admin localhost:{registry}"),
        "Ctrl-C stops.".to_owned(),
    ] {
        assert!(shown.contains(&line), "{line:?} is not in\n{shown}");
    }
    // What is printed is what the files say.
    let settings = fs::read_to_string(quickstart.directory().join("registry.yml")).unwrap();
    for setting in [
        format!("http://localhost:{port}/auth"),
        format!("{root}/keys/bundle.pem"),
        format!("127.0.0.1:{registry}"),
    ] {
        assert!(settings.contains(&setting), "{setting} is not in\n{settings}");
    }
    assert!(quickstart.directory().join("hello/index.json").is_file(), "the image to push is not there");
}

#[test]
fn its_configuration_is_without_fault() {
    let mut quickstart = Quickstart::start(&[]);
    quickstart.stop();
    let elsewhere = tempfile::tempdir().unwrap();
    let config = quickstart.directory().join("dockgate.yml");
    let checked = run(dockgate().arg("check").arg(config).current_dir(elsewhere.path()));
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stdout.contains("fine, 0 warning(s)"), "{}", checked.stdout);
}

#[test]
fn it_writes_over_nobodys_file() {
    for foreign in ["keys", "compose.yml", "registry.yml"] {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(foreign), "precious").unwrap();
        let ended = run(dockgate().arg("quickstart").arg(directory.path()));
        assert_eq!(ended.code, Some(1), "{foreign}: {ended:?}");
        assert!(
            ended.stderr.contains(foreign) && ended.stderr.contains("move it away first"),
            "{}",
            ended.stderr
        );
        assert_eq!(fs::read_to_string(directory.path().join(foreign)).unwrap(), "precious");
        assert!(!directory.path().join("dockgate.yml").exists(), "{foreign}");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let ended = run(dockgate().arg("quickstart").arg(directory.path().join("file/start")));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("cannot make") && ended.stderr.contains("file/start"), "{}", ended.stderr);
}

#[test]
fn a_taken_port_is_a_mistake_at_its_line_and_loses_no_password() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().canonicalize().unwrap().join("start");
    let ended = run(dockgate().arg("quickstart").arg(&directory).args(["--port", &port]));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let config = directory.join("dockgate.yml");
    let line =
        fs::read_to_string(&config).unwrap().lines().position(|line| line.contains("addr:")).unwrap() + 1;
    let place = format!("{}:{line}:", config.display());
    assert!(ended.stderr.starts_with(&place), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("is in use: stop whoever listens there, or choose another port"),
        "{}",
        ended.stderr
    );
    drop(taken);
    // Made is made: what the first run did not show, the second must not withhold.
    let mut command = dockgate();
    let again = Server::start_command(command.arg("quickstart").arg(&directory));
    let shown = ended.stdout + &again.stdout();
    let admin =
        password(&shown, "admin").unwrap_or_else(|| panic!("nobody was ever told the password:\n{shown}"));
    assert_eq!(again.ask(Some(("admin", &admin)), "repository:a:pull").granted(), "pull");
}
