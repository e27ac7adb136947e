//! A sign-in that is under way at a provider, sealed into a cookie: a stranger who begins many fills nothing of ours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderValue;
use data_encoding::HEXLOWER;
use dockgate_api::Shelf;
use serde::{Deserialize, Serialize};

use super::cookies::Cookie;
use super::{Trouble, Visit, base64};

/// Somebody who has to find their password and their second factor needs no longer.
const LASTS: Duration = Duration::from_mins(10);
/// A browser keeps 4096 bytes of name, value and flags.
const LONGEST: usize = 3900;
/// What it is sealed for.
const SEALED_FOR: &[u8] = b"sign-in under way";

/// Where the browser goes once somebody is signed in. Never a URL: there is nothing to redirect elsewhere with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum After {
    /// To the first page.
    #[default]
    Home,
    /// To the page where a device is confirmed.
    Device,
}

/// A sign-in that is under way.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) nonce: String,
    pub(super) link: String,
    pub(super) redirect_uri: String,
    /// What the backend wants to have back.
    pub(super) remembered: Option<String>,
    pub(super) after: After,
    /// Seconds since 1970.
    ends: u64,
}

impl After {
    /// As it stands in a query.
    pub(crate) fn of(word: &str) -> Self {
        if word == "device" { Self::Device } else { Self::Home }
    }

    /// The query of a link that starts a sign-in.
    pub(crate) fn query(self) -> &'static str {
        match self {
            Self::Home => "",
            Self::Device => "?after=device",
        }
    }

    /// The route behind the prefix.
    pub(super) fn route(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Device => "/device",
        }
    }
}

impl Pending {
    /// A new one, for a link.
    pub(super) fn new(
        visit: &Visit,
        link: &str,
        redirect_uri: String,
        after: After,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            state: visit.random_text()?,
            verifier: visit.random_text()?,
            nonce: visit.random_text()?,
            link: link.to_owned(),
            redirect_uri,
            remembered: None,
            after,
            ends: seconds(visit.cx.now() + LASTS),
        })
    }

    /// The PKCE challenge (RFC 7636, section 4.2).
    pub(super) fn challenge(&self) -> String {
        base64(digest(&SHA256, self.verifier.as_bytes()).as_ref())
    }

    /// The cookie that holds it.
    pub(super) fn cookie(&self, visit: &Visit) -> Result<Option<HeaderValue>, Trouble> {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let id = visit.cx.request_id();
        let sealed = visit.sealer()?.seal(visit.random(), SEALED_FOR, &plain).map_err(|error| {
            tracing::error!(request_id = %id, %error, "nobody can sign in");
            Trouble::Unavailable(Duration::from_secs(5))
        })?;
        if sealed.len() > LONGEST {
            let link = self.link.as_str();
            tracing::error!(request_id = %id, link, "remembers more of a sign-in than a cookie holds");
            return Err(Trouble::Unavailable(Duration::from_mins(1)));
        }
        Ok(Cookie::Pending.set(&sealed, LASTS, &visit.here))
    }

    /// The one that this browser has begun at a link, if a provider's answer belongs to it.
    pub(super) fn of(visit: &Visit, link: &str, state: &str) -> Result<Self, Trouble> {
        let sealed = Cookie::Pending.read(&visit.headers, &visit.here).ok_or(Trouble::Stale)?;
        let plain = visit.sealer()?.open(SEALED_FOR, sealed).ok_or(Trouble::Stale)?;
        let pending: Self = serde_json::from_slice(&plain).map_err(|_| Trouble::Stale)?;
        let is_its_state = verify_slices_are_equal(pending.state.as_bytes(), state.as_bytes()).is_ok();
        let is_over = seconds(visit.cx.now()) >= pending.ends;
        if is_its_state && pending.link == link && !is_over { Ok(pending) } else { Err(Trouble::Stale) }
    }

    /// Notes that it was answered. Whoever comes second, here or at another replica, is refused: a cookie that was copied
    /// is worth nothing then.
    pub(super) async fn use_up(&self, visit: &Visit) -> Result<(), Trouble> {
        let key = format!("state:{}", HEXLOWER.encode(digest(&SHA256, self.state.as_bytes()).as_ref()));
        // Its cookie opens no longer than that.
        let until = UNIX_EPOCH + Duration::from_secs(self.ends) + LASTS;
        let uses = visit.store()?.add(&visit.cx, Shelf::SignIns, &key, 1, until).await?;
        if uses == 1 { Ok(()) } else { Err(Trouble::Stale) }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
