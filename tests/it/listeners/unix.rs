//! Sockets in the file system.

use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use dockgate::config::server::{DoorAddress, Net};
use dockgate::net::Listener;
use tempfile::TempDir;

use super::{ask, chains, granted};
use crate::support::{Listening, Setup};

/// A directory, and a path in it where a socket may be.
fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dockgate.sock");
    (directory, path)
}

fn setup(path: &Path) -> Setup {
    Setup::new(chains()).server("net: unix").addr(path.to_str().unwrap())
}

fn bind(path: &Path) -> Result<Listener, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let door = DoorAddress::new(Net::Unix, path.to_str().unwrap());
    runtime.block_on(Listener::bind(&door)).map_err(|problem| problem.message)
}

#[test]
fn a_client_on_it_has_no_address() {
    let (_directory, path) = place();
    let server = Listening::start(setup(&path));
    let mut client = server.connect();
    assert_eq!(granted(&ask(&mut client)), ["", "delete"]);
    assert_eq!(granted(&ask(&mut client)), ["", "delete"]);
}

#[test]
fn the_file_is_gone_at_the_end() {
    let (_directory, path) = place();
    let mut server = Listening::start(setup(&path));
    assert!(path.exists());
    assert_eq!(server.connect().get("/healthz").status, 200);
    server.stop();
    server.wait_until_stopped();
    assert!(!path.exists());
    assert!(server.try_connect().is_err());
}

#[test]
fn a_socket_that_was_left_over_is_replaced() {
    let (_directory, path) = place();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = Listening::start(setup(&path));
    assert_eq!(server.connect().get("/healthz").status, 200);
}

#[test]
fn a_socket_that_somebody_listens_on_is_left_alone() {
    let (_directory, path) = place();
    let server = Listening::start(setup(&path));
    let error = bind(&path).unwrap_err();
    assert!(error.contains("somebody is listening") && error.contains(path.to_str().unwrap()), "{error}");
    assert_eq!(server.connect().get("/healthz").status, 200);
}

#[test]
fn a_socket_of_another_kind_is_left_alone() {
    let (_directory, path) = place();
    let datagrams = UnixDatagram::bind(&path).unwrap();
    let error = bind(&path).unwrap_err();
    assert!(error.contains("is somebody's socket"), "{error}");
    UnixDatagram::unbound().unwrap().send_to(b"still there", &path).unwrap();
    assert_eq!(datagrams.recv(&mut [0; 32]).unwrap(), 11);
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let (directory, path) = place();
    std::fs::write(&path, "precious").unwrap();
    let error = bind(&path).unwrap_err();
    assert!(error.contains("is no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");

    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(bind(&link).unwrap_err().contains("is no socket"));
    assert!(bind(directory.path()).unwrap_err().contains("is no socket"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_place_that_cannot_be_is_named() {
    let (directory, _) = place();
    let error = bind(&directory.path().join("nowhere/dockgate.sock")).unwrap_err();
    assert!(error.contains("nowhere/dockgate.sock"), "{error}");
    let long = directory.path().join("x".repeat(200));
    assert!(bind(&long).unwrap_err().contains("cannot listen on"));
}
