//! How a server says that it is going.

use std::time::Duration;

use rustix::process::Signal;

use super::{granted, granting, pulling};
use crate::process::{Address, Server, Site, dockgate, poll};

#[test]
fn it_is_ready_once_it_listens() {
    let (_site, server) = pulling("");
    let ready = server.address().get("/readyz", None);
    assert_eq!((ready.status, ready.body.as_str()), (200, r#"{"status":"ready"}"#));
}

#[test]
fn it_serves_on_for_the_delay_and_says_that_it_goes() {
    let (_site, server) = pulling(", shutdown_delay: 10m");
    server.signal(Signal::TERM);
    server.said("not ready any more", 1);
    let ready = server.address().get("/readyz", None);
    assert_eq!((ready.status, ready.body.as_str()), (503, r#"{"status":"draining"}"#));
    assert_eq!(server.address().get("/healthz", None).status, 200, "alive until the end");
    assert_eq!(granted(&server), "pull");
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("second signal"), "{}", ended.stderr);
}

#[test]
fn after_the_delay_it_ends_by_itself() {
    let (_site, server) = pulling(", shutdown_delay: 50ms");
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.ends_with("stopped\n"), "{}", ended.stderr);
}

#[test]
fn what_backends_say_of_themselves_stands_at_the_door_of_those_who_watch() {
    let site = Site::with(&granting("pull", ", metrics: {addr: metrics.sock, net: unix}"));
    let server = Server::start(&site, "auth.yml");
    server.said("listening for those who watch", 1);
    let metrics = Address::Unix(site.file("metrics.sock"));
    let ready = metrics.get("/readyz", None).json();
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["authn"][0]["link"], "users");
    assert_eq!(ready["authz"][0]["state"], "up");
    assert!(server.stderr().contains(ready["config"].as_str().unwrap()));
    assert_eq!(metrics.get("/healthz", None).status, 200);
    for closed in ["/auth", "/status", "/reload", "/"] {
        assert_eq!(metrics.get(closed, None).status, 404, "{closed}");
    }
    for inside in ["/metrics", "/status", "/reload"] {
        assert_eq!(server.address().get(inside, None).status, 404, "{inside}");
    }
}

/// A file system that hangs must not make a server that nobody can stop.
#[test]
fn it_can_be_stopped_while_it_starts() {
    let site = Site::new();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, site.file("pipe.yml"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    // Somebody who could write to it, and does not.
    let _writer = std::fs::File::options().read(true).write(true).open(site.file("pipe.yml")).unwrap();
    let mut child = dockgate().args(["serve", "pipe.yml"]).current_dir(site.path()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let status = std::fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        (caught >> (Signal::TERM.as_raw() - 1) & 1 == 1).then_some(())
    };
    assert!(poll(Duration::from_secs(30), listens).is_some(), "it never listens for the signal");
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    let ended = poll(Duration::from_secs(30), || child.try_wait().unwrap());
    if ended.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "the signal does not end it");
}
