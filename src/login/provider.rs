//! The links where people sign in, and their routes.

use std::sync::Arc;

/// The names that a link has if the configuration gives it none: docker_auth's routes, which are registered at the
/// providers.
const DOCKER_AUTH: [&str; 4] = ["github_auth", "google_auth", "gitlab_auth", "oidc_auth"];

/// A link where people sign in.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// The link's name.
    pub(crate) link: Arc<str>,
    /// What people call it: `GitHub`.
    pub(crate) title: String,
    /// Its route behind the prefix: both where a sign-in starts and where the provider sends the browser back to.
    pub(crate) route: String,
    /// The callback as it is registered at the provider, if the configuration says.
    pub(crate) redirect_uri: Option<String>,
    /// The registry that people sign in for, if the section names one.
    pub(crate) registry: Option<String>,
}

/// The route of a link.
pub(super) fn route_of(link: &str) -> String {
    if DOCKER_AUTH.contains(&link) { format!("/{link}") } else { format!("/login/{link}") }
}

/// Whether a link's name can stand in a route.
pub(super) fn is_route_name(link: &str) -> bool {
    !link.is_empty()
        && link.len() <= 64
        && link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !link.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_that_are_registered_at_providers_stay() {
        for (link, route) in [
            ("github_auth", "/github_auth"),
            ("oidc_auth", "/oidc_auth"),
            ("corp", "/login/corp"),
            ("badge_auth", "/login/badge_auth"),
        ] {
            assert_eq!(route_of(link), route);
        }
        assert!(is_route_name("corp-2.x_y"));
        for link in ["", ".", "..", ".a", "a/b", "{a}", "a b", "ä", "a?b", "*"] {
            assert!(!is_route_name(link), "{link}");
        }
    }
}
