//! What is taken up when files change, and what is not.

use std::os::unix::fs::symlink;

use rustix::process::Signal;

use super::{NOT_RELOADED, RELOADED, granted, granting, hang_up, pulling, until_granted};
use crate::process::{Address, Server, Site, dockgate, run};

#[test]
fn a_changed_file_is_taken_up_by_itself_and_at_the_signal() {
    let (site, server) = pulling("");
    std::fs::write(site.file("auth.yml"), granting("push", "")).unwrap();
    until_granted(&server, "push");
    site.write("auth.yml", granting("delete", ""));
    // Both ways may see the same change: what counts is that neither disturbs the other.
    server.signal(Signal::HUP);
    until_granted(&server, "delete");
}

#[test]
fn a_signal_alone_reads_everything_again() {
    let (_site, server) = pulling("");
    hang_up(&server, RELOADED);
    hang_up(&server, RELOADED);
    assert_eq!(granted(&server), "pull");
    assert_eq!(server.stop(Signal::TERM).code, Some(0));
}

#[test]
fn a_bad_file_changes_nothing_and_is_named_with_its_line() {
    let (site, server) = pulling("");
    for (bad, message) in [
        ("server: [\n", "unclosed bracket"),
        ("", "the file is empty"),
        (&granting("pull", ", adress: x"), "unknown key `adress`"),
        (&granting("push", "").replace("acl", "ack"), "unknown key `ack`"),
        (&granting("push", "").replace("cert.pem", "none.pem"), "none.pem"),
        (&granting("push", "").replace("an issuer", "'${env:NOT_THERE}'"), "NOT_THERE"),
    ] {
        site.write("auth.yml", bad);
        server.signal(Signal::HUP);
        server.said(message, 1);
        assert_eq!(granted(&server), "pull", "{bad}");
        let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
        assert_eq!(checked.code, Some(2));
        assert!(checked.stderr.contains(message), "{message}:\n{}", checked.stderr);
    }
    std::fs::remove_file(site.file("auth.yml")).unwrap();
    hang_up(&server, NOT_RELOADED);
    assert_eq!(granted(&server), "pull");
    site.write("auth.yml", granting("push", ""));
    server.said(RELOADED, 1);
    assert_eq!(granted(&server), "push");
}

#[test]
fn rules_in_other_files_are_taken_up_when_they_change_come_or_go() {
    let config = granting("", "").replace("[{match: {}, actions: []}]", "[{include: 'rules/*.yml'}]");
    let site = Site::with(&config);
    std::fs::create_dir(site.file("rules")).unwrap();
    let server = Server::start(&site, "auth.yml");
    assert_eq!(granted(&server), "");
    for (name, text, after) in [
        ("20.yml", "- {match: {}, actions: [pull]}\n", "pull"),
        ("20.yml", "- {match: {}, actions: [push]}\n", "push"),
        ("10.yml", "- {match: {}, actions: [delete]}\n", "delete"),
    ] {
        site.write(&format!("rules/{name}"), text);
        until_granted(&server, after);
    }
    std::fs::remove_file(site.file("rules/10.yml")).unwrap();
    until_granted(&server, "push");
}

#[test]
fn kubernetes_exchanges_a_whole_directory_behind_a_link() {
    let site = Site::with(&granting("pull", ""));
    for (version, actions) in [("v1", "pull"), ("v2", "push")] {
        site.write(&format!("mount/{version}/auth.yml"), granting(actions, ""));
        site.write(&format!("mount/{version}/cert.pem"), &site.pair.certificate_pem);
        site.write(&format!("mount/{version}/key.pem"), &site.pair.key_pem);
    }
    symlink("v1", site.file("mount/..data")).unwrap();
    for name in ["auth.yml", "cert.pem", "key.pem"] {
        symlink(format!("..data/{name}"), site.file("mount").join(name)).unwrap();
    }
    let server = Server::start(&site, "mount/auth.yml");
    assert_eq!(granted(&server), "pull");
    symlink("v2", site.file("mount/..data_tmp")).unwrap();
    std::fs::rename(site.file("mount/..data_tmp"), site.file("mount/..data")).unwrap();
    std::fs::remove_dir_all(site.file("mount/v1")).unwrap();
    server.said(RELOADED, 1);
    assert_eq!(granted(&server), "push");
}

#[test]
fn a_secret_file_is_watched_too() {
    let site =
        Site::with(&granting("pull", "").replace("{\"\": {}}", "{alice: {password_file: alice.hash}}"));
    let hash = |password: &str| {
        let made = crate::process::run_with_input(
            dockgate().args(["hash", "--cost", "4"]),
            format!("{password}\n").as_bytes(),
        );
        made.stdout
    };
    site.write("alice.hash", hash("first"));
    let server = Server::start(&site, "auth.yml");
    let granted = |password| server.ask(Some(("alice", password)), "repository:a:pull").granted();
    assert_eq!((granted("first").as_str(), granted("second").as_str()), ("pull", "401"));
    site.write("alice.hash", hash("second"));
    server.said(RELOADED, 1);
    assert_eq!((granted("first").as_str(), granted("second").as_str()), ("401", "pull"));
}

#[test]
fn two_servers_with_the_same_configuration_say_the_same_hash() {
    let text = granting("pull", "");
    let hash = |text: &str| {
        let site = Site::with(text);
        let server = Server::start(&site, "auth.yml");
        let log = server.stderr();
        log.split("config=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let first = hash(&text);
    assert_eq!(first.len(), 16);
    assert_eq!(first, hash(&text));
    assert_ne!(first, hash(&format!("{text}\n")));
}

#[test]
fn what_is_logged_changes_with_the_configuration() {
    let (site, server) = pulling(", admin: {socket: admin.sock}");
    server.said("decided", 1);
    let admin = Address::Unix(site.file("admin.sock"));
    let log_as = |log: &str| {
        site.write("auth.yml", granting("pull", ", admin: {socket: admin.sock}") + log);
        assert_eq!(admin.request("POST", "/reload", &[], b"").status, 200);
    };
    log_as("log: {level: error}\n");
    assert_eq!(granted(&server), "pull");
    log_as("log: {level: debug, format: json}\n");
    assert_eq!(granted(&server), "pull");
    server.said("\"message\":\"answers with a token\"", 1);
    // What was asked while it was quiet came before, and is not there.
    assert_eq!(server.stderr().matches("decided").count(), 2, "{}", server.stderr());
}

#[test]
fn what_was_wrong_in_a_file_of_the_refused_configuration_may_be_put_right_there() {
    let (site, server) = pulling("");
    site.write("auth.yml", granting("push", "").replace("acl: [", "acl: [{include: more.yml}, "));
    server.said(NOT_RELOADED, 1);
    site.write("more.yml", "- match: [\n");
    server.said("more.yml:", 1);
    assert_eq!(granted(&server), "pull");
    site.write("more.yml", "- {match: {name: b}, actions: [pull]}\n");
    server.said(RELOADED, 1);
    assert_eq!(granted(&server), "push");

    let key = std::fs::read(site.file("key.pem")).unwrap();
    let tls = ", certificate: cert.pem, key: later.pem";
    site.write("auth.yml", granting("delete", &format!(", listeners: [{{addr: a.sock, net: unix{tls}}}]")));
    server.said("later.pem", 1);
    site.write("later.pem", key);
    server.said("scheme=\"https\"", 1);
    assert_eq!(granted(&server), "delete");
}

#[test]
fn a_pipe_in_place_of_the_configuration_holds_up_no_later_reload() {
    let (site, server) = pulling("");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, site.file("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::fs::rename(site.file("pipe"), site.file("auth.yml")).unwrap();
    hang_up(&server, NOT_RELOADED);
    assert_eq!(granted(&server), "pull");
    site.write("new.yml", granting("push", ""));
    std::fs::rename(site.file("new.yml"), site.file("auth.yml")).unwrap();
    server.said(RELOADED, 1);
    assert_eq!(granted(&server), "push");
}
