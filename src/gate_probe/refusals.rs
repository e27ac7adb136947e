//! What nobody in particular is refused, and what not.

use super::challenge::Challenge;
use super::login::{basic, bearer};
use super::prober::Prober;
use super::report::{Broken, Checked, Tried, Verdict};
use super::request::Request;

/// Of nothing that anybody ever pushed.
pub(super) const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What the fifth run within two minutes brings on: a wrong password is refused so, too.
const LOCKED_OUT: u16 = 429;

const ASK_FOR_ALL: &str = "the registry answered: have the proxy ask the gate for every method and for everything below /v2/ and /v1/";

pub(super) async fn read(prober: &Prober<'_>) -> Checked {
    if prober.plan.anyone_may_pull {
        return Ok(Verdict::skipped("everybody may (`--anyone-may-pull`)"));
    }
    let name = &prober.plan.private;
    let mut requests: Vec<Request> = ["GET", "HEAD"]
        .into_iter()
        .flat_map(|method| {
            [
                format!("/v2/{name}/tags/list"),
                format!("/v2/{name}/manifests/latest"),
                format!("/v2/{name}/blobs/{DIGEST}"),
            ]
            .map(|target| Request::new(method, target))
        })
        .collect();
    requests.push(Request::get("/v2/_catalog"));
    requests.push(Request::get(format!("/v2/{name}/referrers/{DIGEST}")));
    let cure = format!(
        "{ASK_FOR_ALL}. Where everybody may read that by the rules, name another repository with `--private`, or say \
         `--anyone-may-pull`"
    );
    let mut tried = all_refused(prober, requests).await?;
    // Of old, and unknown to most proxies.
    let old = Request::get(format!("/v1/repositories/{name}/tags"));
    let answer = prober.ask(&old).await?;
    tried.expect(answer.is_refusal() || answer.status == 404, &old, &answer);
    Ok(tried.verdict(cure))
}

pub(super) async fn write(prober: &Prober<'_>) -> Checked {
    let name = &prober.plan.private;
    // None of it changes anything, even where nobody asks who comes.
    let requests = [
        ("POST", format!("/v2/{name}/blobs/uploads/")),
        ("PATCH", format!("/v2/{name}/blobs/uploads/none")),
        ("PUT", format!("/v2/{name}/blobs/uploads/none?digest={DIGEST}")),
        ("PUT", format!("/v2/{name}/manifests/latest")),
        ("DELETE", format!("/v2/{name}/manifests/{DIGEST}")),
        ("DELETE", format!("/v2/{name}/blobs/{DIGEST}")),
    ];
    let requests = requests.map(|(method, target)| Request::new(method, target)).to_vec();
    Ok(all_refused(prober, requests).await?.verdict(ASK_FOR_ALL))
}

async fn all_refused(prober: &Prober<'_>, requests: Vec<Request>) -> Result<Tried, Broken> {
    let mut tried = Tried::default();
    for request in requests {
        let answer = prober.ask(&request).await?;
        tried.expect(answer.is_refusal(), &request, &answer);
    }
    Ok(tried)
}

pub(super) async fn public(prober: &Prober<'_>, name: &str) -> Checked {
    let request = Request::get(format!("/v2/{name}/tags/list"));
    let login = match &prober.challenge {
        Some(Challenge::Bearer { .. }) => {
            let scope = format!("repository:{name}:pull");
            match prober.token(None, Some(&scope)).await {
                Ok(token) => Some(bearer(&token)),
                Err(Broken(why)) => {
                    return Ok(Verdict::fails(
                        why,
                        "have `users` hold an entry `\"\"`, for nobody in particular",
                    ));
                }
            }
        }
        _ => None,
    };
    let answer = prober.ask(&request.clone().by(login)).await?;
    Ok(match answer.status {
        200..=299 => Verdict::Holds,
        404 => Verdict::HoldsBut("it is let through; the registry has no such repository".to_owned()),
        status => Verdict::fails(
            format!("{request}: {status}"),
            "ask `dockgate explain CONFIG --scope repository:NAME:pull` which rule is missing",
        ),
    })
}

pub(super) async fn wrong_login(prober: &Prober<'_>) -> Checked {
    let wrong = basic("dockgate-forward-auth-test", "wrong");
    let push = || Request::new("POST", format!("/v2/{}/blobs/uploads/", prober.plan.private));
    let mut tried = Tried::default();
    for request in [
        Request::get("/v2/").by(Some(wrong.clone())),
        push().by(Some("Basic Og==".to_owned())),
        push().by(Some("Basic !".to_owned())),
        push().by(Some("Basic".to_owned())).with("Authorization", "Bearer x"),
    ] {
        let answer = prober.ask(&request).await?;
        tried.expect(answer.is_stopped() || answer.status == LOCKED_OUT, &request, &answer);
    }
    if let Some(Challenge::Bearer { .. }) = &prober.challenge {
        let (place, request) = prober.realm(Some("registry:catalog:*"))?;
        let request = request.by(Some(wrong));
        let answer = prober.ask_at(&place, &request).await?;
        tried.expect(matches!(answer.status, 401 | LOCKED_OUT), &request, &answer);
    }
    Ok(tried.verdict(
        "the proxy must hand on the client's Authorization to the gate, as it came, and nobody else decide",
    ))
}
