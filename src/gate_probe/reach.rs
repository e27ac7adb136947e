//! Ways round the proxy, and to its gate.

use super::answer::Answer;
use super::challenge::Challenge;
use super::place::Place;
use super::prober::{Knocked, Prober};
use super::report::{Checked, Tried, Verdict};
use super::request::Request;

/// What every kind of proxy asks its gate about `/v2/`.
fn questions(path: &str, place: &Place) -> [Request; 5] {
    let ask = || Request::get(path).with("X-Forwarded-For", "203.0.113.1");
    [
        ask(),
        ask().with("X-Original-Method", "GET").with("X-Original-URI", "/v2/"),
        ask().with("X-Original-Method", "GET").with("X-Original-URL", format!("{}/v2/", place.origin())),
        ask().with("X-Forwarded-Method", "GET").with("X-Forwarded-Uri", "/v2/"),
        Request::get(format!("{path}/v2/")).with("X-Forwarded-For", "203.0.113.1"),
    ]
}

/// Whether the gate itself spoke, about what it was asked.
fn is_answer_of_gate(answer: &Answer) -> bool {
    answer.status == 401 && answer.header("docker-distribution-api-version").is_some()
}

pub(super) async fn through_the_proxy(prober: &Prober<'_>) -> Checked {
    let mut places = vec![Place { target: "/forward-auth".to_owned(), ..prober.plan.registry.clone() }];
    // Beside the token endpoint, where that is public.
    if let Some(Challenge::Bearer { .. }) = &prober.challenge
        && let Ok((realm, _)) = prober.realm(None)
        && let Some((prefix, _)) = realm.target.rsplit_once('/')
    {
        let target = format!("{prefix}/forward-auth");
        let beside = Place { target, ..realm };
        if !places.contains(&beside) {
            places.push(beside);
        }
    }
    let mut tried = Tried::default();
    for place in &places {
        for request in questions(&place.target, place) {
            let answer = prober.ask_at(place, &request).await?;
            let is_open = is_answer_of_gate(&answer) || (answer.is_success() && !answer.is_page());
            tried.expect(!is_open, &request, &answer);
        }
    }
    Ok(tried.verdict(
        "clients can ask the gate, with the proxy's own secret: have the proxy send it with its questions alone, and lead \
         nobody to `/forward-auth`",
    ))
}

pub(super) async fn gate(prober: &Prober<'_>) -> Checked {
    let Some(place) = &prober.plan.gate else {
        return Ok(Verdict::skipped("no `--gate URL`"));
    };
    let guess = "0".repeat(64);
    let mut tried = Tried::default();
    for question in questions(place.target.trim_end_matches('/'), place) {
        for request in [question.clone(), question.with("X-Dockgate-Secret", &guess)] {
            match prober.knock(place, &request).await? {
                Knocked::Nobody => {
                    return Ok(Verdict::HoldsBut("it cannot be reached from here at all".to_owned()));
                }
                Knocked::Mute(why) => {
                    return Ok(Verdict::fails(
                        format!("{place}: {why}"),
                        "is this the gate's address? Somebody else is there",
                    ));
                }
                Knocked::Answered(answer) => tried.expect(answer.status == 403, &request, &answer),
            }
        }
    }
    Ok(tried.verdict(
        "without the secret the gate says 403: is this its URL, such as http://HOST:5001/forward-auth, and nothing before it \
         that adds the secret?",
    ))
}

pub(super) async fn registry(prober: &Prober<'_>) -> Checked {
    let Some(place) = &prober.plan.registry_address else {
        return Ok(Verdict::skipped("no `--registry-address HOST:PORT`"));
    };
    let request = Request::get("/v2/");
    let mut seen = Vec::new();
    for place in [place.clone(), place.over_tls()] {
        match prober.knock(&place, &request).await? {
            Knocked::Answered(answer) if answer.is_refusal() => {
                return Ok(Verdict::HoldsBut(format!("it asks for a login itself: {}", answer.status)));
            }
            Knocked::Answered(answer) => seen.push(format!("{request} at {place}: {}", answer.status)),
            Knocked::Mute(_) | Knocked::Nobody => {}
        }
    }
    if seen.is_empty() {
        return Ok(Verdict::Holds);
    }
    Ok(Verdict::Fails {
        seen,
        cure: "whoever reaches this port needs no gate: have the registry listen where only the proxy gets (127.0.0.1, a \
               network of its own, a firewall)"
            .to_owned(),
    })
}
