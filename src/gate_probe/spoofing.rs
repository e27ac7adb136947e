//! What a client writes beside its request must change nothing.

use super::prober::Prober;
use super::report::{Checked, Tried, Verdict};
use super::request::Request;

/// Below `/v2/`, and none of a registry's: the gate refuses it to everybody.
const NOTHING: &str = "/v2/dockgate-forward-auth-test/nothing";

/// What says at some proxy or server which path is asked for.
const PATHS: [&str; 9] = [
    "X-Original-URI",
    "x-original-uri",
    "X_Original_URI",
    "X-Forwarded-Uri",
    "X_Forwarded_Uri",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Envoy-Original-Path",
    "X-Auth-Request-Redirect",
];
const METHODS: [&str; 8] = [
    "X-Original-Method",
    "X_Original_Method",
    "X-Forwarded-Method",
    "X_Forwarded_Method",
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Envoy-Original-Method",
];

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
    for name in PATHS {
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
    let mut requests: Vec<Request> = METHODS.iter().map(|name| patch().with(*name, "GET")).collect();
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
    for headers in [
        vec![("X-Dockgate-Secret", guess.as_str())],
        vec![("X-Dockgate-Secret", "")],
        vec![("X_Dockgate_Secret", guess.as_str())],
        vec![("X-Dockgate-Secret", guess.as_str()), ("X-Dockgate-Secret", guess.as_str())],
        vec![("Connection", "close, X-Dockgate-Secret")],
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
