//! Mode and owner of a socket in the file system.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use dockgate::config::server::{DoorAddress, Mode, Named, Net};
use dockgate::net::Listener;
use dockgate_api::config::{KeyPath, Located, Location, Problem};

use crate::process::{Server, Site, dockgate, run};

fn bind(door: &DoorAddress) -> Result<Listener, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Listener::bind(door))
}

fn door(path: &Path) -> DoorAddress {
    DoorAddress::new(Net::Unix, path.to_str().unwrap())
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn named(name: &str, key: &str) -> Named {
    let name = Located { location: Location::new("auth.yml", 4, 9), index: None, value: name.to_owned() };
    Named { name, path: KeyPath::root().key("server").key("socket").key(key) }
}

#[test]
fn a_mode_is_what_the_file_says_whatever_the_process_takes_away() {
    let directory = tempfile::tempdir().unwrap();
    for bits in [0o600, 0o660, 0o666, 0o777, 0o000] {
        let mut door = door(&directory.path().join("s"));
        door.socket.mode = Some(Mode(bits));
        let listener = bind(&door).unwrap();
        assert_eq!(mode(&directory.path().join("s")), bits);
        drop(listener);
        assert!(!directory.path().join("s").exists());
    }
    // As the system makes it: like any other program's socket.
    let (ours, theirs) = (directory.path().join("ours"), directory.path().join("theirs"));
    let _listener = bind(&door(&ours)).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&theirs).unwrap();
    assert_eq!(mode(&ours), mode(&theirs));
}

#[test]
fn a_group_that_the_umask_keeps_out_is_warned_of() {
    let said = |server: &str| {
        let site = Site::with(&format!(
            "server:\n{server}token: {{issuer: i, expiration: 300, certificate: cert.pem, key: key.pem}}\nauthn: [{{users: {{}}}}]\nauthz: [{{acl: []}}]\n"
        ));
        let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let warnings = ended.stdout.lines().filter(|line| line.contains("warning:"));
        warnings.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = said("  addr: a.sock\n  net: unix\n  socket: {group: 0}\n");
    assert!(first[0].starts_with("warning: auth.yml:4:19: server.socket.group: without `mode`"), "{first:?}");
    let further = said(
        "  addr: a.sock\n  net: unix\n  listeners:\n    - {addr: b.sock, net: unix, socket: {group: 0}}\n  metrics: {addr: m.sock, net: unix, socket: {group: 0}}\n",
    );
    assert_eq!(further.len(), 2, "{further:?}");
    assert_eq!(said("  addr: a.sock\n  net: unix\n  socket: {mode: 0660, group: 0}\n"), [""; 0]);
    assert_eq!(said("  addr: a.sock\n  net: unix\n  socket: {group: ~}\n"), [""; 0]);
}

#[test]
fn owner_and_group_by_number() {
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    // Only root can give it to somebody else.
    let (user, group) = if user.is_root() { (61_001, 61_002) } else { (user.as_raw(), group.as_raw()) };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut door = door(&path);
    door.socket.owner = Some(named(&user.to_string(), "owner"));
    door.socket.group = Some(named(&group.to_string(), "group"));
    door.socket.mode = Some(Mode(0o660));
    let _listener = bind(&door).unwrap();
    let metadata = std::fs::symlink_metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (user, group, 0o660));
}

#[test]
fn the_group_by_name_is_the_systems() {
    let list = std::fs::read_to_string("/etc/group").unwrap();
    let own = rustix::process::getgid().as_raw().to_string();
    let line = list.lines().find(|line| line.split(':').nth(2) == Some(&own)).expect("our group has a name");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let mut door = door(&path);
    door.socket.group = Some(named(line.split(':').next().unwrap(), "group"));
    let _listener = bind(&door).unwrap();
    assert_eq!(std::fs::symlink_metadata(&path).unwrap().gid().to_string(), own);
}

#[test]
fn nobody_of_that_name_is_a_mistake_in_its_line_and_leaves_no_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    for (key, name, says) in [
        ("owner", "nobody-of-that-name", "there is no such user in /etc/passwd"),
        ("group", "nobody-of-that-name", "there is no such group in /etc/group"),
        ("group", "4294967295", "larger than any number"),
        ("owner", "99999999999", "larger than any number"),
    ] {
        let mut door = door(&path);
        let place = if key == "owner" { &mut door.socket.owner } else { &mut door.socket.group };
        *place = Some(named(name, key));
        let problem = bind(&door).unwrap_err().to_string();
        assert!(problem.starts_with(&format!("auth.yml:4:9: server.socket.{key}: ")), "{problem}");
        assert!(problem.contains(says) && !problem.contains(name), "{problem}");
        assert!(!path.exists());
    }
}

/// The real thing, from the file on.
#[test]
fn as_configured() {
    let site = Site::new();
    let path = site.file("dockgate.sock");
    let config = format!(
        "server:\n  addr: {}\n  net: unix\n  socket: {{mode: 0620}}\ntoken:\n  issuer: i\n  expiration: 300\n  \
         certificate: cert.pem\n  key: key.pem\nauthn:\n  - users: {{\"\": {{}}}}\nauthz:\n  - acl: []\n",
        path.display()
    );
    site.write("auth.yml", config);
    let server = Server::start(&site, "auth.yml");
    assert_eq!(mode(&path), 0o620);
    assert_eq!(server.address().get("/healthz", None).status, 200);
}
