//! `users_file`: an htpasswd file that changes under the real binary.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::process::{Ended, Server, Site, dockgate, poll, run};

/// As Apache's `htpasswd` wrote it (`-nbB -C 5`, `-nbm`, `-nbs`, `-nb2`, `-nb5`); `tests/real` lets it write anew.
const EVERY_KIND: &str = include_str!("../../backends/htpasswd/src/tests/every_kind.htpasswd");
const RIGHT: &str = "a right password";
/// `htpasswd -nbm u "another password"`.
const ANOTHER: &str = "$apr1$MIaJVCTc$Gvt34bXxDQc4r0ELqyVqq0";
const SCOPE: &str = "repository:a:pull";
/// The watcher waits for quiet, and looks at the file itself after half a minute at the latest.
const SOON: Duration = Duration::from_secs(60);

fn config(chain: &str) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token: {{issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         log: {{level: trace}}\n{chain}"
    )
}

fn site(htpasswd: &str) -> Site {
    let site = Site::with(&config(
        "authn:\n  - users_file: {path: users.htpasswd, labels: {groups: [\"staff\"]}}\n    name: staff\n\
         authz:\n  - acl: [{match: {labels: {groups: staff}}, actions: [pull]}]\n",
    ));
    site.write("users.htpasswd", htpasswd);
    site
}

/// A line of the file for another account.
fn line(kind: &str, account: &str) -> String {
    let line = EVERY_KIND.lines().find(|line| line.starts_with(&format!("{kind}:"))).unwrap();
    line.replacen(kind, account, 1) + "\n"
}

fn check(site: &Site, more: &[&str]) -> Ended {
    run(dockgate().args(["check", "auth.yml"]).args(more).current_dir(site.path()))
}

fn granted(server: &Server, account: &str, password: &str) -> String {
    server.ask(Some((account, password)), SCOPE).granted()
}

fn until(what: &str, so: impl Fn() -> bool) {
    assert!(poll(SOON, || so().then_some(())).is_some(), "still not so: {what}");
}

#[test]
fn every_kind_of_htpasswd_logs_in() {
    let site = site(EVERY_KIND);
    let server = Server::start(&site, "auth.yml");
    for account in ["bcrypt", "apr1", "sha", "sha256", "sha512"] {
        for _ in 0..2 {
            assert_eq!(granted(&server, account, RIGHT), "pull", "{account}");
            assert_eq!(granted(&server, account, "a wrong password"), "401", "{account}");
        }
        assert_eq!(granted(&server, account, ""), "401", "{account}");
    }
    assert_eq!(granted(&server, "nobody", RIGHT), "401");
    assert_eq!(server.ask(None, SCOPE).status, 401);
    for secret in EVERY_KIND.lines().filter_map(|line| line.split_once(':')).map(|(_, hash)| hash) {
        assert!(!server.stderr().contains(secret));
    }
    let warned = check(&site, &[]).stdout;
    let warnings: Vec<&str> = warned.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{warned}");
    assert!(
        warnings[0].contains("users.htpasswd:2:8: authn[0].users_file.path: bcrypt cost 5 is low"),
        "{warned}"
    );
    assert!(warnings[0].ends_with("(and 4 more in this file)"), "{warned}");
}

/// Written in place, replaced by another file of its name, exchanged as Kubernetes does.
#[test]
fn whoever_is_taken_out_is_out() {
    let site = site(&(line("bcrypt", "alice") + &line("sha", "bob")));
    let server = Server::start(&site, "auth.yml");
    let path = site.file("users.htpasswd");
    let is_in = |account: &str| granted(&server, account, RIGHT) == "pull";
    let ways: [(&str, &dyn Fn(String)); 3] = [
        ("in place", &|content| fs::write(&path, content).unwrap()),
        ("another file of its name", &|content| site.write("users.htpasswd", content)),
        ("behind a link", &|content| {
            site.write("..2/users.htpasswd", content);
            symlink("..2", site.file("..data")).unwrap();
            symlink("..data/users.htpasswd", site.file("link")).unwrap();
            fs::rename(site.file("link"), &path).unwrap();
        }),
    ];
    for (number, (way, write)) in ways.into_iter().enumerate() {
        // The first password is hashed, the second remembered: both must be forgotten.
        assert!(is_in("alice") && is_in("alice") && is_in("bob") && is_in("bob"), "{way}");
        // The new account shows that the file was read; the others are out at once, not some time.
        let new = format!("new{number}");
        write(line("sha", &new) + &changed("alice"));
        until(way, || is_in(&new));
        assert!(!is_in("alice") && !is_in("bob"), "{way}");
        assert_eq!(granted(&server, "alice", "another password"), "pull", "{way}");
        // Back again, through the same door.
        let back = line("bcrypt", "alice") + &line("sha", "bob");
        fs::write(&path, back).unwrap();
        until(way, || is_in("bob"));
        assert!(is_in("alice") && !is_in(&new), "{way}");
    }
    // The link that stands for the whole directory.
    site.write("..3/users.htpasswd", line("sha", "carol"));
    symlink("..3", site.file("..data_tmp")).unwrap();
    fs::rename(site.file("..data_tmp"), site.file("..data")).unwrap();
    until("the directory was exchanged", || is_in("carol"));
    assert!(!is_in("alice") && !is_in("bob"));
}

fn changed(account: &str) -> String {
    format!("{account}:{ANOTHER}\n")
}

#[test]
fn a_bad_file_changes_nothing_and_is_logged_at_each_change() {
    let site = site(&line("sha", "alice"));
    let server = Server::start(&site, "auth.yml");
    let lines = |level: &str, what: &str| {
        let said = server.stderr();
        said.lines().filter(|line| line.contains(level) && line.contains(what)).count()
    };
    let told = |what: &str| lines(" ERROR ", what);
    let again = || lines(" INFO ", "was read again");
    for (content, place) in [
        (Some("alice:hunter2 in plain text\nhunter2\n"), "users.htpasswd:1:7"),
        (Some("bob:$1$s$eSlDmdCX8nqs9SNxRTvrN.\n"), "users.htpasswd:1:5"),
        (None, "there is no file"),
        (Some("\nbob:$apr1$canary\n"), "users.htpasswd:2:5"),
    ] {
        match content {
            Some(content) => site.write("users.htpasswd", content),
            None => fs::remove_file(site.file("users.htpasswd")).unwrap(),
        }
        until(place, || told(place) > 0);
        assert_eq!(granted(&server, "alice", RIGHT), "pull", "{place}");
    }
    assert_eq!(again(), 0, "{}", server.stderr());
    // A late event of the system may lead to a second look.
    assert!(
        (1..=2).contains(&told("users.htpasswd:2:1")),
        "every mistake of the first file: {}",
        server.stderr()
    );
    site.write("users.htpasswd", line("sha", "bob"));
    until("it is good again", || again() > 0);
    assert_eq!(
        (granted(&server, "bob", RIGHT), granted(&server, "alice", RIGHT)),
        ("pull".into(), "401".into())
    );
    site.write("users.htpasswd", "# nobody\n");
    until("nobody is left", || lines(" WARN ", "no account in the file any more") > 0);
    until("bob is out", || granted(&server, "bob", RIGHT) == "401");
    for secret in ["hunter2", "canary", "eSlDmdCX8nqs9SNxRTvrN"] {
        assert!(!server.stderr().contains(secret), "{secret}: {}", server.stderr());
    }
}

#[test]
fn at_the_start_a_bad_file_is_a_mistake_with_its_place() {
    let site = site(&format!("{}alice:$1$s$eSlDmdCX8nqs9SNxRTvrN.\nbob\n", line("sha", "carol")));
    let refused = check(&site, &[]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    for place in [
        "./users.htpasswd:2:7: authn[0].users_file.path: MD5 crypt",
        "./users.htpasswd:3:1: authn[0].users_file",
    ] {
        assert!(refused.output().contains(place), "{place}: {refused:#?}");
    }
    fs::remove_file(site.file("users.htpasswd")).unwrap();
    let refused = check(&site, &[]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    let place = "auth.yml:5:24: authn[0].users_file.path: there is no file";
    assert!(refused.output().contains(place), "{refused:#?}");
    let offline = check(&site, &["--offline"]);
    assert_eq!(offline.code, Some(0), "{offline:#?}");
}

#[test]
fn what_is_weak_stands_in_htpasswd_files_only() {
    let apr1 = line("apr1", "x").trim().split_once(':').unwrap().1.to_owned();
    let sha512 = line("sha512", "x").trim().split_once(':').unwrap().1.to_owned();
    let site = Site::with(&config(&format!(
        "users:\n  a: {{password: \"{apr1}\"}}\n  b: {{password: \"{sha512}\"}}\nacl: []\n"
    )));
    let refused = check(&site, &[]).output();
    assert!(
        refused.contains("users.a.password: Apache MD5 hashes are read only in an htpasswd file"),
        "{refused}"
    );
    assert!(!refused.contains("users.b"), "{refused}");

    let site = Site::with(&config("users_file: {path: users.htpasswd}\nacl: []\n"));
    let refused = check(&site, &[]).output();
    assert!(refused.contains("write `authn: [{users_file: …}]`"), "{refused}");
}

/// With one place for all, who comes while a password is hashed is told to come back.
#[test]
fn a_full_queue_is_503_and_a_time_to_come_back() {
    // `htpasswd -nbB -C 12 x x`
    let slow = "$2y$12$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
    let users: String = (0..8).map(|number| format!("user{number}:{slow}\n")).collect();
    let site = site(&users);
    let text = fs::read_to_string(site.file("auth.yml")).unwrap();
    site.write("auth.yml", text + "passwords: {slots: 1, queue: 0, memo: 0}\n");
    let server = Server::start(&site, "auth.yml");
    let refused = poll(SOON, || {
        let answers: Vec<_> = std::thread::scope(|scope| {
            let ask = |number| {
                let server = &server;
                let account = format!("user{number}");
                // Equal checks would share the place.
                scope.spawn(move || server.ask(Some((&account, &account)), SCOPE))
            };
            (0..8).map(ask).collect::<Vec<_>>().into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        let told: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
        assert!(told.iter().all(|answer| answer.header("retry-after") == Some("1")), "{}", told[0].head);
        assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 8 - told.len());
        assert!(told.len() < 8, "somebody has the place");
        (!told.is_empty()).then_some(told.len())
    });
    assert!(refused.is_some(), "never full");
    server.said("too many passwords wait to be hashed", 1);
}
