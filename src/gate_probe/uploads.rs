//! The beginning of an upload, where a registry takes blobs over from other repositories.

use super::prober::Prober;
use super::refusals::DIGEST;
use super::report::{Checked, Tried};
use super::request::Request;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const MOUNT: &str = "mount=sha256%3A00&from=dockgate-forward-auth-test%2Fother";

fn begin(prober: &Prober<'_>, query: &str) -> Request {
    Request::new("POST", format!("/v2/{}/blobs/uploads/{query}", prober.plan.private))
}

/// A registry reads `mount` and `from` in such a body too, where no gate sees them.
pub(super) async fn content_type(prober: &Prober<'_>) -> Checked {
    let mut tried = Tried::default();
    for request in [
        begin(prober, "").with("Content-Type", FORM).body(MOUNT),
        begin(prober, "")
            .with("content-type", "Application/X-WWW-Form-Urlencoded; charset=utf-8")
            .body(MOUNT),
        begin(prober, "").with("Content-Type", "multipart/form-data; boundary=b").body("--b--\r\n"),
    ] {
        let Some(answer) = prober.attempt(&request).await? else { continue };
        tried.expect(answer.is_stopped() && answer.status != 401, &request, &answer);
    }
    Ok(tried.verdict(
        "the gate refuses forms with 403, if it sees them: have the proxy hand on the client's Content-Type to it",
    ))
}

pub(super) async fn query(prober: &Prober<'_>) -> Checked {
    let mut tried = Tried::default();
    let (one, other) = ("dockgate-forward-auth-test/one", "dockgate-forward-auth-test/other");
    for request in [
        begin(prober, &format!("?mount={DIGEST}&from={one}&from={other}")),
        begin(prober, &format!("?mount={DIGEST}&from={one};from={other}")),
        begin(prober, &format!("?mount={DIGEST}&From={other}")),
        begin(prober, &format!("?mount={DIGEST}&from=..%2F{other}")),
    ] {
        let Some(answer) = prober.attempt(&request).await? else { continue };
        tried.expect(answer.is_stopped() && answer.status != 401, &request, &answer);
    }
    Ok(tried.verdict(
        "the gate says 403 to these: have the proxy tell it the path with the query, as the client sent them (nginx: \
         $request_uri, not $uri)",
    ))
}
