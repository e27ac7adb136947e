//! `mode: basic`.

use super::gate::Gate;

#[test]
fn who_may_passes_and_the_registry_is_told_who_came() {
    let gate = Gate::start("preset: nginx");
    let base = gate.nginx("GET", "/v2/", &[]);
    assert_eq!((base.status, base.header("www-authenticate")), (401, Some("Basic realm=\"a\"")));
    assert_eq!(base.header("docker-distribution-api-version"), Some("registry/2.0"));
    let alice = gate.by("alice", "PUT", "/v2/team/app/manifests/1");
    assert_eq!(alice.status, 200, "{alice:?}");
    assert_eq!(
        (alice.header("x-auth-user"), alice.header("x-auth-groups")),
        (Some("alice"), Some("dev,ops"))
    );
    let bob = gate.by("bob", "PUT", "/v2/team/app/manifests/1");
    assert_eq!((bob.status, bob.header("x-auth-user")), (403, Some("")));
    assert_eq!(gate.by("bob", "GET", "/v2/team/app/manifests/1").status, 200);
    assert_eq!(gate.nginx("GET", "/v2/public/app/manifests/1", &[]).status, 200);
    assert_eq!(gate.nginx("GET", "/v2/team/app/manifests/1", &[]).status, 401);
}
