//! `dockgate quickstart --with-registry`, with Debian's registry and with upstream's.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::quickstart::{Quickstart, password};
use crate::process::{Address, Server, basic, dockgate, free_port, poll, run};

const DEBIANS: &str = "/usr/bin/docker-registry";

/// Whether a registry is there. On a machine that proves anything it has to be.
fn is_installed(registry: &Path) -> bool {
    if registry.exists() {
        return true;
    }
    let missing = format!("{} is missing: run tests/real/install.sh", registry.display());
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    eprintln!("NOT RUN: {missing}");
    false
}

/// The processes whose parent this is.
fn children(parent: u32) -> Vec<u32> {
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// The name in parentheses may hold anything; state and parent follow it.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn a_registry_runs_beside_it_trusts_its_tokens_and_ends_with_it() {
    if is_installed(Path::new(DEBIANS)) {
        runs_beside_it(Quickstart::start(&["--with-registry"]));
    }
}

/// Upstream's program is called `registry`.
#[test]
fn registry_3_runs_beside_it_as_well() {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components/bin/registry-3.1.1");
    if is_installed(&built) {
        let path = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(built, path.path().join("registry")).unwrap();
        runs_beside_it(Quickstart::start_with_path(&["--with-registry"], Some(path.path())));
    }
}

fn runs_beside_it(mut quickstart: Quickstart) {
    let registry = Address::Tcp(([127, 0, 0, 1], quickstart.registry_port).into());
    let refused = registry.get("/v2/", None);
    let port = quickstart.port;
    assert_eq!(refused.status, 401);
    let challenge = refused.header("www-authenticate").unwrap();
    assert_eq!(challenge, format!("Bearer realm=\"http://localhost:{port}/auth\",service=\"registry\""));

    let shown = quickstart.server().stdout();
    assert!(shown.contains(&format!("A registry runs on localhost:{}", quickstart.registry_port)), "{shown}");
    let admin = password(&shown, "admin").unwrap();
    let token = quickstart.server().ask(Some(("admin", &admin)), "registry:catalog:*").token();
    let bearer = format!("Bearer {token}");
    assert_eq!(registry.get("/v2/_catalog", Some(("Authorization", &bearer))).status, 200);
    let forged = basic("admin", &admin);
    assert_eq!(registry.get("/v2/_catalog", Some(("Authorization", &forged))).status, 401);

    let [child] = children(quickstart.server().pid())[..] else {
        panic!("not one child: {:?}", children(quickstart.server().pid()))
    };
    quickstart.stop();
    let gone =
        poll(Duration::from_secs(10), || (!Path::new(&format!("/proc/{child}")).exists()).then_some(()));
    if gone.is_none() {
        let child = i32::try_from(child).ok().and_then(Pid::from_raw).unwrap();
        kill_process(child, Signal::KILL).unwrap();
        panic!("the registry still ran, as process {child:?}");
    }
    assert!(!listens(quickstart.registry_port) && !listens(quickstart.port), "somebody still listens");
}

#[test]
fn a_taken_registry_port_is_said_and_loses_no_password() {
    if !is_installed(Path::new(DEBIANS)) {
        return;
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_port = taken.local_addr().unwrap().port().to_string();
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("start");
    let port = free_port().to_string();
    let options = ["--with-registry", "--port", &port, "--registry-port", &taken_port];
    let ended = run(dockgate().arg("quickstart").arg(&directory).args(options));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(&format!("port {taken_port} is in use")), "{}", ended.stderr);
    let mut command = dockgate();
    let again = Server::start_command(command.arg("quickstart").arg(&directory));
    let shown = ended.stdout + &again.stdout();
    let admin =
        password(&shown, "admin").unwrap_or_else(|| panic!("nobody was ever told the password:\n{shown}"));
    assert_eq!(again.ask(Some(("admin", &admin)), "repository:a:pull").granted(), "pull");
}

#[test]
fn without_any_registry_it_says_what_to_install() {
    let parent = tempfile::tempdir().unwrap();
    let mut command = dockgate();
    let port = free_port().to_string();
    command.arg("quickstart").arg(parent.path().join("start")).args(["--with-registry", "--port", &port]);
    let ended = run(command.env("PATH", parent.path()));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("`apt-get install docker-registry`"), "{}", ended.stderr);
}
