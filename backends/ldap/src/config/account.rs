//! How passwords are tried: by whom users are found.

use dockgate_api::config::secret::Found;
use dockgate_api::config::{Located, Remark};
use dockgate_api::{BuildContext, BuildError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{at, given, key};
use crate::authenticator::Way;
use crate::directory::Service;
use crate::dn::NameTemplate;

/// What a refused bind means where nobody looked for the account before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnInvalid {
    /// The login is refused.
    Deny,
    /// The next link is asked.
    NoMatch,
}

/// The keys.
pub(super) struct BindKeys {
    pub(super) bind_dn: Option<Located<String>>,
    pub(super) password: Option<Found>,
    pub(super) has_password: bool,
    pub(super) as_user: bool,
    pub(super) on_invalid: Option<Located<OnInvalid>>,
}

impl BindKeys {
    pub(super) fn build(self, cx: &BuildContext, errors: &mut BuildError) -> Option<(Service, Way)> {
        let bind_dn = given(self.bind_dn);
        if self.as_user {
            return as_user(bind_dn, self.password, self.on_invalid, cx, errors);
        }
        if let Some(on_invalid) = self.on_invalid {
            let message = "`on_invalid` is for `initial_bind_as_user: true`: elsewhere it is known whether the account exists";
            errors.add(at(&on_invalid, "on_invalid", message));
        }
        match (bind_dn, self.password) {
            (None, None) => Some((Service::Anonymous, Way::Search { as_service: false })),
            (Some(name), _) if name.contains("${account}") => {
                let message = "`${account}` stands in it: write `initial_bind_as_user: true`, or the name of a service account";
                errors.add(at(&name, "bind_dn", message));
                None
            }
            (Some(name), Some(found)) => {
                let service = Service::Account { name: name.value, password: found.secret };
                Some((service, Way::Search { as_service: true }))
            }
            // A file that is not to be read now, or that cannot be: that was said.
            (Some(name), None) if self.has_password => {
                let service = Service::Account { name: name.value, password: String::new().into() };
                Some((service, Way::Search { as_service: true }))
            }
            (Some(name), None) => {
                let message = "its password is missing: write `bind_password_file: FILE`. A bind without one proves nothing, \
                               and many directories take it for anonymous";
                errors.add(at(&name, "bind_dn", message));
                None
            }
            (None, Some(found)) => {
                let message = "whose password? Write `bind_dn`, or take it away where the directory lets everybody search";
                errors.add(Remark::new(found.location, key(&found.key), message));
                None
            }
        }
    }
}

fn as_user(
    bind_dn: Option<Located<String>>,
    password: Option<Found>,
    on_invalid: Option<Located<OnInvalid>>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<(Service, Way)> {
    if let Some(found) = password {
        let message = "is not used with `initial_bind_as_user: true`: users bind with their own";
        cx.warn(Remark::new(found.location, key(&found.key), message));
    }
    let Some(name) = bind_dn else {
        let message = "`initial_bind_as_user` needs `bind_dn`, the name that users bind with: \
                       `uid=${account},ou=people,dc=example,dc=com` or `${account}@corp.example.com`";
        errors.add(Remark::on_section(message));
        return None;
    };
    let template = NameTemplate::parse(&name.value);
    let template = template.map_err(|error| errors.add(at(&name, "bind_dn", error.to_string()))).ok()?;
    let unknown_if_refused = on_invalid.is_some_and(|word| word.value == OnInvalid::NoMatch);
    Some((Service::Anonymous, Way::AsUser { name: template, unknown_if_refused }))
}
