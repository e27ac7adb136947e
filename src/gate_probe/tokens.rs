//! What a token opens, and what not.

use super::challenge::Challenge;
use super::forgery;
use super::login::bearer;
use super::prober::Prober;
use super::report::{Broken, Checked, Tried, Verdict};
use super::request::Request;

const OTHER: &str = "dockgate-forward-auth-test/other";
const CATALOG: &str = "registry:catalog:*";

/// Tokens that nobody signed. Where there is a real one, they differ from it in what a signature would show, and in nothing
/// else: a verifier that skips it finds nothing wrong with them.
pub(super) async fn forged(prober: &Prober<'_>) -> Checked {
    let mut tokens = match &prober.challenge {
        Some(Challenge::Bearer { realm, service }) => {
            let mut tokens = forgery::made_up(realm, service);
            tokens.extend(real(prober).await.as_deref().and_then(forgery::of).unwrap_or_default());
            tokens
        }
        _ => forgery::made_up("dockgate", ""),
    };
    tokens.push("x".to_owned());
    let mut tried = Tried::default();
    for token in tokens {
        // Any token does at the first, and the second is in the claims of those that are changed.
        for target in ["/v2/", "/v2/_catalog"] {
            let request = Request::get(target).by(Some(bearer(&token)));
            let answer = prober.ask(&request).await?;
            tried.expect(answer.is_stopped(), &request, &answer);
        }
    }
    Ok(tried.verdict(
        "the gate must be asked, with the client's Authorization, and its answer obeyed; whoever else verifies tokens must \
         look at the signature, too",
    ))
}

/// The account's token, or that of nobody in particular; none if there is none to be had, which other checks tell.
async fn real(prober: &Prober<'_>) -> Option<String> {
    if let Ok(Some(login)) = prober.login_for(Some(CATALOG)).await {
        return login.strip_prefix("Bearer ").map(str::to_owned);
    }
    prober.token(None, Some(CATALOG)).await.ok()
}

pub(super) async fn scope(prober: &Prober<'_>) -> Checked {
    let Some(Challenge::Bearer { .. }) = &prober.challenge else {
        return Ok(Verdict::skipped("the registry asks for passwords, not for tokens"));
    };
    let plan = prober.plan;
    let names = plan.may_push.iter().chain(&plan.may_pull).chain(&plan.public);
    let name = names.map(String::as_str).next().unwrap_or(&plan.private);
    let scope = format!("repository:{name}:pull");
    let token = match prober.login_for(Some(&scope)).await? {
        Some(login) => login,
        None => match prober.token(None, Some(&scope)).await {
            Ok(token) => bearer(&token),
            Err(Broken(_)) => return Ok(Verdict::skipped("nobody gets a token without `--account NAME`")),
        },
    };
    let mut tried = Tried::default();
    for request in [
        Request::get(format!("/v2/{OTHER}/tags/list")),
        Request::new("POST", format!("/v2/{name}/blobs/uploads/")),
        Request::new("POST", format!("/v2/{OTHER}/blobs/uploads/")),
        Request::get("/v2/_catalog"),
    ] {
        let request = request.by(Some(token.clone()));
        let answer = prober.ask(&request).await?;
        tried.expect(answer.is_refusal(), &request, &answer);
    }
    Ok(tried.verdict("the gate refuses these: have the proxy ask it for every request, and keep no answer for the next one"))
}
