//! What is said of a decision: it is there, once, whole, and cannot be forged by who asks.

use rustix::process::Signal;
use serde_json::Value;

use super::{Guarded, RIGHT, WRONG};
use crate::process::{basic, encode};

/// A field of a line as it was before it was quoted for the log.
fn field(line: &Value, name: &str) -> String {
    let text = line[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}"));
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}

#[test]
fn each_decision_is_one_line_that_says_everything() {
    let guarded = Guarded::new("json");
    let server = guarded.start();
    // Each request has a service of its own, by which its line is found.
    let ask = |service: &str, login: Option<(&str, &str)>, scopes: &str| {
        let header = login.map(|(account, password)| basic(account, password));
        let target = format!("/auth?service={service}&{scopes}");
        server.address().get(&target, header.as_deref().map(|value| ("Authorization", value))).status
    };
    let scope = "scope=repository:web/a:pull,push";
    assert_eq!(ask("one", Some(("alice", RIGHT)), &format!("{scope}&scope=repository:db/a:pull")), 200);
    assert_eq!(ask("two", Some(("bob", RIGHT)), scope), 200);
    assert_eq!(ask("three", None, ""), 200);
    assert_eq!(ask("four", Some(("alice", WRONG)), scope), 401);
    assert_eq!(ask("five", Some(("mallory", WRONG)), scope), 401);
    let posted = server
        .address()
        .post_form("/token", &[("service", "six"), ("username", "alice"), ("password", RIGHT)]);
    assert_eq!(posted.status, 200);
    let log = server.stop(Signal::TERM).stderr;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let line = |service: &str| {
        let about = |line: &&Value| line["service"].is_string() && field(line, "service") == service;
        let about: Vec<&Value> = lines.iter().filter(about).collect();
        let [line] = about[..] else { panic!("{} lines about {service}: {log}", about.len()) };
        for key in ["timestamp", "level", "message", "request_id", "account", "client", "backend"] {
            assert!(line[key].is_string(), "no {key} in {line}");
        }
        assert_eq!(field(line, "client"), "127.0.0.1");
        assert_eq!(field(line, "request_id").len(), 16);
        line.clone()
    };
    let one = line("one");
    assert_eq!((&one["message"], &one["level"]), (&"decided".into(), &"INFO".into()));
    assert_eq!((field(&one, "account"), field(&one, "backend")), ("alice".into(), "users".into()));
    assert_eq!(field(&one, "asked"), "repository:web/a:pull,push repository:db/a:pull");
    assert_eq!(field(&one, "granted"), "repository:web/a:pull");
    let rules = field(&one, "rules");
    assert!(rules.contains("acl: ") && rules.contains("auth.yml:11") && rules.contains("no rule"), "{rules}");
    let two = line("two");
    assert_eq!((field(&two, "granted"), field(&two, "account")), (String::new(), "bob".into()));
    assert!(field(&two, "rules").contains("auth.yml:14"), "{two}");
    assert_eq!(field(&line("three"), "account"), "");
    for (service, account, backend, reason) in
        [("four", "alice", "users", "bad_credentials"), ("five", "mallory", "-", "unknown_account")]
    {
        let line = line(service);
        assert_eq!(line["message"], "refused");
        assert_eq!(
            (field(&line, "account"), field(&line, "backend"), field(&line, "reason")),
            (account.into(), backend.into(), reason.into())
        );
    }
    assert_eq!(field(&line("six"), "account"), "alice");
    let ids: std::collections::BTreeSet<String> = ["one", "two", "three", "four", "five", "six"]
        .iter()
        .map(|service| field(&line(service), "request_id"))
        .collect();
    assert_eq!(ids.len(), 6, "request ids repeat");
}

#[test]
fn nobody_can_forge_a_line() {
    let forgeries = [
        "a\nFORGED",
        "a\r\nFORGED",
        "a\u{1b}[2K\u{1b}[1GFORGED",
        "a\u{85}FORGED",
        "a\u{2028}FORGED",
        "a\u{202e}FORGED",
        "a\" granted=\"everything\" message=\"FORGED",
        "a\\nFORGED",
        "a\u{0}FORGED",
        "{\"message\":\"FORGED\"}",
    ];
    for format in ["json", "text"] {
        let guarded = Guarded::new(format);
        let server = guarded.start();
        for forgery in forgeries {
            let encoded = encode(forgery);
            let header = basic(forgery, WRONG);
            for target in [
                "/auth?service=r".to_owned(),
                format!("/auth?service={encoded}&client_id={encoded}"),
                format!("/auth?scope={encoded}&scope=repository:{encoded}:pull&scope=repository:a:{encoded}"),
                format!("/auth?scope={encoded}:a:pull&account={encoded}"),
                format!("/{encoded}"),
            ] {
                for headers in [&[("Authorization", header.as_str())][..], &[]] {
                    let answer = server.address().request("GET", &target, headers, b"");
                    assert!(answer.status < 500, "{target}: {answer:?}");
                    assert!(!answer.head.contains("FORGED"), "{answer:?}");
                }
            }
        }
        let log = server.stop(Signal::TERM).stderr;
        assert!(log.contains("FORGED"), "nothing of it was logged: the test proves nothing");
        let raw =
            |c: char| c != '\n' && (c.is_control() || ['\u{2028}', '\u{2029}', '\u{202e}'].contains(&c));
        assert!(
            !log.contains(raw),
            "a control character is in the log: {:?}",
            log.lines().find(|line| line.contains(raw))
        );
        for line in log.lines() {
            if format == "json" {
                let parsed: Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                assert!(!parsed["message"].as_str().unwrap().contains("FORGED"), "{line}");
                assert_ne!(parsed["granted"], "everything", "{line}");
            } else {
                // Every line begins with its time, and what was quoted stays within its quotes.
                assert!(line.starts_with("20") && line.contains("Z "), "{line}");
                assert!(!line.contains(" granted=\"everything\""), "{line}");
            }
        }
    }
}
