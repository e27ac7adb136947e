//! What a token opens, and what not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::challenge::Challenge;
use super::login::bearer;
use super::prober::Prober;
use super::report::{Broken, Checked, Tried, Verdict};
use super::request::Request;

const OTHER: &str = "dockgate-forward-auth-test/other";

/// Tokens that anybody can write.
pub(super) async fn forged(prober: &Prober<'_>) -> Checked {
    let access = r#"[{"type":"registry","name":"catalog","actions":["*"]}]"#;
    let claims = format!(r#"{{"iss":"dockgate","sub":"admin","exp":9999999999,"nbf":0,"access":{access}}}"#);
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let mut tried = Tried::default();
    for token in [
        format!("{}.{}.", part(r#"{"alg":"none","typ":"JWT"}"#), part(&claims)),
        format!("{}.{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims), part("signature")),
        format!("{}.{}.{}", part(r#"{"alg":"ES256","typ":"JWT"}"#), part(&claims), part(&"0".repeat(64))),
        "x".to_owned(),
    ] {
        let request = Request::get("/v2/_catalog").by(Some(bearer(&token)));
        let answer = prober.ask(&request).await?;
        tried.expect(answer.is_stopped(), &request, &answer);
    }
    Ok(tried.verdict("the gate must be asked, with the client's Authorization, and its answer obeyed"))
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
