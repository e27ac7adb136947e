//! The admin socket.

use std::os::unix::fs::PermissionsExt as _;

use super::{granted, granting, pulling};
use crate::process::Address;

#[test]
fn a_reload_can_be_asked_for_and_says_what_came_of_it() {
    let (site, server) = pulling(", admin: {socket: admin.sock}");
    let admin = Address::Unix(site.file("admin.sock"));
    let mode = std::fs::metadata(site.file("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let status = admin.get("/status", None).json();
    assert_eq!(status["status"], "ready");

    site.write("auth.yml", granting("push", ", admin: {socket: admin.sock}"));
    let done = admin.request("POST", "/reload", &[], b"");
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(done.json()["reloaded"], true);
    assert_eq!(granted(&server), "push");
    assert_eq!(admin.get("/status", None).json()["config"], done.json()["config"]);

    site.write("auth.yml", granting("delete", ", admn: {socket: admin.sock}"));
    let refused = admin.request("POST", "/reload", &[], b"");
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(refused.json()["reloaded"], false);
    let problem = refused.json()["problems"][0].as_str().unwrap().to_owned();
    assert!(problem.contains("auth.yml:1:") && problem.contains("unknown key `admn`"), "{problem}");
    assert_eq!(refused.json()["config"], done.json()["config"], "the hash of what goes on");
    assert_eq!(granted(&server), "push");
    assert_eq!(admin.get("/reload", None).status, 405);
}
