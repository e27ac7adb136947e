//! `dockgate keys init | renew | issue-leaf | next-ca | switch-ca`, and servers that run meanwhile.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use rustix::process::Signal;

use super::{config, done, typed};
use crate::process::{Server, Site, poll};

const MANAGED: &str = "  managed_keys: keys";
/// Far beyond what it takes to see a file that changed.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(30);

fn certificate(server: &Server) -> String {
    let header = server.ask(None, "repository:a:pull").token_header();
    header["x5c"][0].as_str().unwrap_or_else(|| panic!("no certificate: {header}")).to_owned()
}

/// Waits until a server signs with another key than this.
#[track_caller]
fn other_than(server: &Server, before: &str) -> String {
    let other = poll(TAKEN_UP_WITHIN, || Some(certificate(server)).filter(|found| found != before));
    other.unwrap_or_else(|| panic!("the same key signs:\n{}", server.stderr()))
}

#[test]
fn init_makes_what_it_says() {
    let site = Site::new();
    let said = done(&site, "keys init keys");
    // Absolute, since a configuration elsewhere means another place by a relative one.
    let made = site.path().canonicalize().unwrap().join("keys");
    let made = made.display();
    for line in [&format!("managed_keys: {made}`"), &format!("{made}/bundle.pem"), "rootcertbundle", "ca.key"]
    {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    for (file, mode) in
        [("keys", 0o700), ("keys/ca.key", 0o600), ("keys/leaf.key", 0o600), ("keys/bundle.pem", 0o644)]
    {
        let found = std::fs::metadata(site.file(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
    let key = std::fs::read(site.file("keys/ca.key")).unwrap();
    let again = typed(&site, "keys init keys");
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("keys"), "{}", again.stderr);
    assert_eq!(std::fs::read(site.file("keys/ca.key")).unwrap(), key, "an authority is never written over");
    assert_eq!(typed(&site, "keys init .").code, Some(1), "somebody's directory");
}

#[test]
fn commands_on_what_is_no_key_directory_name_the_cure() {
    let site = Site::new();
    site.write("full/file", "");
    std::fs::create_dir(site.file("empty")).unwrap();
    for command in ["renew", "next-ca", "switch-ca"] {
        for directory in ["full", "empty", "nowhere"] {
            let ended = typed(&site, &format!("keys {command} {directory}"));
            assert_eq!(ended.code, Some(1), "{command} {directory}: {ended:?}");
            assert!(ended.stderr.contains("dockgate keys init"), "{command} {directory}: {}", ended.stderr);
        }
    }
    assert!(!site.file("nowhere").exists());
    assert_eq!(std::fs::read_dir(site.file("empty")).unwrap().count(), 0);
}

#[test]
fn two_servers_take_up_what_is_renewed() {
    let site = Site::with(&config(MANAGED));
    done(&site, "keys init keys");
    let servers = [(), ()].map(|()| Server::start(&site, "auth.yml"));
    let before = certificate(&servers[0]);
    assert_eq!(certificate(&servers[1]), before);
    let said = done(&site, "keys renew keys");
    assert!(said.contains("Running servers take it up"), "{said}");
    let after = other_than(&servers[0], &before);
    assert_eq!(other_than(&servers[1], &before), after, "the two do not agree");
    // Nobody made another one beside it.
    assert_eq!(
        std::fs::read_to_string(site.file("keys/leaf.key")).unwrap().matches("BEGIN CERTIFICATE").count(),
        1
    );
    for server in servers {
        server.said("signing keys changed", 1);
        assert_eq!(server.stop(Signal::TERM).code, Some(0));
    }
}

#[test]
fn the_next_authority_is_published_and_then_takes_over() {
    let site = Site::with(&config(MANAGED));
    done(&site, "keys init keys");
    let server = Server::start(&site, "auth.yml");
    let (before, bundle) =
        (certificate(&server), || std::fs::read_to_string(site.file("keys/bundle.pem")).unwrap());
    let first = bundle();
    let too_early = typed(&site, "keys switch-ca keys");
    assert!(too_early.code == Some(1) && too_early.stderr.contains("keys next-ca"), "{too_early:?}");

    let said = done(&site, "keys next-ca keys");
    assert!(said.contains("keys/bundle.pem: give that file to every registry"), "{said}");
    server.said("give bundle.pem to every registry before", 1);
    let both = bundle();
    assert!(both.starts_with(&first) && both.matches("BEGIN CERTIFICATE").count() == 2, "{both}");
    assert_eq!(typed(&site, "keys next-ca keys").code, Some(1), "one is enough");
    assert_eq!(certificate(&server), before, "published is not taken over");

    let at_once = typed(&site, "keys switch-ca keys");
    assert!(at_once.code == Some(1) && at_once.stderr.contains("less than a day ago"), "{at_once:?}");
    done(&site, "keys switch-ca keys --now");
    other_than(&server, &before);
    site.write("first.pem", &first);
    site.write("both.pem", &both);
    done(&site, "check auth.yml --registry-bundle both.pem");
    let refused = typed(&site, "check auth.yml --registry-bundle first.pem");
    assert_eq!(refused.code, Some(2), "who was not given the bundle: {refused:?}");
}

#[test]
fn the_authority_may_stay_offline() {
    let site = Site::with(&config("  managed_keys: server"));
    done(&site, "keys init authority");
    let said = done(&site, "keys issue-leaf authority --into server --days 30");
    assert!(said.contains("server has a signing key") && said.contains("run this again"), "{said}");
    let secret = std::fs::read_dir(site.file("server")).unwrap();
    let names: Vec<String> = secret.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with("ca")), "{names:?}");

    let server = Server::start(&site, "auth.yml");
    let before = certificate(&server);
    site.write("bundle.pem", std::fs::read(site.file("authority/bundle.pem")).unwrap());
    done(&site, "check auth.yml --registry-bundle bundle.pem");
    done(&site, "keys issue-leaf authority --into server");
    other_than(&server, &before);
    done(&site, "check auth.yml --registry-bundle bundle.pem");
    let renewed = typed(&site, "keys renew server");
    assert!(renewed.code == Some(1) && renewed.stderr.contains("run this where it is"), "{renewed:?}");
}

/// What hangs when it is opened holds up neither the keys nor the end.
#[test]
fn a_pipe_in_place_of_a_key_is_named_and_passed_over() {
    let site = Site::with(&config("  certificate: cert.pem\n  key: key.pem"));
    let server = Server::start(&site, "auth.yml");
    let before = certificate(&server);
    let key = std::fs::read(site.file("key.pem")).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, site.file("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::fs::rename(site.file("pipe"), site.file("key.pem")).unwrap();
    server.said("it is no regular file", 1);
    assert_eq!(certificate(&server), before);
    let refused = typed(&site, "check auth.yml");
    assert!(refused.code == Some(2) && refused.stderr.contains("save first"), "{refused:?}");
    std::fs::remove_file(site.file("key.pem")).unwrap();
    site.write("key.pem", key);
    server.said("the signing keys are as they should be again", 1);
    assert_eq!(server.stop(Signal::TERM).code, Some(0));
}

#[test]
fn a_published_authority_is_spoken_of_until_it_takes_over() {
    let site = Site::with(&config(MANAGED));
    done(&site, "keys init keys");
    assert!(!done(&site, "check auth.yml").contains("the next CA"));
    done(&site, "keys next-ca keys");
    let said = done(&site, "check auth.yml");
    assert!(
        said.contains("note: auth.yml:") && said.contains("give bundle.pem to every registry before"),
        "{said}"
    );
    let server = Server::start(&site, "auth.yml");
    server.said("give bundle.pem to every registry before", 1);
}

/// Registries have nothing of an authority that was never published to them.
#[test]
fn a_leaf_of_an_unpublished_authority_is_not_taken_up() {
    let site = Site::with(&config("  managed_keys: server"));
    done(&site, "keys init authority");
    done(&site, "keys issue-leaf authority --into server");
    let server = Server::start(&site, "auth.yml");
    let before = certificate(&server);
    done(&site, "keys next-ca authority");
    done(&site, "keys switch-ca authority --now");
    done(&site, "keys issue-leaf authority --into server");
    server.said("an authority that was not published before", 1);
    assert_eq!(certificate(&server), before);
}

/// What cannot be right is found out before anything is locked.
#[test]
fn a_pipe_in_the_target_of_a_leaf_does_not_hang() {
    let site = Site::new();
    done(&site, "keys init authority");
    std::fs::create_dir(site.file("target")).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let pipe = site.file("target/bundle.pem");
    rustix::fs::mknodat(rustix::fs::CWD, pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let refused = typed(&site, "keys issue-leaf authority --into target");
    assert!(
        refused.code == Some(1) && refused.stderr.contains("bundle.pem of something else"),
        "{refused:?}"
    );
    done(&site, "keys renew authority");
}
