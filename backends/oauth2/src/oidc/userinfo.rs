//! The userinfo endpoint (OpenID Connect Core 1.0, section 5.3).

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Reason, ReasonCode};

use super::claims::Claims;
use super::trouble::Trouble;
use super::web::{Fetched, Web};

/// What the provider says of the person whose token this is.
///
/// # Errors
/// If it says something of another person, takes the token no longer, or cannot be asked.
pub(crate) async fn userinfo(
    web: &Web,
    cx: &Call,
    endpoint: &str,
    token: &SecretString,
    subject: &str,
) -> Result<Claims, Trouble> {
    let claims = match web.fetch(cx, "userinfo", endpoint, Some(token)).await? {
        Fetched::Document(document) => Claims(document),
        Fetched::Refused => {
            let why = "the provider does not take its own access token any more";
            return Err(Reason::new(ReasonCode::Removed, why).into());
        }
    };
    if claims.text("sub") != Some(subject) {
        return Err(Trouble::Distrusted("userinfo speaks of another person (`sub`)".to_owned()));
    }
    Ok(claims)
}
