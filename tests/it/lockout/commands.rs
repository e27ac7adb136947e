//! `dockgate bans`, and what a running server does by itself.

use crate::process::{Ended, Server, Site, dockgate, poll, run};
use crate::support::{ALICE, PATIENCE, users};

fn configuration(lockout: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\", admin: {{socket: admin.sock}}}}\n\
         token: {{issuer: an issuer, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         lockout: {lockout}\n\
         authn: [{{users: {}}}]\n\
         authz: [{{acl: [{{match: {{}}, actions: ['*']}}]}}]\n",
        users("")
    )
}

fn serving(lockout: &str) -> (Site, Server) {
    let site = Site::with(&configuration(lockout));
    let server = Server::start(&site, "auth.yml");
    (site, server)
}

fn bans(site: &Site, arguments: &[&str]) -> Ended {
    let (command, rest) = arguments.split_first().unwrap();
    run(dockgate().args(["bans", command, "auth.yml"]).args(rest).current_dir(site.path()))
}

fn status(server: &Server, password: &str) -> u16 {
    server.ask(Some(("alice", password)), "repository:a:pull").status
}

fn fail(server: &Server, round: &str, times: usize) {
    for number in 0..times {
        assert_eq!(status(server, &format!("wrong {round} {number}")), 401);
    }
}

#[test]
fn bans_are_listed_and_lifted() {
    let (site, server) = serving("{account: {delay: 0}}");
    let none = bans(&site, &["list"]);
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.trim()), (Some(0), "", "nobody is banned"));
    fail(&server, "first", 5);
    let refused = server.ask(Some(ALICE), "repository:a:pull");
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");

    let listed = bans(&site, &["list"]);
    assert!(listed.stdout.starts_with("alice from 127.0.0.1, 5 failed logins, until 20"), "{listed:?}");
    let json: serde_json::Value = serde_json::from_str(&bans(&site, &["list", "--json"]).stdout).unwrap();
    assert_eq!(json["bans"].as_array().unwrap().len(), 1);
    let ban = &json["bans"][0];
    let until = ban["until"].as_str().unwrap();
    assert!(!until.contains('.') && until.ends_with('Z'), "whole seconds: {until}");
    assert_eq!((&ban["kind"], &ban["account"]), (&"pair".into(), &"alice".into()));
    assert_eq!((&ban["address"], &ban["failures"]), (&"127.0.0.1".into(), &5.into()));

    let explained = |ip: &str| {
        let asked = ["auth.yml", "--live", "--account", "alice", "--scope", "repository:a:pull", "--ip", ip];
        run(dockgate().arg("explain").args(asked).current_dir(site.path()))
    };
    let here = explained("127.0.0.1").stdout;
    assert!(
        here.contains("429") && here.contains("too many failed logins: refused from there for"),
        "{here}"
    );
    let elsewhere = explained("127.0.0.2").stdout;
    assert!(!elsewhere.contains("too many failed logins"), "{elsewhere}");

    let nobody = bans(&site, &["lift", "--account", "bob"]);
    assert_eq!(
        (nobody.code, nobody.stderr.trim()),
        (
            Some(1),
            "nothing was lifted: there is no such ban; `dockgate bans list` shows those that there are"
        )
    );
    let wrong = bans(&site, &["lift", "--address", "everywhere"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("is no IP address"), "{wrong:?}");
    let unclear = bans(&site, &["lift"]);
    assert_eq!(unclear.code, Some(2), "{unclear:?}");

    let lifted = bans(&site, &["lift", "--account", "Alice"]);
    assert_eq!(lifted.code, Some(0), "{lifted:?}");
    assert!(lifted.stdout.starts_with("lifted: alice from 127.0.0.1, "), "{lifted:?}");
    assert_eq!(status(&server, ALICE.1), 200);

    for which in [&["lift", "--address", "127.0.0.0/8"][..], &["lift", "--all"]] {
        fail(&server, which[1], 5);
        assert_eq!(bans(&site, which).code, Some(0));
        assert_eq!(status(&server, ALICE.1), 200);
    }
    server.said("too many failed logins: refused for a while", 3);
    server.said("a ban was lifted", 3);
    assert_eq!(server.stderr().matches("too many failed logins").count(), 3, "once each");
}

#[test]
fn a_ban_outlives_a_reload_whose_thresholds_count_from_then_on_and_its_end_is_told() {
    let (site, server) = serving("{account: {delay: 0}, pair: {failures: 3, ban: 3s}}");
    fail(&server, "reload", 2);
    site.write("auth.yml", configuration("{account: {delay: 0}, pair: {failures: 4, ban: 3s}}"));
    server.said("configuration reloaded", 1);
    // What was wrong under the old configuration is asked again, and counts again.
    fail(&server, "reload", 2);
    assert_eq!(status(&server, ALICE.1), 429);
    site.write("auth.yml", configuration("{account: {delay: 0}, pair: {failures: 5, ban: 3s}}"));
    server.said("configuration reloaded", 2);
    let ended = poll(PATIENCE, || (status(&server, ALICE.1) == 200).then_some(()));
    assert!(ended.is_some(), "{}", server.stderr());
    server.said("a ban has ended", 1);
    assert_eq!(server.stderr().matches("a ban has ended").count(), 1);
}

#[test]
fn where_lock_out_is_off_the_command_says_so() {
    let (site, _server) = serving("{enabled: false}");
    let refused = bans(&site, &["list"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("lock-out is turned off (lockout.enabled)"), "{refused:?}");
}
