//! The list: which configuration key makes which backend.

use dockgate_api::{Authenticator, Authorizer, Configure, KeyTaken, Registry};
use dockgate_external::ProgramConfig;
use dockgate_htpasswd::UsersFileConfig;
use dockgate_http::{HttpAuthConfig, HttpAuthzConfig};
use dockgate_ldap::LdapAuthConfig;
use dockgate_mtls::MtlsAuthConfig;
use dockgate_oauth2::{GithubAuthConfig, GitlabAuthConfig, GoogleAuthConfig, OidcAuthConfig};
use dockgate_static::{AclConfig, UsersConfig};

/// The backends that a server can be configured with.
///
/// A server of one's own adds to the built-in list and runs:
///
/// ```no_run
/// # use dockgate_static::UsersConfig as BadgeConfig;
/// fn main() -> std::process::ExitCode {
///     dockgate::run(dockgate::Backends::builtin().authenticator::<BadgeConfig>("badge_auth"))
/// }
/// ```
#[derive(Default)]
pub struct Backends {
    authenticators: Registry<dyn Authenticator>,
    authorizers: Registry<dyn Authorizer>,
    conflicts: Vec<KeyTaken>,
}

impl Backends {
    /// No backends at all, for a server that wants only its own.
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything that this build brings along.
    pub fn builtin() -> Self {
        Self::none()
            .authenticator::<UsersConfig>("users")
            .authenticator::<UsersFileConfig>("users_file")
            .authenticator::<ProgramConfig>("ext_auth")
            .authenticator::<GoogleAuthConfig>("google_auth")
            .authenticator::<GithubAuthConfig>("github_auth")
            .authenticator::<OidcAuthConfig>("oidc_auth")
            .authenticator::<GitlabAuthConfig>("gitlab_auth")
            .authenticator::<LdapAuthConfig>("ldap_auth")
            .authenticator::<HttpAuthConfig>("http_auth")
            .authenticator::<MtlsAuthConfig>("mtls_auth")
            .authorizer::<AclConfig>("acl")
            .authorizer::<ProgramConfig>("ext_authz")
            .authorizer::<HttpAuthzConfig>("http_authz")
    }

    /// Lets a key say who somebody is. A key that is taken is refused when the server starts.
    #[must_use]
    pub fn authenticator<C: Configure<dyn Authenticator>>(mut self, key: &'static str) -> Self {
        self.conflicts.extend(self.authenticators.register::<C>(key).err());
        self
    }

    /// Lets a key say what somebody may do. A key that is taken is refused when the server starts.
    #[must_use]
    pub fn authorizer<C: Configure<dyn Authorizer>>(mut self, key: &'static str) -> Self {
        self.conflicts.extend(self.authorizers.register::<C>(key).err());
        self
    }

    /// Who can say who somebody is.
    pub fn authenticators(&self) -> &Registry<dyn Authenticator> {
        &self.authenticators
    }

    /// Who can say what they may do.
    pub fn authorizers(&self) -> &Registry<dyn Authorizer> {
        &self.authorizers
    }

    /// Keys that two backends wanted.
    pub fn conflicts(&self) -> &[KeyTaken] {
        &self.conflicts
    }
}

#[cfg(test)]
mod tests {
    use dockgate_api::BuildContext;
    use dockgate_api::config::{Key, KeyPath, Location, Node};
    use dockgate_testkit::fakes;

    use super::*;

    #[test]
    fn a_taken_key_is_refused() {
        let twice = Backends::builtin().authenticator::<UsersConfig>("users");
        assert_eq!(twice.conflicts(), [KeyTaken("users")]);
        assert!(Backends::builtin().conflicts().is_empty());
    }

    #[test]
    fn an_unknown_key_names_the_known_ones() {
        let cx: BuildContext = fakes::build_context();
        let place = Location::new("a.yml", 3, 5);
        let key = Key { text: "zebra".into(), location: place.clone() };
        let section = Node::text(place, "");
        let refused = Backends::builtin().authenticators().build(&key, &section, &KeyPath::root(), &cx);
        let problems = refused.err().unwrap();
        assert_eq!(
            problems[0].to_string(),
            "a.yml:3:5: zebra: unknown key `zebra`: known here: `ext_auth`, `github_auth`, `gitlab_auth`, `google_auth`, `http_auth`, `ldap_auth`, `mtls_auth`, `oidc_auth`, `users`, `users_file`"
        );
    }
}
