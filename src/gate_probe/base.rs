//! `/v2/`, where every client begins.

use super::answer::Answer;
use super::challenge::Challenge;
use super::prober::Prober;
use super::report::{Broken, Checked, Verdict};
use super::request::Request;

pub(super) const ASKS_FOR_A_LOGIN: &str = "without a login /v2/ asks for one";

const API_VERSION: &str = "docker-distribution-api-version";

pub(super) fn request() -> Request {
    Request::get("/v2/")
}

pub(super) fn challenge_of(answer: &Answer) -> Option<Challenge> {
    answer.all("www-authenticate").find_map(Challenge::parse).filter(|_| answer.status == 401)
}

pub(super) fn challenge(answer: &Answer) -> Verdict {
    let cure = match answer.status {
        401 => {
            let challenges: Vec<&str> = answer.all("www-authenticate").collect();
            return match challenges.as_slice() {
                [_] if challenge_of(answer).is_some() => Verdict::Holds,
                [] => Verdict::fails(
                    "GET /v2/: 401 without WWW-Authenticate",
                    "have the proxy hand on the header WWW-Authenticate of the gate's answer",
                ),
                [_] => Verdict::fails(
                    "GET /v2/: 401, and WWW-Authenticate is neither `Basic` nor `Bearer` with a realm",
                    "this is not the gate's answer: have the proxy hand that on",
                ),
                _ => Verdict::fails(
                    "GET /v2/: 401 with more than one WWW-Authenticate",
                    "have the proxy hand on the gate's, and add none of its own",
                ),
            };
        }
        200..=299 => "the proxy asks nobody: have it ask the gate for everything below /v2/",
        403 => {
            "the gate refuses what the proxy asks: its log says whether the secret, the address (`trusted_proxies`) or \
             the headers (`preset`) are not as in its configuration"
        }
        404 => "the proxy does not know /v2/: is this the registry's URL, and does the proxy lead there?",
        300..=399 => "write the URL that this leads to",
        500..=599 => {
            "the proxy cannot ask its gate, or does not understand it: is dockgate running where the proxy looks for it, \
             and is the path of the question `/forward-auth`?"
        }
        _ => "is this the registry's URL, and does the proxy ask the gate?",
    };
    Verdict::fails(format!("GET /v2/: {}", answer.status), cure)
}

pub(super) fn version(answer: &Answer) -> Verdict {
    if answer.is_success() {
        return Verdict::skipped("nothing was refused");
    }
    once(answer, "GET /v2/")
}

/// Whether the header by which clients know a registry is there, and not twice.
pub(super) fn once(answer: &Answer, what: &str) -> Verdict {
    match answer.all(API_VERSION).count() {
        1 => Verdict::Holds,
        0 => Verdict::fails(
            format!("{what}: {} without it", answer.status),
            "have the proxy hand on the header of the gate's answer, or add it where that has none",
        ),
        times => Verdict::fails(
            format!("{what}: {} with it {times} times", answer.status),
            "the registry sends it too: have the proxy hide one of both",
        ),
    }
}

pub(super) fn json(answer: &Answer) -> Verdict {
    if answer.is_success() {
        return Verdict::skipped("nothing was refused");
    }
    if answer.json().is_some_and(|document| document.get("errors").is_some()) {
        return Verdict::Holds;
    }
    Verdict::HoldsBut("it is not: clients work all the same, but show no reason of a refusal".to_owned())
}

pub(super) async fn realm(prober: &Prober<'_>) -> Checked {
    let Some(Challenge::Bearer { realm, .. }) = &prober.challenge else {
        return Ok(Verdict::skipped("the registry asks for passwords, not for tokens"));
    };
    let (place, request) = match prober.realm(None) {
        Ok(found) => found,
        Err(Broken(why)) => {
            return Ok(Verdict::fails(why, "correct `forward_auth.public_url`"));
        }
    };
    if prober.plan.registry.is_https && !place.is_https {
        return Ok(Verdict::fails(
            format!("clients are sent to {place}, without TLS"),
            "correct `forward_auth.public_url`",
        ));
    }
    let cure = "`forward_auth.public_url` is where clients reach dockgate: `/auth` below it must answer them";
    let answer = match prober.ask_at(&place, &request).await {
        Ok(answer) => answer,
        Err(Broken(why)) => return Ok(Verdict::fails(why, cure)),
    };
    let has_token = answer.json().is_some_and(|document| document.get("token").is_some());
    let asks_for_login =
        answer.all("www-authenticate").any(|text| Challenge::parse(text) == Some(Challenge::Basic));
    match answer.status {
        200 if has_token => Ok(Verdict::Holds),
        401 if asks_for_login => Ok(Verdict::Holds),
        status => Ok(Verdict::fails(
            format!("{} is no token endpoint: {status}", crate::access::explanation::shown(realm)),
            cure,
        )),
    }
}
