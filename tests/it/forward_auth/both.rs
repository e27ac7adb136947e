//! `mode: both`.

use super::gate::{BEARER, MANIFEST, gate, nginx, with_token};
use crate::support::{ALICE, Ask, BOB};

#[test]
fn passwords_count_beside_tokens_and_tokens_are_asked_for() {
    let server = gate(&BEARER.replace("mode: bearer", "mode: both"));
    let alice = server.ask(&nginx("PUT", MANIFEST).basic(ALICE));
    assert_eq!((alice.status, alice.header("x-auth-groups")), (200, "dev,ops"));
    assert_eq!(server.ask(&nginx("PUT", MANIFEST).basic(BOB)).status, 403);
    let token = server.ask(&Ask::auth().scope("repository:team/app:pull").basic(BOB)).json();
    let token = token["token"].as_str().unwrap();
    assert_eq!(server.ask(&with_token("GET", MANIFEST, token)).status, 200);
    assert_eq!(server.ask(&with_token("PUT", MANIFEST, token)).status, 401);
    let open = "/v2/public/app/manifests/1";
    for ask in [nginx("GET", open), nginx("GET", "/v2/"), nginx("GET", MANIFEST).basic((BOB.0, "wrong"))] {
        let answer = server.ask(&ask);
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(
            answer.header("www-authenticate").starts_with("Bearer realm=\"https://auth.example.com/auth\"")
        );
    }
}
