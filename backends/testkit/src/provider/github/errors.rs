//! What the API says when it does not answer.

use std::time::Duration;

use serde_json::json;

use super::super::Reply;
use super::state::{Closed, Org};
use super::{Double, Limit};

pub(super) fn basic(status: u16, message: &str) -> Reply {
    let page = "https://docs.github.com/rest";
    Reply::json(status, &json!({"message": message, "documentation_url": page, "status": status.to_string()}))
}

pub(super) fn not_found() -> Reply {
    basic(404, "Not Found")
}

pub(super) fn bad_credentials() -> Reply {
    basic(401, "Bad credentials")
}

pub(super) fn suspended() -> Reply {
    basic(403, "Sorry. Your account was suspended.")
}

/// A client without a name is turned away before anything else is looked at.
pub(super) fn nameless() -> Reply {
    let text =
        "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
    Reply::html(403, text)
}

pub(super) fn missing_scope(accepted: &str, granted: &str) -> Reply {
    let text = format!("You need at least {accepted} scope to use this.");
    basic(403, &text).with("x-accepted-oauth-scopes", accepted).with("x-oauth-scopes", granted)
}

pub(super) fn closed(double: &Double, org: &Org, why: Closed) -> Reply {
    match why {
        Closed::ToApps => basic(
            403,
            &format!(
                "Although you appear to have the correct authorization credentials, the `{}` organization has enabled \
                 OAuth App access restrictions, meaning that data access to third-parties is limited.",
                org.login
            ),
        ),
        Closed::WithoutSso => {
            let page = format!("{}/orgs/{}/sso?authorization_request=ABC", double.web, org.login);
            let text = "Resource protected by organization SAML enforcement. You must grant your OAuth token access to \
                        this organization.";
            basic(403, text).with("x-github-sso", &format!("required; url={page}"))
        }
    }
}

pub(super) fn limited(limit: Limit, now: u64) -> Reply {
    match limit {
        Limit::Primary(wait) => {
            let reset = Duration::from_secs(now) + wait;
            basic(403, "API rate limit exceeded for user ID 1.")
                .with("x-ratelimit-limit", "5000")
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-used", "5000")
                .with("x-ratelimit-resource", "core")
                .with("x-ratelimit-reset", &reset.as_secs().to_string())
        }
        Limit::Secondary(wait) => {
            let text =
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
            basic(403, text).with("retry-after", &wait.as_secs().to_string())
        }
    }
}
