//! What the registry is told of who came.

use axum::http::HeaderMap;

use super::challenge::Challenge;
use super::login::bearer;
use super::prober::Prober;
use super::report::{Broken, Checked, Tried, Verdict};
use super::request::Request;
use super::stand_in::StandIn;
use super::uploads::{FORM, MOUNT};
use crate::gate::SECRET_HEADER;

/// No account of anybody's.
const SPOOFED: &str = "dockgate-spoofed";
const NO_STAND_IN: &str = "no `--as-registry ADDRESS:PORT`";

/// A client's own identity header must not come to the registry.
pub(super) async fn identity(prober: &Prober<'_>) -> Checked {
    match &prober.stand_in {
        None => of_gate(prober).await,
        Some(stand_in) => of_registry(prober, stand_in).await,
    }
}

/// Where the gate sees the header, it refuses the request. Where it does not, the registry must not either, and that is
/// not seen from outside.
async fn of_gate(prober: &Prober<'_>) -> Checked {
    let mut tried = Tried::default();
    let mut unseen = Vec::new();
    for name in &prober.plan.identity_headers {
        let request = Request::get("/v2/").with(name, SPOOFED);
        let Some(answer) = prober.attempt(&request).await? else { continue };
        tried.expect(answer.is_stopped(), &request, &answer);
        if answer.status == 401 {
            unseen.push(format!("`{name}`"));
        }
    }
    match tried.verdict("the proxy must ask the gate, and obey its answer") {
        Verdict::Holds if !unseen.is_empty() => Ok(Verdict::Skipped(format!(
            "the gate does not see {} of a client, and whether the registry does is seen with `--as-registry` alone",
            unseen.join(" and ")
        ))),
        verdict => Ok(verdict),
    }
}

async fn of_registry(prober: &Prober<'_>, stand_in: &StandIn) -> Checked {
    let request = match passing(prober, stand_in).await? {
        Passing::Yes(request, _) => request,
        Passing::No(verdict) => return Ok(verdict),
    };
    let mut seen = Vec::new();
    let mut note = None;
    for name in &prober.plan.identity_headers {
        for written in [name.clone(), name.replace('-', "_")] {
            let spoofed = request.clone().with(&written, SPOOFED);
            prober.attempt(&spoofed).await?;
            let is_told = |headers: &HeaderMap, name: &str| {
                headers.get_all(name).iter().any(|value| value.as_bytes() == SPOOFED.as_bytes())
            };
            for headers in stand_in.take() {
                if is_told(&headers, name) {
                    seen.push(format!("{spoofed}: the registry is told `{name}: {SPOOFED}`"));
                } else if is_told(&headers, &written) {
                    note = Some(format!(
                        "`{written}` of a client comes to the registry: some programs read it as `{name}`"
                    ));
                }
            }
        }
    }
    if seen.is_empty() {
        return Ok(note.map_or(Verdict::Holds, Verdict::HoldsBut));
    }
    let cure = "have the proxy overwrite these headers with those of the gate's answer, the empty ones too, or take them \
                away; or hand on the client's to the gate, which then refuses";
    Ok(Verdict::Fails { seen, cure: cure.to_owned() })
}

/// What opens the gate is nothing for a registry.
pub(super) async fn secret(prober: &Prober<'_>) -> Checked {
    let Some(stand_in) = &prober.stand_in else { return Ok(Verdict::skipped(NO_STAND_IN)) };
    let headers = match passing(prober, stand_in).await? {
        Passing::Yes(_, headers) => headers,
        Passing::No(verdict) => return Ok(verdict),
    };
    if headers.contains_key(SECRET_HEADER) {
        return Ok(Verdict::fails(
            "the registry is told X-Dockgate-Secret, and whoever reads its log could ask the gate",
            "have the proxy send it with its questions to the gate alone",
        ));
    }
    Ok(Verdict::Holds)
}

/// A client may name headers that concern the next hop alone (RFC 9110, section 7.6.1): a proxy that drops them on its way
/// to the gate and not on that to the registry hides from the one what the other reads.
pub(super) async fn form(prober: &Prober<'_>) -> Checked {
    let Some(stand_in) = &prober.stand_in else { return Ok(Verdict::skipped(NO_STAND_IN)) };
    let Some(name) = prober.plan.may_push.first() else {
        return Ok(Verdict::skipped("no `--may-push NAME`"));
    };
    let Some(login) = prober.login_for(Some(&format!("repository:{name}:pull,push"))).await? else {
        return Ok(Verdict::skipped("nobody is logged in"));
    };
    stand_in.take();
    let mut tried = Tried::default();
    for dropped in ["Content-Type", "content-type, X-Original-URI"] {
        let request = Request::new("POST", format!("/v2/{name}/blobs/uploads/"))
            .by(Some(login.clone()))
            .with("Connection", format!("close, {dropped}"))
            .with("Content-Type", FORM)
            .body(MOUNT);
        let Some(answer) = prober.attempt(&request).await? else { continue };
        let is_form = |headers: &HeaderMap| headers.get("content-type").is_some_and(|kind| kind == FORM);
        tried.expect(!stand_in.take().iter().any(is_form), &request, &answer);
    }
    Ok(tried.verdict(
        "the registry was told a Content-Type that the gate was not: have the proxy tell both or neither",
    ))
}

enum Passing {
    /// A request that is let through, and what came of it.
    Yes(Request, HeaderMap),
    No(Verdict),
}

async fn passing(prober: &Prober<'_>, stand_in: &StandIn) -> Result<Passing, Broken> {
    let request = match (prober.login_for(None).await?, prober.plan.public.first()) {
        (Some(login), _) => Request::get("/v2/").by(Some(login)),
        (None, Some(name)) => {
            let request = Request::get(format!("/v2/{name}/tags/list"));
            match &prober.challenge {
                Some(Challenge::Bearer { .. }) => {
                    let token = prober.token(None, Some(&format!("repository:{name}:pull"))).await?;
                    request.by(Some(bearer(&token)))
                }
                _ => request,
            }
        }
        (None, None) => {
            return Ok(Passing::No(Verdict::skipped(
                "nothing is let through without `--account` or `--public`",
            )));
        }
    };
    stand_in.take();
    let answer = prober.ask(&request).await?;
    Ok(match stand_in.take().pop() {
        Some(headers) => Passing::Yes(request, headers),
        None => Passing::No(Verdict::fails(
            format!("{request}: {}, and nothing came to {}", answer.status, stand_in.address),
            "lead the proxy there, in place of the registry, for as long as this runs",
        )),
    })
}
