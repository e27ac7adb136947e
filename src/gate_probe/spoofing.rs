//! What a client writes beside its request must change nothing.

use axum::http::HeaderName;

use super::prober::Prober;
use super::report::{Checked, Tried, Verdict};
use super::request::{Request, written};
use crate::gate::{DECIDING_METHODS, DECIDING_PATHS, SECRET_HEADER};

/// Below `/v2/`, and none of a registry's: the gate refuses it to everybody.
const NOTHING: &str = "/v2/dockgate-forward-auth-test/nothing";

/// What could say it at a proxy that was configured by hand.
const HAND_MADE: [&str; 3] = ["X-Original-Path", "X-Forwarded-Path", "X-Auth-Request-Redirect"];

/// Each header as people write it, in small letters, and as programs write it that know no hyphens.
fn in_every_way(names: &[HeaderName]) -> Vec<String> {
    let each = names.iter().map(written);
    each.flat_map(|name| [name.to_ascii_lowercase(), name.replace('-', "_"), name]).collect()
}

pub(super) async fn path_is_told(prober: &Prober<'_>) -> Checked {
    let request = Request::get(NOTHING);
    let answer = prober.ask(&request).await?;
    let cure = match answer.status {
        403 => return Ok(Verdict::Holds),
        401 => {
            "the gate was asked about another path: have the proxy tell it the client's, as the sample of its `preset` does"
        }
        _ => "the gate was not asked, or not listened to: have the proxy ask it for everything below /v2/",
    };
    Ok(Verdict::fails(format!("{request}: {}, where the gate says 403", answer.status), cure))
}

pub(super) async fn method_is_told(prober: &Prober<'_>) -> Checked {
    let mut tried = Tried::default();
    for method in ["DELETE", "PATCH"] {
        let request = Request::new(method, "/v2/");
        let answer = prober.ask(&request).await?;
        tried.expect(answer.status == 403, &request, &answer);
    }
    Ok(tried.verdict(
        "the gate says 403 to these: have the proxy tell it the client's method, not the one of its own question",
    ))
}

pub(super) async fn path(prober: &Prober<'_>, is_told: bool) -> Checked {
    if !is_told {
        return Ok(Verdict::skipped("the gate is not told the path"));
    }
    let url = format!("{}/v2/", prober.plan.registry.origin());
    let mut requests = Vec::new();
    for name in in_every_way(&DECIDING_PATHS).into_iter().chain(HAND_MADE.map(str::to_owned)) {
        requests.push(Request::get(NOTHING).with(name, "/v2/"));
    }
    requests.push(Request::get(NOTHING).with("X-Original-URL", url));
    for [uri, method] in [["X-Original-URI", "X-Original-Method"], ["X-Forwarded-Uri", "X-Forwarded-Method"]]
    {
        requests.push(Request::get(NOTHING).with(uri, "/v2/").with(method, "GET"));
        requests.push(Request::get(NOTHING).with(uri, "/v2/").with(uri, "/v2/"));
        requests.push(Request::get(NOTHING).with("Connection", format!("close, {uri}")).with(uri, "/v2/"));
    }
    stays_refused(prober, requests, "path").await
}

pub(super) async fn method(prober: &Prober<'_>, is_told: bool) -> Checked {
    if !is_told {
        return Ok(Verdict::skipped("the gate is not told the method"));
    }
    let patch = || Request::new("PATCH", "/v2/");
    let names = in_every_way(&DECIDING_METHODS);
    let mut requests: Vec<Request> = names.into_iter().map(|name| patch().with(name, "GET")).collect();
    for name in ["X-Original-Method", "X-Forwarded-Method"] {
        requests.push(patch().with(name, "GET").with(name, "GET"));
        requests.push(patch().with("Connection", format!("close, {name}")).with(name, "GET"));
    }
    stays_refused(prober, requests, "method").await
}

/// The gate refuses each without its trick: a challenge would say that the trick was believed.
async fn stays_refused(prober: &Prober<'_>, requests: Vec<Request>, what: &str) -> Checked {
    let mut tried = Tried::default();
    let login = prober.login_for(None).await.ok().flatten();
    for request in requests {
        for request in [Some(request.clone()), login.clone().map(|login| request.by(Some(login)))] {
            let Some(request) = request else { continue };
            let Some(answer) = prober.attempt(&request).await? else { continue };
            tried.expect(answer.is_stopped() && answer.status != 401, &request, &answer);
        }
    }
    Ok(tried.verdict(format!(
        "the gate believed the client: have the proxy overwrite the header with the {what} of the request in hand, never \
         hand on the client's"
    )))
}

pub(super) async fn proxy(prober: &Prober<'_>) -> Checked {
    let mut tried = Tried::default();
    let guess = "0".repeat(64);
    let secret = written(&SECRET_HEADER);
    let (secret, underscored) = (secret.as_str(), secret.replace('-', "_"));
    let dropped = format!("close, {secret}");
    for headers in [
        vec![(secret, guess.as_str())],
        vec![(secret, "")],
        vec![(underscored.as_str(), guess.as_str())],
        vec![(secret, guess.as_str()), (secret, guess.as_str())],
        vec![("Connection", dropped.as_str())],
        vec![("Connection", "close, Authorization")],
        vec![("X-Forwarded-For", "127.0.0.1")],
    ] {
        let request =
            headers.iter().fold(Request::get("/v2/"), |request, (name, value)| request.with(*name, *value));
        let Some(answer) = prober.attempt(&request).await? else { continue };
        tried.expect(answer.is_stopped(), &request, &answer);
    }
    Ok(tried.verdict("the gate must be asked with the proxy's own secret alone, and its answer obeyed"))
}
