//! What happens behind nginx when something is wrong: nobody passes, and everybody is told so in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::nginx::Nginx;
use super::site::{Gated, Mode};
use crate::accounts::{ADMIN, ALICE};
use crate::harness::http::Response;
use crate::harness::process::free_port;

const READ: &str = "/v2/team/app/manifests/1";

#[track_caller]
fn unavailable(answer: &Response) {
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("5")), "{answer:?}");
    assert_eq!(answer.headers("Docker-Distribution-Api-Version").count(), 1, "{answer:?}");
    assert_eq!(answer.json()["errors"][0]["code"], "UNAVAILABLE");
}

#[test]
fn nobody_passes_without_a_gate() {
    let Some(mut gated) = Gated::<Nginx>::start(Mode::Basic, &[]) else { return };
    let before = gated.store("team/app", "1");
    assert_eq!(gated.ask(Some(&ADMIN), "GET", READ).status, 200);
    gated.gate.terminate();
    for account in [Some(&ADMIN), None] {
        unavailable(&gated.ask(account, "GET", READ));
        unavailable(&gated.ask(account, "DELETE", READ));
    }
    let came = gated.accesses_until(READ).split_off(before);
    assert_eq!(came.len(), 1, "{came:#?}");
}

/// Who vouches for logins is away: the gate says so, with 503, which nginx makes its own error.
#[test]
fn nobody_passes_while_the_gate_cannot_decide() {
    let sections = format!(
        "authn: [{{http_auth: {{url: \"http://127.0.0.1:{}/\"}}}}]\nacl: [{{match: {{}}, actions: [\"*\"]}}]\n",
        free_port()
    );
    let Some(gated) = Gated::<Nginx>::with(Mode::Basic, &[], &sections) else { return };
    gated.store("team/app", "1");
    unavailable(&gated.ask(Some(&ADMIN), "GET", READ));
    assert_eq!(gated.counted("dockgate_gate_checks_total{outcome=\"unavailable\"}"), 1, "{}", gated.logs());
}

#[test]
fn a_registry_that_is_away_is_nobodys_fault() {
    let Some(mut gated) = Gated::<Nginx>::start(Mode::Basic, &[]) else { return };
    gated.registry.terminate();
    unavailable(&gated.ask(Some(&ADMIN), "GET", READ));
    assert_eq!(gated.ask(None, "GET", READ).status, 401, "nobody sees more of it than before");
}

/// nginx hands on no 429: a ban looks like a wrong password, and holds for its own address alone.
#[test]
fn who_guesses_too_often_is_kept_out() {
    let Some(gated) = Gated::<Nginx>::start(Mode::Basic, &[]) else { return };
    gated.store("alice/app", "1");
    let right = gated.proof(&ALICE, "GET", READ);
    let ask = |address: &str, proof: &str| {
        let fields = [("Authorization", proof), (Nginx::SAYS_CLIENT, address)];
        gated.wire().ask("GET", "/v2/alice/app/manifests/1", &fields, b"")
    };
    let here = "203.0.113.9";
    assert_eq!(ask(here, &right).status, 200, "{}", gated.logs());
    // The same one again would be a client's second attempt, and count once.
    for guess in 1..=5 {
        let wrong = STANDARD.encode(format!("{}:guess {guess}", ALICE.name));
        assert_eq!(ask(here, &format!("Basic {wrong}")).status, 401);
    }
    let banned = ask(here, &right);
    assert_eq!(banned.status, 401, "{banned:?}\n{}", gated.logs());
    assert_eq!(banned.header("WWW-Authenticate"), Some("Basic realm=\"dockgate in tests\""), "{banned:?}");
    let said = banned.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(said.contains("too many failed logins"), "{said}");
    assert_eq!(gated.counted("dockgate_gate_checks_total{outcome=\"locked\"}"), 1, "{}", gated.logs());
    assert_eq!(ask("198.51.100.7", &right).status, 200, "from elsewhere");
}
