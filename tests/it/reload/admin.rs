//! The admin socket.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use rustix::process::Signal;

use super::{granted, granting, pulling};
use crate::process::{Address, Ended, Site, dockgate, run};

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

fn told(site: &Site, command: &str) -> Ended {
    run(dockgate().args([command, "auth.yml"]).current_dir(site.path()))
}

#[test]
fn the_commands_ask_at_the_socket_that_the_file_names() {
    let admin = ", admin: {socket: admin.sock}";
    let (site, server) = pulling(admin);
    let status = told(&site, "status");
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.stdout.contains("\"status\":\"ready\""), "{}", status.stdout);

    site.write("auth.yml", granting("push", admin));
    let done = told(&site, "reload");
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains("reloaded: configuration "), "{}", done.stdout);
    assert_eq!(granted(&server), "push");

    site.write("auth.yml", granting("delete", admin).replace("an issuer", ""));
    let refused = told(&site, "reload");
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("token.issuer"), "{}", refused.stderr);
    assert!(refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    site.write("auth.yml", "server: [");
    assert_eq!(told(&site, "reload").code, Some(2), "what cannot be read names no socket");
    assert_eq!(granted(&server), "push");

    site.write("auth.yml", granting("push", ""));
    let nowhere = told(&site, "reload");
    assert_eq!(nowhere.code, Some(2), "{nowhere:?}");
    assert!(nowhere.stderr.contains("server.admin.socket"), "{}", nowhere.stderr);
    let given = ["status", "auth.yml", "--socket", "nobody.sock"];
    let nobody = run(dockgate().args(given).current_dir(site.path()));
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.stderr.contains("no server answers at nobody.sock"), "{}", nobody.stderr);
}

#[test]
fn a_running_server_explains_by_what_it_has_taken_up() {
    let admin = ", admin: {socket: admin.sock}";
    let (site, server) = pulling(admin);
    let explained = |more: &[&str]| {
        let fixed = ["explain", "auth.yml", "--live", "--scope", "repository:a:pull"];
        run(dockgate().args(fixed).args(more).current_dir(site.path()))
    };
    let granted_now = explained(&[]);
    assert_eq!(granted_now.code, Some(0), "{granted_now:?}");
    assert!(granted_now.stdout.contains("auth.yml:4"), "{}", granted_now.stdout);

    // The file says something else now, and is no good: what runs goes on, and says so.
    site.write("auth.yml", granting("push", admin).replace("an issuer", ""));
    let json = explained(&["--json"]);
    assert_eq!(json.code, Some(0), "{json:?}");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["outcome"], "granted");
    let alone = run(dockgate()
        .args(["explain", "auth.yml", "--scope", "repository:a:pull"])
        .current_dir(site.path()));
    assert_eq!(alone.code, Some(2), "{alone:?}");

    let mistaken = explained(&["--scope", "nonsense"]);
    assert_eq!(mistaken.code, Some(2), "{mistaken:?}");
    assert!(mistaken.stderr.contains("is no scope"), "{}", mistaken.stderr);
    assert_eq!(granted(&server), "pull");
    server.said("decided", 2);
    assert_eq!(
        server.stderr().matches("decided").count(),
        2,
        "explaining is no decision: {}",
        server.stderr()
    );
}

#[test]
fn what_only_a_restart_changes_is_warned_of_and_the_rest_is_taken() {
    let admin = ", admin: {socket: admin.sock}";
    let (site, server) = pulling(admin);
    site.write("auth.yml", granting("push", admin) + "passwords: {slots: 3}\n");
    let done = told(&site, "reload");
    assert_eq!(done.code, Some(0), "{done:?}");
    let warning = "warning: auth.yml:5:1: passwords: takes effect when the server starts again";
    assert!(done.stdout.contains(warning), "{}", done.stdout);
    assert_eq!(granted(&server), "push");
    let again = told(&site, "reload");
    assert!(again.stdout.contains(warning), "as long as it is so: {}", again.stdout);
    // What hashes was never another.
    site.write("auth.yml", granting("delete", admin));
    let back = told(&site, "reload");
    assert!(back.code == Some(0) && !back.stdout.contains("passwords"), "{}", back.stdout);
}

#[test]
fn whoever_holds_every_connection_of_those_who_watch_keeps_nobody_from_the_commands() {
    let (site, server) = pulling(", metrics: {addr: metrics.sock, net: unix}, admin: {socket: admin.sock}");
    server.said("listening for admin commands", 1);
    let held: Vec<UnixStream> = (0..64)
        .map(|_| {
            let mut stream = UnixStream::connect(site.file("metrics.sock")).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            stream.read_exact(&mut [0; 16]).unwrap();
            stream
        })
        .collect();
    assert_eq!(Address::Unix(site.file("admin.sock")).get("/status", None).status, 200);
    drop(held);
}

#[test]
fn who_asks_for_a_reload_at_the_end_is_not_made_to_wait_for_one() {
    let (site, server) = pulling(", shutdown_delay: 10m, admin: {socket: admin.sock}");
    let admin = Address::Unix(site.file("admin.sock"));
    server.signal(Signal::TERM);
    server.said("not ready any more", 1);
    assert_eq!(admin.request("POST", "/reload", &[], b"").status, 503);
    assert_eq!(server.stop(Signal::TERM).code, Some(0));
}
