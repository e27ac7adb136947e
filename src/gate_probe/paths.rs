//! Paths that a proxy and a registry could read in different ways.

use super::prober::Prober;
use super::report::{Checked, Tried, Verdict};
use super::request::Request;

/// Where they all lead, for somebody who can be tricked: what a registry without a gate tells everybody.
const CATALOG: [&str; 30] = [
    "//v2/_catalog",
    "/v2//_catalog",
    "///v2/_catalog",
    "/./v2/_catalog",
    "/v2/./_catalog",
    "/v2/../v2/_catalog",
    "/v2/x/../_catalog",
    "/v2/%2e%2e/v2/_catalog",
    "/v2/x/%2E%2e/_catalog",
    "/v2/x/..%2f_catalog",
    "/v2%2f_catalog",
    "/%2fv2/_catalog",
    "/v2/%5fcatalog",
    "/%76%32/_catalog",
    "/%2576%2532/_catalog",
    "/v2/%252e%252e/v2/_catalog",
    "/v2/x/%c0%ae%c0%ae/_catalog",
    "/v2/_catalog/",
    "/v2/_catalog/.",
    "/v2/_catalog;x=y",
    "/v2/_catalog%00",
    "/v2/_catalog%20",
    "/v2/_catalog%3fx",
    "/v2\\_catalog",
    "/V2/_catalog",
    "/x/../v2/_catalog",
    "/auth/../v2/_catalog",
    "/auth/..%2fv2/_catalog",
    "/forward-auth/../v2/_catalog",
    "/.well-known/..;/v2/_catalog",
];

pub(super) async fn tricks(prober: &Prober<'_>) -> Checked {
    let place = &prober.plan.registry;
    if prober.plan.anyone_may_pull && prober.ask(&Request::get("/v2/_catalog")).await?.is_success() {
        return Ok(Verdict::skipped("everybody may read the catalog, to which they all lead"));
    }
    let mut targets: Vec<String> = CATALOG.iter().map(|target| (*target).to_owned()).collect();
    targets.extend([
        format!("{}/v2/_catalog", place.origin()),
        "http://localhost/v2/_catalog".to_owned(),
        format!("//{}/v2/_catalog", place.authority()),
        "v2/_catalog".to_owned(),
        "*".to_owned(),
        format!("/v2/{}_catalog", "x/../".repeat(600)),
    ]);
    let requests = targets.into_iter().map(Request::get).chain([
        Request::new("get", "/v2/_catalog"),
        Request::new("OPTIONS", "/v2/_catalog"),
        Request::new("PROPFIND", "/v2/_catalog"),
        Request::get("/v2/_catalog").with("Range", "bytes=0-1"),
        Request::get("/v2/_catalog").with("Upgrade", "h2c").with("Connection", "Upgrade"),
    ]);
    let mut tried = Tried::default();
    for request in requests {
        let Some(answer) = prober.attempt(&request).await? else { continue };
        tried.expect(!answer.is_success() || answer.is_page(), &request, &answer);
    }
    Ok(tried.verdict(
        "have the proxy ask the gate for everything that it sends to the registry, and send nothing there that is not below \
         /v2/ (or /v1/)",
    ))
}
