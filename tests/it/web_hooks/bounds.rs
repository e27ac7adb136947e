//! How many questions at a time, and answers that are given again.

use std::sync::{Arc, Condvar, Mutex};

use dockgate_api::{BackendError, Credential, Login};
use serde_json::json;

use super::Bench;
use super::formats::{RIGHT, authn, authz};
use super::hook::{Hook, Told};
use crate::process::poll;
use crate::support::PATIENCE;

fn login(address: &str) -> Login {
    Login::new("alice", Credential::password(RIGHT)).from_ip(Some(address.parse().unwrap()))
}

#[test]
fn who_finds_no_place_is_told_to_come_back() {
    let open = Arc::new((Mutex::new(false), Condvar::new()));
    let door = Arc::clone(&open);
    let hook = Hook::start(move |_| {
        let (open, changed) = &*door;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        Told::Json(json!({"decision": "allow"}))
    });
    let bench = Bench::new();
    let section = format!("{{url: \"{}\", timeout: 60s, max_concurrent: 1, max_queue: 1}}", hook.url());
    let backend = bench.authn(&section);
    let ask = || {
        let (backend, cx) = (Arc::clone(&backend), bench.world.call());
        bench.runtime.spawn(async move { backend.authenticate(&cx, &login("192.0.2.1")).await })
    };
    let first = ask();
    assert!(poll(PATIENCE, || (hook.asked().len() == 1).then_some(())).is_some());
    // One of them waits, the other is sent away at once.
    let (second, third) = (ask(), ask());
    let sent_away = poll(PATIENCE, || [&second, &third].iter().any(|it| it.is_finished()).then_some(()));
    assert!(sent_away.is_some());
    assert_eq!(hook.asked().len(), 1);
    *open.0.lock().unwrap() = true;
    open.1.notify_all();
    let mut answers =
        bench.runtime.block_on(async { [first.await, second.await, third.await] }).map(Result::unwrap);
    answers.sort_by_key(Result::is_err);
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert!(matches!(answers[2], Err(BackendError::Overloaded { .. })), "{:?}", answers[2]);
    assert_eq!(hook.asked().len(), 2);
}

#[test]
fn the_same_question_is_asked_once_and_another_by_itself() {
    for (cache, times) in [(", cache: {ttl: 30s}", 1), ("", 2)] {
        let (hook, section) = authn("dockgate");
        let bench = Bench::new();
        let backend = bench.authn(&section.replace('}', &format!("{cache}}}")));
        let ask =
            |address| bench.runtime.block_on(backend.authenticate(&bench.world.call(), &login(address)));
        let first = ask("192.0.2.1").unwrap();
        assert_eq!(ask("192.0.2.1").unwrap(), first);
        assert_eq!(hook.asked().len(), times);
        assert!(ask("192.0.2.2").unwrap().allowed().is_some());
        assert_eq!(hook.asked().len(), times + 1);
    }
    // What was refused is asked anew, unless it is said otherwise.
    for (cache, times) in [("{ttl: 30s}", 2), ("{ttl: 30s, negative_ttl: 5s}", 1)] {
        let (hook, section) = authz("subject_access_review");
        let bench = Bench::new();
        let backend = bench.authz(&section.replace('}', &format!(", cache: {cache}}}")));
        for _ in 0..2 {
            let identity = dockgate_api::Identity::new("bob");
            let resource = dockgate_api::Resource::repository("vault/key");
            let actions = ["pull"].into_iter().collect();
            let request = dockgate_api::AccessRequest::new(&identity, "r", &resource, &actions);
            let answer = bench.runtime.block_on(backend.authorize(&bench.world.call(), &request));
            assert!(matches!(answer, Ok(dockgate_api::Decision::Deny(_))));
        }
        assert_eq!(hook.asked().len(), times);
    }
}
