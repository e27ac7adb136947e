//! Device login (RFC 8628): a program asks for a credential, shows a short code, and gets an app password once somebody
//! who is signed in has typed the code into a browser and confirmed it.
//!
//! Strangers ask, and strangers poll: what they can have written is counted, per network and in all, and ends by itself.
//! The code is typed and never part of a link, and the page says who asks, from where and for what: whoever is sent a code
//! by somebody else must see that it is not their own login that they confirm.

mod answer;
mod authorize;
mod bounds;
mod codes;
mod kept;
mod metadata;
mod page;
mod params;
mod revoke;
mod token;
mod user_code;
mod view;

#[cfg(test)]
mod tests;

pub use bounds::TooMany;
pub use codes::{Asked, Codes, Confirmed, Issued, NotIssued, Polled, Request};
pub use user_code::UserCode;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};

use crate::state::State;

/// How long a code can be typed and confirmed.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// How long a program waits between two questions whether somebody has confirmed.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// Where programs find the rest (RFC 8414).
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// The same router with what programs and whoever confirms come for.
pub(crate) fn routes(mut router: Router<Arc<State>>, prefix: &str) -> Router<Arc<State>> {
    // RFC 8414, section 3.1, has the path behind; whoever knows no RFC looks below the path.
    router = router.route(&format!("{prefix}{METADATA}"), get(metadata::get));
    if !prefix.is_empty() {
        router = router.route(&format!("{METADATA}{prefix}"), get(metadata::get));
    }
    router
        .route(&format!("{prefix}/device/code"), post(authorize::post))
        .route(&format!("{prefix}/device/token"), post(token::post))
        .route(&format!("{prefix}/device/revoke"), post(revoke::post))
        .route(&format!("{prefix}/device"), get(page::get).post(page::typed).fallback(super::wrong_method))
        .route(&format!("{prefix}/device/decision"), post(page::decided).fallback(super::wrong_method))
}
