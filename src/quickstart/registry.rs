//! A registry beside the server, started from what is on the machine.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::Directory;

/// How long a registry may take until it listens; the first start in an engine includes a download.
const STARTS_WITHIN: Duration = Duration::from_secs(120);
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// What can run a registry here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RegistryProgram {
    /// The registry itself.
    Binary(PathBuf),
    /// A Docker engine.
    Engine(PathBuf),
}

/// A registry that we started; it ends with us.
#[derive(Debug)]
pub(crate) struct Registry {
    child: Child,
}

impl RegistryProgram {
    /// The first that is in PATH: Debian's name, upstream's, then an engine that answers.
    pub(crate) async fn find() -> Option<Self> {
        if let Some(binary) = ["docker-registry", "registry"].iter().find_map(|name| in_path(name)) {
            return Some(Self::Binary(binary));
        }
        let docker = in_path("docker")?;
        let mut probe = Command::new(&docker);
        probe
            .arg("version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let answered = tokio::time::timeout(Duration::from_secs(5), probe.status()).await;
        matches!(answered, Ok(Ok(status)) if status.success()).then_some(Self::Engine(docker))
    }

    fn command(&self, directory: &Directory) -> Command {
        match self {
            Self::Binary(binary) => {
                let mut command = Command::new(binary);
                command.arg("serve").arg(directory.registry_config());
                // A registry takes every variable of this prefix for a setting, a client's REGISTRY_AUTH_FILE too.
                let variables = std::env::vars_os().map(|(name, _)| name);
                for name in variables.filter(|name| name.as_encoded_bytes().starts_with(b"REGISTRY_")) {
                    command.env_remove(name);
                }
                // Registry 3 would send traces to a collector, and complain that there is none.
                command.env("OTEL_TRACES_EXPORTER", "none");
                command
            }
            Self::Engine(docker) => {
                let root = directory.root().display();
                let mut command = Command::new(docker);
                command.args([
                    "run",
                    "--rm",
                    "--network",
                    "host",
                    "--env",
                    "OTEL_TRACES_EXPORTER=none",
                    "--volume",
                ]);
                command.arg(format!("{root}:{root}"));
                command.args(["registry:3", "serve"]).arg(directory.registry_config());
                command
            }
        }
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

impl Registry {
    /// Starts a registry and waits until it listens.
    ///
    /// # Errors
    /// Why it does not, with the file that says more.
    pub(crate) async fn start(
        program: &RegistryProgram,
        directory: &Directory,
        port: u16,
    ) -> Result<Self, String> {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Err(format!(
                "port {port} is in use: stop whoever listens there, or make another directory with --registry-port"
            ));
        }
        let log_path = directory.registry_log();
        let failed = |error: &dyn std::fmt::Display| format!("cannot start the registry: {error}");
        let log = std::fs::File::create(&log_path).map_err(|error| failed(&error))?;
        let errors = log.try_clone().map_err(|error| failed(&error))?;
        let child = program
            .command(directory)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(&error))?;
        let mut registry = Self { child };
        let listening = tokio::time::timeout(STARTS_WITHIN, registry.until_listening(port)).await;
        match listening {
            Ok(true) => Ok(registry),
            Ok(false) | Err(_) => Err(format!("the registry does not run: see {}", log_path.display())),
        }
    }

    async fn until_listening(&mut self, port: u16) -> bool {
        loop {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return true;
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Lets it end by itself, and ends it if it does not.
    pub(crate) async fn stop(mut self) {
        let pid =
            self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        let asked =
            pid.is_some_and(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM).is_ok());
        if !asked || tokio::time::timeout(STOPS_WITHIN, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}
