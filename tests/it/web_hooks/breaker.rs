//! A hook in trouble is left alone, and asked again later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use dockgate_api::{
    AccessRequest, ActionSet, Answer, Authenticator, BackendError, Credential, Health, Identity, Login,
    Resource,
};
use serde_json::json;

use super::Bench;
use super::formats::RIGHT;
use super::hook::{Hook, Told};

/// A hook that says this status, and allows by 200.
fn hook() -> (Hook, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(200));
    let says = Arc::clone(&status);
    let allow = json!({"decision": "allow"}).to_string();
    (Hook::start(move |_| Told::Status(says.load(Ordering::SeqCst), allow.clone())), status)
}

impl Bench {
    fn ask(&self, backend: &Arc<dyn Authenticator>) -> Answer<Identity> {
        let login = Login::new("alice", Credential::password(RIGHT));
        self.runtime.block_on(backend.authenticate(&self.world.call(), &login))
    }

    fn health(&self, backend: &Arc<dyn Authenticator>) -> Health {
        self.runtime.block_on(backend.health(&self.world.call()))
    }
}

#[test]
fn it_opens_and_closes_and_a_reload_does_not_forget_it() {
    let (hook, status) = hook();
    let bench = Bench::new();
    let section = format!("{{url: \"{}\", breaker: {{failures: 3, pause: 10s}}}}", hook.url());
    let backend = bench.authn(&section);
    assert!(bench.ask(&backend).is_ok());
    assert_eq!(bench.health(&backend), Health::Up);

    status.store(503, Ordering::SeqCst);
    for _ in 0..3 {
        assert!(matches!(bench.health(&backend), Health::Up | Health::Degraded(_)));
        assert!(bench.ask(&backend).is_err());
    }
    assert_eq!(hook.asked().len(), 4);
    // Whether it is well again is not known before the pause is over, and not to another configuration either.
    status.store(200, Ordering::SeqCst);
    for backend in [&backend, &bench.authn(&section), &bench.authn(&section.replace("10s", "11s"))] {
        let error = bench.ask(backend).unwrap_err();
        assert!(matches!(error, BackendError::Unavailable(_)));
        assert!(
            error.to_string().contains("left alone for a while") && error.to_string().contains("503"),
            "{error}"
        );
        assert!(matches!(bench.health(backend), Health::Down(_)));
    }
    assert_eq!((hook.asked().len(), bench.world.metrics.gauged("dockgate_hook_breaker_open")), (4, 1));

    bench.world.clock.turn(Duration::from_secs(10));
    status.store(502, Ordering::SeqCst);
    assert!(bench.ask(&backend).is_err() && bench.ask(&backend).is_err());
    assert_eq!(hook.asked().len(), 5, "one question shows that it is down still");
    bench.world.clock.turn(Duration::from_secs(10));
    status.store(200, Ordering::SeqCst);
    assert!(bench.ask(&backend).is_ok() && bench.ask(&backend).is_ok());
    assert_eq!((bench.health(&backend), hook.asked().len()), (Health::Up, 7));
    assert_eq!(bench.world.metrics.gauged("dockgate_hook_breaker_open"), 0);
}

/// Else whoever asks odd things could shut everybody out.
#[test]
fn what_a_hook_makes_of_single_questions_opens_nothing() {
    let (hook, status) = hook();
    let bench = Bench::new();
    let backend = bench.authn(&format!("{{url: \"{}\", breaker: {{failures: 2}}}}", hook.url()));
    for code in [400, 400, 500, 500, 501] {
        status.store(code, Ordering::SeqCst);
        assert!(bench.ask(&backend).is_err());
    }
    assert_eq!(hook.asked().len(), 5);
    assert!(matches!(bench.health(&backend), Health::Degraded(_)));
    status.store(200, Ordering::SeqCst);
    assert!(bench.ask(&backend).is_ok());
    assert_eq!(bench.health(&backend), Health::Up);
}

/// A question that is several requests finds its way back too.
#[test]
fn reviews_of_several_actions_close_it() {
    let status = Arc::new(AtomicU16::new(503));
    let says = Arc::clone(&status);
    let hook = Hook::start(move |asked| {
        let review = asked.json();
        let status = json!({"allowed": true});
        let answer = json!({"kind": review["kind"], "apiVersion": review["apiVersion"], "status": status});
        Told::Status(says.load(Ordering::SeqCst), answer.to_string())
    });
    let bench = Bench::new();
    let section =
        format!("{{url: \"{}\", format: subject_access_review, breaker: {{failures: 2}}}}", hook.url());
    let backend = bench.authz(&section);
    let ask = || {
        let (identity, resource) = (Identity::new("alice"), Resource::repository("a"));
        let actions: ActionSet = ["delete", "pull", "push"].into_iter().collect();
        let request = AccessRequest::new(&identity, "r", &resource, &actions);
        bench.runtime.block_on(backend.authorize(&bench.world.call(), &request))
    };
    assert!(ask().is_err() && ask().is_err());
    let before = hook.asked().len();
    assert!(ask().is_err());
    assert_eq!(hook.asked().len(), before, "it is left alone");
    bench.world.clock.turn(Duration::from_secs(10));
    assert!(ask().is_err());
    assert_eq!(hook.asked().len(), before + 1, "one review is enough to see");
    bench.world.clock.turn(Duration::from_secs(10));
    status.store(201, Ordering::SeqCst);
    let granted = ask().unwrap().allowed().unwrap();
    let asked: ActionSet = ["delete", "pull", "push"].into_iter().collect();
    assert_eq!(granted.actions.grant(&asked), asked);
    assert_eq!(hook.asked().len(), before + 4);
}
