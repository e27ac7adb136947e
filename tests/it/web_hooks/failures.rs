//! Whatever goes wrong with a hook is an error: never a yes, and never a no.

use std::time::Duration;

use dockgate_api::{AccessRequest, ActionSet, BackendError, Credential, Identity, Login, Resource};
use serde_json::json;

use super::Bench;
use super::formats::{AUTHN, AUTHZ, RIGHT};
use super::hook::{Hook, Told};

const CANARY: &str = "canary-in-the-url";

/// The errors of both kinds of link in every format, with a hook that answers like this.
fn errors(told: &Told, more: &str) -> Vec<BackendError> {
    let bench = Bench::new();
    let mut errors = Vec::new();
    for format in AUTHN {
        let (told, audiences) =
            (told.clone(), if format == "token_review" { ", audiences: [a]" } else { "" });
        let hook = Hook::start(move |_| told.clone());
        let section = format!("{{url: \"{}?{CANARY}\", format: {format}{audiences}{more}}}", hook.url());
        let backend = bench.authn(&section);
        let login = Login::new("alice", Credential::password(RIGHT));
        let answer = bench.runtime.block_on(backend.authenticate(&bench.world.call(), &login));
        errors.push(answer.expect_err(format));
        assert_eq!(hook.asked().len(), 1, "what was sent is not sent again");
    }
    for format in AUTHZ {
        let told = told.clone();
        let hook = Hook::start(move |_| told.clone());
        let backend = bench.authz(&format!("{{url: \"{}?{CANARY}\", format: {format}{more}}}", hook.url()));
        let (identity, resource) = (Identity::new("alice"), Resource::repository("a"));
        let actions: ActionSet = ["pull"].into_iter().collect();
        let request = AccessRequest::new(&identity, "r", &resource, &actions);
        let answer = bench.runtime.block_on(backend.authorize(&bench.world.call(), &request));
        errors.push(answer.expect_err(format));
        assert_eq!(hook.asked().len(), 1, "what was sent is not sent again");
    }
    for error in &errors {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(RIGHT) && !text.contains(CANARY), "{text}");
        assert!(text.contains("127.0.0.1"), "{text}");
    }
    errors
}

#[test]
fn only_status_200_decides() {
    let yes = [
        json!({"decision": "allow"}),
        json!({"result": true}),
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "status": {"allowed": true}}),
    ];
    for status in [202, 203, 206, 301, 302, 307, 400, 401, 403, 404, 429, 500, 502, 503] {
        for body in &yes {
            for error in errors(&Told::Status(status, body.to_string()), "") {
                assert!(error.to_string().contains(&format!("status {status}")), "{error}");
                let unavailable = [429, 502, 503].contains(&status);
                assert_eq!(matches!(error, BackendError::Unavailable(_)), unavailable, "{error}");
            }
        }
    }
}

#[test]
fn what_is_no_whole_document_decides_nothing() {
    let long = format!("{{\"decision\": \"allow\", \"reason\": \"{}\"}}", "x".repeat(300_000));
    for told in [
        Told::Raw(String::new()),
        Told::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"decision\": \"allow\"}".to_owned()),
        Told::Raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n{\"decision\": \"allow\"}\r\n"
                .to_owned(),
        ),
        Told::Raw("no HTTP at all\r\n\r\n".to_owned()),
        Told::Status(200, String::new()),
        Told::Status(200, "<html>Welcome to the hotel's network</html>".to_owned()),
        Told::Status(200, "{\"decision\": \"allow\"".to_owned()),
        Told::Status(200, "{}".to_owned()),
        Told::Status(200, "\"allow\"".to_owned()),
        Told::Status(200, long),
    ] {
        for error in errors(&told, "") {
            assert!(matches!(error, BackendError::Protocol(_)), "{error}");
            assert!(error.to_string().len() < 2_000);
        }
    }
}

#[test]
fn a_hook_that_hangs_is_left_at_its_timeout() {
    for error in errors(&Told::Silence, ", timeout: 100ms") {
        assert!(matches!(error, BackendError::Timeout(_)), "{error}");
    }
}

#[test]
fn a_hook_that_is_down_is_tried_again_while_there_is_time() {
    let bench = Bench::new();
    let section = {
        let hook = Hook::start(|_| Told::Silence);
        format!("{{url: \"{}\", retries: 3, timeout: 30s}}", hook.url())
    };
    // Its port is free again once the last one has left it.
    let backend = bench.authn(&section);
    let login = Login::new("alice", Credential::password(RIGHT));
    let error = crate::process::poll(Duration::from_secs(30), || {
        let error = bench.runtime.block_on(backend.authenticate(&bench.world.call(), &login)).err();
        bench.world.clock.turn(Duration::from_secs(60));
        error.filter(|error| error.to_string().contains("Connection refused"))
    });
    assert!(matches!(error, Some(BackendError::Unavailable(_))), "{error:?}");
    assert!(bench.world.metrics.counted("dockgate_hook_retries_total") >= 3);
}
