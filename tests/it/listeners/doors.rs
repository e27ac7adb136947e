//! What the doors of a configuration are made of.

use std::sync::Arc;
use std::time::SystemTime;

use dockgate::config::Source;
use dockgate::config::server::{Mode, Net, ServerConfig};
use dockgate::net::{Door, load_doors};
use dockgate_api::config::KeyPath;

use crate::process::{DAY, Site, dockgate, now, pair, run};

/// The doors of a `server` section, what is wrong with them, and what is to be said of them.
fn doors(site: &Site, section: &str, now: SystemTime) -> (Vec<Door>, Vec<String>, Vec<String>) {
    doors_beside(site, section, &[], now)
}

/// The same in a server that is serving at other doors.
fn doors_beside(
    site: &Site,
    section: &str,
    serving: &[Door],
    now: SystemTime,
) -> (Vec<Door>, Vec<String>, Vec<String>) {
    let text = format!("server:\n{section}authn: []\n");
    let source = Source::parse("auth.yml", &text, site.path(), &|_| None).unwrap();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let server: ServerConfig =
        source.root.get("server").unwrap().value.decode(&KeyPath::root().key("server")).unwrap();
    let doors = load_doors(&source, &server, serving, None, now, &mut problems, &mut warnings);
    let texts = |list: Vec<dockgate_api::config::Problem>| list.iter().map(ToString::to_string).collect();
    (doors, texts(problems), texts(warnings))
}

#[test]
fn each_has_its_certificate_or_the_servers_or_none() {
    let site = Site::new();
    let other = pair(now() - DAY, now() + 200 * DAY);
    site.write("other.pem", &other.certificate_pem);
    site.write("other.key", &other.key_pem);
    let (doors, problems, warnings) = doors(
        &site,
        "  addr: \":1\"
  certificate: cert.pem
  key: key.pem
  listeners:
    - addr: \":2\"
    - {addr: \":3\", tls: false}
    - {addr: \":4\", certificate: other.pem, key: other.key}
    - {addr: s, net: unix, socket: {mode: 0640}, tls: true}
",
        now(),
    );
    assert_eq!((problems, warnings), (vec![], vec![]));
    let shown: Vec<_> =
        doors.iter().map(|door| (door.address.addr.as_str(), door.address.path.as_str())).collect();
    let expected = [
        (":1", "server.addr"),
        (":2", "server.listeners[0].addr"),
        (":3", "server.listeners[1].addr"),
        (":4", "server.listeners[2].addr"),
        ("s", "server.listeners[3].addr"),
    ];
    assert_eq!(shown, expected);
    let [first, second, third, fourth, fifth] = doors.as_slice() else { panic!("{doors:?}") };
    let config = |door: &Door| Arc::clone(&door.tls.as_ref().unwrap().config);
    assert!(Arc::ptr_eq(&config(first), &config(second)) && Arc::ptr_eq(&config(first), &config(fifth)));
    assert!(!Arc::ptr_eq(&config(first), &config(fourth)));
    assert!(third.tls.is_none());
    let ends = |door: &Door| door.tls.as_ref().unwrap().certificate.as_ref().unwrap().not_after;
    assert!(ends(fourth) < ends(first));
    assert_eq!((fifth.address.net, fifth.address.socket.mode), (Net::Unix, Some(Mode(0o640))));
}

#[test]
fn what_is_wrong_with_a_further_door_is_said_in_its_line() {
    let site = Site::new();
    let (_, problems, _) = doors(
        &site,
        "  addr: \":1\"
  listeners:
    - {addr: \":2\", certificate: gone.pem, key: key.pem}
    - {addr: s, net: unix, socket: {group: nobody-of-that-name}}
  metrics: {addr: m, net: unix, socket: {owner: nobody-of-that-name}}
",
        now(),
    );
    let expected = [
        ("auth.yml:4:33: server.listeners[0].certificate: ", "gone.pem"),
        ("auth.yml:5:44: server.listeners[1].socket.group: ", "there is no such group"),
        ("auth.yml:6:49: server.metrics.socket.owner: ", "there is no such user"),
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for (problem, (place, says)) in problems.iter().zip(expected) {
        assert!(problem.starts_with(place) && problem.contains(says), "{problem}");
    }
}

#[test]
fn suites_for_another_kind_of_key_are_warned_of() {
    let site = Site::new();
    for (suite, place) in [
        (
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            Some("auth.yml:5:23: server.tls_cipher_suites: none of these fits"),
        ),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", None),
    ] {
        let section = format!(
            "  addr: \":1\"\n  certificate: cert.pem\n  key: key.pem\n  tls_cipher_suites: [{suite}]\n"
        );
        let (_, problems, warnings) = doors(&site, &section, now());
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(warnings.len(), usize::from(place.is_some()), "{warnings:?}");
        assert!(
            warnings.iter().zip(place).all(|(warning, place)| warning.starts_with(place)),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_certificate_that_ends_in_service_keeps_nothing_else_from_being_taken_up() {
    let site = Site::new();
    let section = "  addr: \":1\"\n  certificate: tls.pem\n  key: tls.key\n";
    let certificate = |begin, end| {
        let tls = pair(begin, end);
        site.write("tls.pem", &tls.certificate_pem);
        site.write("tls.key", &tls.key_pem);
    };
    certificate(now() - DAY, now() + 90 * DAY);
    let (serving, problems, warnings) = doors(&site, section, now());
    assert_eq!((problems, warnings), (vec![], vec![]));
    let later = now() + 91 * DAY;
    let says = "auth.yml:3:16: server.certificate: the server's certificate has expired";
    let (same, problems, warnings) = doors_beside(&site, section, &serving, later);
    assert_eq!((same.len(), problems), (1, vec![]));
    assert!(warnings.len() == 1 && warnings[0].starts_with(says), "{warnings:?}");
    // Another one that has expired is no renewal.
    certificate(now() - 2 * DAY, now() + 90 * DAY);
    let (_, problems, _) = doors_beside(&site, section, &serving, later);
    assert!(problems.len() == 1 && problems[0].starts_with(says), "{problems:?}");
    let (_, problems, _) = doors(&site, section, later);
    assert_eq!(problems.len(), 1, "at the start");
}

#[test]
fn a_pipe_in_place_of_a_certificate_is_refused_and_not_waited_for() {
    let site = Site::new();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, site.file("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    for (certificate, key, at) in [("pipe", "key.pem", "certificate"), ("cert.pem", "pipe", "key")] {
        let section = format!("  addr: \":1\"\n  certificate: {certificate}\n  key: {key}\n");
        let (_, problems, _) = doors(&site, &section, now());
        let says = format!("server.{at}: cannot use the {at} ");
        assert!(problems.len() == 1 && problems[0].contains(&says), "{problems:?}");
        assert!(problems[0].contains("no regular file"), "{problems:?}");
    }
}

const CONFIG: &str = "server:
  addr: \"127.0.0.1:0\"
  certificate: tls.pem
  key: tls.key
token:
  issuer: i
  expiration: 300
  certificate: cert.pem
  key: key.pem
authn:
  - users: {\"a\": {disabled: true}}
authz:
  - acl: []
";

#[test]
fn a_certificate_that_ends_is_warned_of_and_one_that_has_ended_is_refused() {
    let site = Site::with(CONFIG);
    let checked = |days: i32| {
        let end = if days < 0 { now() - DAY } else { now() + DAY * days.unsigned_abs() };
        let tls = pair(now() - 300 * DAY, end);
        site.write("tls.pem", &tls.certificate_pem);
        site.write("tls.key", &tls.key_pem);
        run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()))
    };
    let fine = checked(31);
    assert!(fine.code == Some(0) && !fine.output().contains("expires in"), "{fine:#?}");
    let soon = checked(10);
    assert!(
        soon.stdout.contains("auth.yml:3:16: server.certificate: the server's certificate expires in 9 days"),
        "{soon:#?}"
    );
    assert_eq!(soon.code, Some(0));
    let over = checked(-1);
    assert_eq!(over.code, Some(2));
    assert!(
        over.stderr.contains("auth.yml:3:16: server.certificate: the server's certificate has expired"),
        "{over:#?}"
    );
    // Whoever looks from elsewhere has no certificate to look at.
    let offline = run(dockgate().args(["check", "--offline", "auth.yml"]).current_dir(site.path()));
    assert_eq!(offline.code, Some(0), "{offline:#?}");
}
