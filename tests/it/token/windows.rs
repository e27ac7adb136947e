//! Users and rules in time: no token outlives the window of what it rests on, nor lives into that of what would decide
//! otherwise.

use std::time::{Duration, SystemTime};

use dockgate_api::Clock as _;
use dockgate_api::config::Moment;

use rustix::process::Signal;

use crate::process::{Server, Site, now};
use crate::support::{ALICE, Answer, Ask, BOB, TestServer, users};

const NANOSECOND: Duration = Duration::from_nanos(1);
const APP: &str = "repository:app:pull,push";

fn time(text: &str) -> SystemTime {
    text.parse::<Moment>().unwrap().0
}

fn whole_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Alice and Bob, and a door without a password, with more keys for one of them.
fn server(account: &str, more: &str, acl: &str) -> TestServer {
    let section = users("door: {}, \"\": {}");
    let section = if account == "door" {
        section.replace("door: {}", &format!("door: {{{more}}}"))
    } else {
        section.replace(&format!("{account}: {{"), &format!("{account}: {{{more}, "))
    };
    TestServer::new(&format!("users: {section}\nacl: {acl}"))
}

fn ask(who: (&str, &str), scopes: &[&str]) -> Ask {
    scopes.iter().fold(Ask::auth().basic(who), |ask, scope| ask.scope(scope))
}

/// The seconds that a token lives, and what it grants; its times and the answer agree.
fn lives(server: &TestServer, ask: &Ask) -> (u64, Vec<String>) {
    let token = server.token(ask);
    let issued = whole_seconds(server.clock.now());
    assert_eq!((token.number("iat"), token.number("exp")), (issued - 10, issued + token.expires_in()));
    (token.expires_in(), token.access())
}

const OPEN: &str = "[{match: {}, actions: ['*']}]";

#[test]
fn a_token_ends_with_the_window_of_its_user() {
    let window = "valid: {from: '2026-03-01', until: '2026-04-01T02:00:00+02:00'}";
    let (from, until) = (time("2026-03-01"), time("2026-04-01"));
    for (account, password) in [ALICE, ("door", "anything")] {
        let server = server(account, window, OPEN);
        for (now, seconds) in [
            (from - NANOSECOND, None),
            (from, Some(900)),
            (until - Duration::from_secs(901), Some(900)),
            (until - Duration::from_secs(100), Some(100)),
            (until - Duration::from_millis(2999), Some(3)),
            (until - Duration::from_secs(1), Some(1)),
            // Tokens count whole seconds: this one is still no older than the window.
            (until - NANOSECOND, Some(1)),
            (until, None),
            (until + Duration::from_secs(86_400), None),
        ] {
            server.clock.set(now);
            match seconds {
                Some(seconds) => assert_eq!(
                    lives(&server, &ask((account, password), &[APP])),
                    (seconds, vec![APP.to_owned()]),
                    "{account} at {}",
                    Moment(now)
                ),
                None => {
                    server.ask(&ask((account, password), &[APP])).error(401, "UNAUTHORIZED");
                }
            }
            assert_eq!(lives(&server, &ask(BOB, &[APP])).0, 900, "the others live on");
        }
    }
}

#[test]
fn whoever_guesses_sees_no_difference_to_a_closed_account() {
    let shown = |mut answer: Answer| {
        // Every request has one of its own.
        answer.headers.remove("x-request-id").unwrap();
        (answer.status, answer.headers.clone(), answer.text().to_owned())
    };
    for closed in ["disabled: true", "valid: {until: '2025-01-01'}", "valid: {from: '2027-01-01'}"] {
        let server = server("alice", closed, OPEN);
        let right = shown(server.ask(&ask(ALICE, &[APP])));
        let wrong = shown(server.ask(&ask((ALICE.0, "wrong"), &[APP])));
        let unknown = shown(server.ask(&ask(("nobody", "wrong"), &[APP])));
        assert_eq!(right.0, 401, "{closed}");
        assert_eq!((&right, &right), (&wrong, &unknown), "{closed}");
    }
}

#[test]
fn a_closed_account_goes_to_no_later_link() {
    for closed in ["disabled: true", "valid: {until: '2025-01-01'}", "valid: {from: '2027-01-01'}"] {
        let first = users("").replace("alice: {", &format!("alice: {{{closed}, "));
        let server = TestServer::new(&format!(
            "authn: [{{users: {first}, name: first}}, {{users: {}, name: second}}]\nauthz: [{{acl: {OPEN}}}]",
            users("\"eve\": {}")
        ));
        assert_eq!(server.ask(&ask(ALICE, &[APP])).status, 401, "{closed}");
        assert_eq!(server.ask(&ask(("eve", "x"), &[APP])).status, 200, "{closed}");
    }
}

#[test]
fn nobody_in_particular_has_a_window_too() {
    let server = TestServer::new(&format!(
        "users: {}\nacl: {OPEN}",
        users("\"\": {valid: {until: '2026-01-01T12:05:00Z'}}")
    ));
    let ask = Ask::auth().scope(APP);
    assert_eq!(lives(&server, &ask), (300, vec![APP.to_owned()]));
    server.clock.set(time("2026-01-01T12:05:00Z"));
    server.ask(&ask).error(401, "UNAUTHORIZED");
}

/// A rule's line; one that grants pull unless it says otherwise.
fn rule(conditions: &str, more: &str) -> String {
    let actions = if more.contains("actions") { "" } else { "actions: [pull], " };
    format!("{{match: {{{conditions}}}, {actions}{more}}}")
}

#[test]
fn a_token_ends_with_the_window_of_its_rules() {
    let acl = [
        rule("name: short", "valid: {until: '2026-01-01T12:02:00Z'}"),
        rule("name: long", "valid: {until: '2026-01-01T12:10:00Z'}"),
        rule("name: none", "actions: [], valid: {until: '2026-01-01T12:01:00Z'}"),
        rule("name: off", "actions: ['*'], disabled: true"),
        rule("name: later", "actions: [], valid: {from: '2026-01-01T12:03:00Z'}"),
        rule("name: '/./'", "comment: rest"),
    ];
    let server = TestServer::new(&format!("users: {}\nacl: [{}]", users(""), acl.join(", ")));
    for (names, seconds) in [
        (&["short"][..], 120),
        (&["long"], 600),
        (&["later"], 180),
        (&["app"], 900),
        (&["none"], 900),
        (&["off"], 900),
        (&["long", "short"], 120),
        (&["app", "later", "long"], 180),
        // What grants nothing ends nothing.
        (&["none", "long"], 600),
        (&[], 900),
    ] {
        let scopes: Vec<String> = names.iter().map(|name| format!("repository:{name}:pull,push")).collect();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let granted: Vec<String> = names
            .iter()
            .map(|name| format!("repository:{name}:{}", if *name == "none" { "" } else { "pull" }))
            .collect();
        assert_eq!(lives(&server, &ask(ALICE, &scopes)), (seconds, granted), "{names:?}");
    }
    let at = |now: &str, name: &str| {
        server.clock.set(time(now));
        lives(&server, &ask(ALICE, &[&format!("repository:{name}:pull")]))
    };
    let pull = |name: &str| vec![format!("repository:{name}:pull")];
    assert_eq!(at("2026-01-01T12:01:59.999999999Z", "short"), (1, pull("short")));
    assert_eq!(at("2026-01-01T12:01:59Z", "short"), (1, pull("short")));
    assert_eq!(at("2026-01-01T12:02:00Z", "short"), (900, pull("short")), "the next rule decides");
    assert_eq!(at("2026-01-01T12:01:00Z", "none"), (900, pull("none")));
    assert_eq!(at("2026-01-01T12:02:59Z", "later"), (1, pull("later")));
    assert_eq!(at("2026-01-01T12:03:00Z", "later"), (900, vec!["repository:later:".to_owned()]));
}

/// The end of a user or a rule, whichever comes first.
#[test]
fn user_and_rule_bound_a_token_together() {
    let user = |until: &str| format!("valid: {{until: '2026-01-01T12:0{until}:00Z'}}");
    for (of_user, of_rule, seconds) in [("1", "5", 60), ("5", "1", 60), ("3", "3", 180)] {
        let acl = format!("[{}]", rule("", &user(of_rule)));
        assert_eq!(lives(&server("alice", &user(of_user), &acl), &ask(ALICE, &[APP])).0, seconds);
    }
}

/// A window that begins in an earlier link bounds what a later link grants.
#[test]
fn a_token_does_not_live_into_the_window_of_an_earlier_link() {
    let first = rule("name: '[ac]*'", "actions: [], valid: {from: '2026-01-01T12:04:00Z'}");
    let second = format!("[{}, {{match: {{}}, actions: ['*']}}]", rule("name: closed", "actions: []"));
    let server = TestServer::new(&format!(
        "authn: [{{users: {}}}]\nauthz: [{{acl: [{first}], name: first}}, {{acl: {second}, name: second}}]",
        users("")
    ));
    assert_eq!(lives(&server, &ask(ALICE, &[APP])), (240, vec![APP.to_owned()]));
    // Each scope is a question of its own.
    assert_eq!(lives(&server, &ask(ALICE, &["repository:closed:pull", "repository:other:pull"])).0, 900);
    server.clock.set(time("2026-01-01T12:04:00Z"));
    assert_eq!(lives(&server, &ask(ALICE, &[APP])), (900, vec!["repository:app:".to_owned()]));
}

#[test]
fn a_rule_tells_one_links_alice_from_anothers() {
    let acl = "[{match: {backend: github, name: oss}, actions: [pull]}, \
                {match: {backend: '/^(ldap|users)$/', name: oss}, actions: ['*']}, \
                {match: {account: alice, backend: 'ld*'}, actions: [pull]}]";
    let server = TestServer::new(&format!(
        "authn:\n\
         - {{name: github, script_authn: {{says: allow, as: alice, knows: [octocat]}}}}\n\
         - {{name: ldap, script_authn: {{says: allow, knows: [alice]}}}}\n\
         - users: {{\"\": {{}}}}\n\
         authz: [{{acl: {acl}}}]"
    ));
    assert!(server.warnings.is_empty(), "{:?}", server.warnings);
    let scopes = ["repository:oss:pull,push", "repository:intern:pull,push"];
    for (who, account, granted) in [
        (Some("octocat"), "alice", ["pull", ""]),
        (Some("alice"), "alice", ["pull,push", "pull"]),
        (None, "", ["pull,push", ""]),
    ] {
        let ask = who.map_or_else(Ask::auth, |who| Ask::auth().basic((who, "x")));
        let token = server.token(&ask.scope(scopes[0]).scope(scopes[1]));
        let expected =
            [format!("repository:oss:{}", granted[0]), format!("repository:intern:{}", granted[1])];
        assert_eq!((token.account(), token.access()), (account, expected.to_vec()), "{who:?}");
    }
}

#[test]
fn a_rule_about_a_link_that_is_not_there_is_warned_of() {
    let server = TestServer::new(
        "authn: [{name: staff, users: {alice: {password: \"$2y$10$wrUFa5FdRxmyf6qA/dluZ.cP7dE4kY.p3HBFtwTGL4a9wGddJz1CW\"}}}]\n\
         authz: [{acl: [{match: {backend: users}, actions: []}, {match: {backend: staff}, actions: []}]}]",
    );
    let warnings: Vec<&str> = server.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].ends_with("the rule never matches: there are `staff`"), "{warnings:?}");
}

/// Whoever wonders why clients come back so often finds out.
#[test]
fn the_log_says_when_a_window_ends_a_token_within_a_minute() {
    let soon = Moment(now() + Duration::from_secs(50));
    let config = format!(
        "server: {{addr: '127.0.0.1:0'}}\ntoken: {{issuer: i, expiration: 900, certificate: cert.pem, key: key.pem}}\n\
         users: {}\nacl: [{}, {{match: {{}}, actions: ['*']}}]\n",
        users(""),
        rule("name: app", &format!("valid: {{until: '{soon}'}}"))
    );
    let site = Site::with(&config);
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.ask(Some(BOB), "repository:other:pull").granted(), "pull");
    assert_eq!(server.ask(Some(ALICE), APP).granted(), "pull");
    let log = server.stop(Signal::TERM).stderr;
    let lines: Vec<&str> =
        log.lines().filter(|line| line.contains("a window ends this token soon")).collect();
    let [line] = lines[..] else { panic!("{log}") };
    let (_, seconds) = line.split_once("expires_in=").unwrap_or_else(|| panic!("{line}"));
    let seconds: u64 = seconds.split_whitespace().next().unwrap().parse().unwrap();
    assert!((1..=50).contains(&seconds) && line.contains("alice"), "{line}");
    // The line of its decision is found by it.
    let id = line.split_whitespace().find(|word| word.starts_with("request_id=")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains(id)).count(), 2, "{log}");
}
