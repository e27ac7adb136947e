//! What somebody with an account may do.

use super::Plan;
use super::answer::Answer;
use super::base;
use super::prober::Prober;
use super::report::{Broken, Checked, Verdict};
use super::request::Request;

const NO_ACCOUNT: &str = "no `--account NAME`";
const EXPLAIN: &str =
    "ask `dockgate explain CONFIG --account NAME --scope repository:NAME:pull,push` which rule decides";

pub(super) async fn login(prober: &Prober<'_>) -> Checked {
    if prober.plan.account.is_none() {
        return Ok(Verdict::skipped(NO_ACCOUNT));
    }
    let cure = "is the password right, and does the proxy hand on Authorization to the gate? Failed logins stand in the \
                gate's log";
    let login = match prober.login_for(None).await {
        Ok(Some(login)) => login,
        Ok(None) => return Ok(Verdict::skipped("the registry does not say how to log in")),
        Err(Broken(why)) => return Ok(Verdict::fails(why, cure)),
    };
    let answer = prober.ask(&Request::get("/v2/").by(Some(login))).await?;
    if answer.is_refusal() {
        return Ok(Verdict::fails(format!("GET /v2/, with the login: {}", answer.status), cure));
    }
    if !answer.is_success() {
        return Ok(Verdict::fails(
            format!("GET /v2/, with the login: {}", answer.status),
            "the gate lets it pass, and the registry does not answer: is it there?",
        ));
    }
    Ok(base::once(&answer, "Docker-Distribution-Api-Version in GET /v2/, with the login"))
}

/// What the account may do with a repository, or must not.
pub(super) struct Expectation<'p> {
    name: &'p str,
    is_push: bool,
    may: bool,
}

impl Expectation<'_> {
    pub(super) fn check(&self) -> &'static str {
        match (self.is_push, self.may) {
            (false, true) => "may-pull",
            (false, false) => "may-not-pull",
            (true, true) => "may-push",
            (true, false) => "may-not-push",
        }
    }

    pub(super) fn says(&self) -> String {
        let may = if self.may { "may" } else { "may not" };
        let does = if self.is_push { "push to" } else { "pull from" };
        format!("the account {may} {does} `{}`", self.name)
    }
}

pub(super) fn expectations(plan: &Plan) -> Vec<Expectation<'_>> {
    let lists = [
        (plan.may_pull.as_slice(), false, true),
        (plan.may_not_pull.as_slice(), false, false),
        (plan.may_push.as_slice(), true, true),
        (plan.may_not_push.as_slice(), true, false),
    ];
    let mut all = Vec::new();
    for (names, is_push, may) in lists {
        all.extend(names.iter().map(|name| Expectation { name, is_push, may }));
    }
    all
}

pub(super) async fn expectation(prober: &Prober<'_>, expected: &Expectation<'_>) -> Checked {
    let name = expected.name;
    let (scope, request) = if expected.is_push {
        let scope = format!("repository:{name}:pull,push,delete");
        (scope, Request::new("POST", format!("/v2/{name}/blobs/uploads/")))
    } else {
        (format!("repository:{name}:pull"), Request::get(format!("/v2/{name}/tags/list")))
    };
    let Some(login) = prober.login_for(Some(&scope)).await? else {
        return Ok(Verdict::skipped("nobody is logged in"));
    };
    let request = request.by(Some(login.clone()));
    let answer = prober.ask(&request).await?;
    let left =
        if expected.is_push && answer.is_success() { cancel(prober, &answer, login).await } else { None };
    let is_through = !answer.is_refusal();
    Ok(match (expected.may, is_through) {
        _ if answer.status >= 500 => Verdict::fails(
            format!("{request}: {}", answer.status),
            "the registry, the gate or the proxy between them is in trouble: look at their logs",
        ),
        (true, true) if answer.status == 404 => {
            Verdict::HoldsBut("it is let through; the registry has no such repository".to_owned())
        }
        (false, false) => Verdict::Holds,
        (true, true) => left.map_or(Verdict::Holds, Verdict::HoldsBut),
        (true, false) | (false, true) => Verdict::fails(format!("{request}: {}", answer.status), EXPLAIN),
    })
}

/// An upload that was begun is given up again. Answers what is left of it.
async fn cancel(prober: &Prober<'_>, answer: &Answer, login: String) -> Option<String> {
    let left =
        || Some("the upload that was begun is left to the registry, which clears such away".to_owned());
    let Some(location) = answer.header("location") else { return left() };
    let origin = prober.plan.registry.origin();
    let target = location.strip_prefix(&origin).unwrap_or(location);
    // A login goes nowhere but to the registry.
    if !target.starts_with("/v2/") || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return left();
    }
    let cancelled = prober.ask(&Request::new("DELETE", target).by(Some(login))).await;
    if cancelled.is_ok_and(|answer| answer.is_success()) { None } else { left() }
}
