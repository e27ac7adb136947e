//! What the commands of a running server say where they cannot be carried out: what is missing, and where to write it.

use crate::process::{Ended, Server, Site, dockgate, run};
use crate::support::users;

/// All that go over the admin socket, and whether they want a store.
const COMMANDS: [(&[&str], bool); 8] = [
    (&["tokens", "create", "auth.yml", "--account", "alice"], true),
    (&["tokens", "list", "auth.yml"], true),
    (&["tokens", "revoke", "auth.yml", "0123456789abcdef"], true),
    (&["revoke", "auth.yml", "--account", "alice"], true),
    (&["store", "export", "auth.yml"], true),
    (&["store", "import", "auth.yml"], true),
    (&["bans", "list", "auth.yml"], false),
    (&["bans", "lift", "auth.yml", "--all"], false),
];

fn site(admin: &str, sections: &str) -> Site {
    Site::with(&format!(
        "server: {{addr: \"127.0.0.1:0\"{admin}}}\n\
         token: {{issuer: an issuer, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         {sections}\n\
         authn: [{{users: {}}}]\n\
         authz: [{{acl: []}}]\n",
        users("")
    ))
}

const ADMIN: &str = ", admin: {socket: admin.sock}";

fn typed(site: &Site, command: &[&str]) -> Ended {
    run(dockgate().args(command).current_dir(site.path()))
}

#[test]
fn nowhere_to_ask() {
    let (silent, ended) = (site("", ""), site(ADMIN, ""));
    for (command, _) in COMMANDS {
        let without = typed(&silent, command);
        assert_eq!((without.code, without.stdout.as_str()), (Some(2), ""), "{command:?}: {without:?}");
        assert!(without.stderr.contains("write `admin: {socket: PATH}` below `server`"), "{without:?}");
        let nobody = typed(&ended, command);
        assert_eq!((nobody.code, nobody.stdout.as_str()), (Some(1), ""), "{command:?}: {nobody:?}");
        assert!(nobody.stderr.contains("no server answers at admin.sock"), "{nobody:?}");
        assert!(nobody.stderr.contains("is it running, and with this `server.admin.socket`?"), "{nobody:?}");
    }
}

#[test]
fn no_store() {
    let site = site(ADMIN, "lockout: {enabled: false}");
    let _server = Server::start(&site, "auth.yml");
    for (command, wants_a_store) in COMMANDS {
        let refused = typed(&site, command);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{command:?}: {refused:?}");
        let says =
            if wants_a_store { "write `store: {file: DIRECTORY}`" } else { "turned off (lockout.enabled)" };
        assert!(refused.stderr.contains(says), "{command:?}: {refused:?}");
    }
}

#[test]
fn a_store_that_is_away() {
    let store = "store: {redis: {addr: \"127.0.0.1:1\"}, secret: 0123456789abcdef0123456789abcdef}";
    let site = site(ADMIN, store);
    let _server = Server::start(&site, "auth.yml");
    for (command, _) in COMMANDS.iter().filter(|(command, wants)| *wants && command[1] != "import") {
        let refused = typed(&site, command);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{command:?}: {refused:?}");
        let why = "the store does not answer: Redis at 127.0.0.1:1";
        assert!(refused.stderr.starts_with(why), "{command:?}: {refused:?}");
    }
    let lifted = typed(&site, &["bans", "lift", "auth.yml", "--all"]);
    assert_eq!(lifted.code, Some(1));
    assert!(lifted.stderr.contains("other servers go on refusing"), "{lifted:?}");
}

#[test]
fn a_store_that_another_server_has_open() {
    let site = site(ADMIN, "store: {file: store}");
    let _server = Server::start(&site, "auth.yml");
    let second = run(dockgate().arg("auth.yml").current_dir(site.path()));
    assert_eq!(second.code, Some(2), "{second:?}");
    for says in ["auth.yml:3:", "store.file", "has it open; give each server a directory of its own"] {
        assert!(second.stderr.contains(says), "{says}: {second:?}");
    }
    let checked = typed(&site, &["check", "auth.yml"]);
    assert_eq!(checked.code, Some(0), "whoever only looks opens nothing: {checked:?}");
}

#[test]
fn wishes_that_make_no_sense() {
    let site = site(ADMIN, "store: {file: store}");
    let _server = Server::start(&site, "auth.yml");
    let create = ["tokens", "create", "auth.yml", "--account", "alice"];
    for (command, says) in [
        (
            &["tokens", "create", "auth.yml", "--account", "nobody"][..],
            "no link knows `nobody`: write it as users does",
        ),
        (&[&create[..], &["--link", "corp"]].concat(), "`authn` has no link `corp`, only users"),
        (&[&create[..], &["--scope", "team/app"]].concat(), "such as `repository:team/*:pull`"),
        (&[&create[..], &["--expires", "90"]].concat(), "write `90d`, `12h`, `2026-12-31`, or `never`"),
        (&[&create[..], &["--expires", "2020-01-01"]].concat(), "give a time to come"),
        (&["tokens", "list", "auth.yml", "--kind", "robots"], "api-tokens"),
        (&["tokens", "revoke", "auth.yml", "scan"], "what `tokens list` shows in its first column"),
        (&["revoke", "auth.yml"], "--account <ACCOUNT>|--link <LINK>|--all-before <TIME>"),
        (&["revoke", "auth.yml", "--all-before", "yesterday"], "write a date, such as `2026-12-31`"),
        (&["bans", "lift", "auth.yml"], "--account <ACCOUNT>|--address <NETWORK>|--all"),
        (&["bans", "lift", "auth.yml", "--address", "ci.example.com"], "host names are not looked up"),
    ] {
        let refused = typed(&site, command);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{command:?}: {refused:?}");
        assert!(refused.stderr.contains(says), "{command:?} does not say {says:?}: {refused:?}");
    }
    for (command, says) in [
        (
            &["revoke", "auth.yml", "--account", "nobody"][..],
            "`dockgate tokens list` shows those that there are",
        ),
        (
            &["tokens", "revoke", "auth.yml", "0123456789"],
            "`dockgate tokens list` shows those that there are",
        ),
        (
            &["bans", "lift", "auth.yml", "--account", "nobody"],
            "`dockgate bans list` shows those that there are",
        ),
    ] {
        let nothing = typed(&site, command);
        assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(1), ""), "{command:?}: {nothing:?}");
        assert!(nothing.stderr.contains(says), "{command:?}: {nothing:?}");
    }
}
