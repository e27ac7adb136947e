//! Many at once, at two servers of one store: what may happen once happens once.

use std::thread;
use std::time::Duration;

use super::Site;
use super::browser::{Browser, value_after};
use crate::support::{Answer, Ask};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const AT_ONCE: usize = 8;

/// The answers to the same thing done at once by several who start together.
fn at_once(act: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let start = std::sync::Barrier::new(AT_ONCE);
    let one = |number| {
        start.wait();
        act(number)
    };
    thread::scope(|scope| {
        let one = &one;
        let begun: Vec<_> = (0..AT_ONCE).map(|number| scope.spawn(move || one(number))).collect();
        begun.into_iter().map(|begun| begun.join().unwrap()).collect()
    })
}

fn statuses(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn program(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut program = browser.clone();
    program.cookies.clear();
    program.post(path, fields)
}

#[test]
fn of_many_who_come_back_with_one_code_one_is_signed_in() {
    let site = Site::new();
    let replica = site.replica();
    for _ in 0..5 {
        let mut browser = site.browser();
        let sent = browser.start("/github_auth");
        let answers = at_once(|number| {
            let server = if number % 2 == 0 { &site.server } else { &replica };
            browser.at(server).come_back("/github_auth", "alice", &sent["state"])
        });
        assert_eq!(statuses(&answers, 303), 1, "{answers:?}");
    }
}

/// Whoever presses often has no more app passwords than one may have.
#[test]
fn there_are_no_more_app_passwords_than_there_may_be() {
    let site = Site::with("login: {app_passwords: {most: 3}}\n");
    let replica = site.replica();
    let mut browser = site.signed_in("alice");
    let csrf = browser.csrf();
    for _ in 0..5 {
        let answers = at_once(|number| {
            let server = if number % 2 == 0 { &site.server } else { &replica };
            browser.at(server).post("/app-passwords", &[("csrf", &csrf), ("name", "a")])
        });
        assert_eq!(statuses(&answers, 200) + statuses(&answers, 422), AT_ONCE, "{answers:?}");
        let page = browser.get("/").text().to_owned();
        let shown = page.matches("name=\"id\"").count();
        assert!(shown <= 3, "{shown} of at most 3");
        assert!(statuses(&answers, 200) <= shown, "what was shown is there");
        while let Some(id) = value_after(browser.get("/").text(), "name=\"id\" value=\"") {
            let id = id.to_owned();
            assert_eq!(browser.post("/app-passwords/revoke", &[("csrf", &csrf), ("id", &id)]).status, 303);
        }
    }
}

#[test]
fn a_device_gets_its_password_once_and_renews_it_once() {
    let site = Site::with("login: {registries: [registry.example.com]}\n");
    let replica = site.replica();
    let servers = [&site.server, &replica];
    let (mut alice, mut bob) = (site.signed_in("alice"), site.signed_in("bob"));
    let (own, others) = (alice.csrf(), bob.csrf());
    for _ in 0..3 {
        let codes = program(&alice, "/device/code", &[("client_id", "dockgate")]).json();
        let code = codes["user_code"].as_str().unwrap();
        let decided = at_once(|number| {
            let (browser, csrf) = if number % 2 == 0 { (&alice, &own) } else { (&bob, &others) };
            let fields = [("csrf", csrf.as_str()), ("code", code), ("decision", "confirm")];
            browser.at(servers[number / 2 % 2]).post("/device/decision", &fields)
        });
        assert_eq!(statuses(&decided, 200), 1, "one of them lets it in: {decided:?}");
        let device_code = codes["device_code"].as_str().unwrap();
        let fields = [("grant_type", GRANT), ("device_code", device_code), ("client_id", "dockgate")];
        let mut given = Vec::new();
        for _ in 0..2 {
            let polled = at_once(|number| program(&alice.at(servers[number % 2]), "/device/token", &fields));
            given.extend(polled.into_iter().filter(|answer| answer.status == 200));
            site.server.clock.turn(Duration::from_secs(5));
            replica.clock.turn(Duration::from_secs(5));
        }
        let [given] = given.as_slice() else { panic!("{given:?}") };
        let (given, whose) = (given.json(), given.json()["account"].as_str().unwrap().to_owned());
        let password = given["password"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", password)];
        let renewed = at_once(|number| program(&alice.at(servers[number % 2]), "/device/token", &fields));
        assert_eq!(statuses(&renewed, 200), 1, "{renewed:?}");
        // What is given back is over, whatever else becomes of it at that moment.
        let next = renewed.iter().find(|answer| answer.status == 200).unwrap().json();
        let next = next["password"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", next)];
        let ended = at_once(|number| match number % 2 {
            0 => program(&alice.at(servers[0]), "/device/revoke", &[("token", next)]),
            _ => program(&alice.at(servers[1]), "/device/token", &fields),
        });
        let works = |password: &str| site.server.ask(&Ask::auth().basic((&whose, password))).status == 200;
        assert!(!works(next), "{ended:?}");
        assert!(statuses(&ended, 200) <= AT_ONCE / 2 + 1, "{ended:?}");
    }
}
