//! What the sections of all providers say alike.

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::secret::{self, Secret};
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark};
use dockgate_api::secrecy::SecretString;
use dockgate_api::{BuildContext, BuildError, FlowTerms};

use crate::token_db::{LegacyTokens, TokenDbKeys};

/// The longest that one question to a provider takes, if that is not said.
const HTTP_TIMEOUT: Duration = Duration::from_secs(10);
/// Whoever is out of the organization keeps what they had for so long.
const LONGEST_REVALIDATE: Duration = Duration::from_hours(7 * 24);

/// The keys that a section of every provider has.
pub(crate) struct CommonKeys {
    pub(crate) client_id: Located<String>,
    pub(crate) client_secret: Option<Located<Secret>>,
    pub(crate) client_secret_file: Option<Located<PathBuf>>,
    pub(crate) http_timeout: Option<Located<GoDuration>>,
    pub(crate) revalidate_after: Option<Located<GoDuration>>,
    pub(crate) revalidate_grace: Option<Located<GoDuration>>,
    pub(crate) registry_url: Option<Located<String>>,
    pub(crate) token_db: TokenDbKeys,
}

/// What they say.
pub(crate) struct Common {
    pub(crate) client_id: String,
    /// None only where files are not to be read, or for a client without one.
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) http_timeout: Duration,
    pub(crate) terms: FlowTerms,
    /// Whoever signed in to docker_auth.
    pub(crate) legacy: Option<LegacyTokens>,
}

impl CommonKeys {
    /// Reads them; what is wrong goes to `errors`.
    pub(crate) fn read(self, title: &str, cx: &BuildContext, errors: &mut BuildError) -> Common {
        let root = KeyPath::root();
        if self.client_id.value.is_empty() {
            let message = "write the client's id, as the provider shows it where you registered this server";
            errors.add(Remark::new(self.client_id.location.clone(), root.key("client_id"), message));
        }
        let given = (self.client_secret, self.client_secret_file);
        let client_secret = secret::find("client_secret", given, cx, errors).map(|found| found.secret);
        let mut terms = FlowTerms::new(title);
        terms.registry = self.registry_url.map(|url| url.value).filter(|url| !url.is_empty());
        for (key, given, to) in [
            ("revalidate_after", self.revalidate_after, &mut terms.revalidate_after),
            ("revalidate_grace", self.revalidate_grace, &mut terms.revalidate_grace),
        ] {
            // To docker_auth, 0 is nothing said.
            let Some(given) = given.filter(|given| !given.value.0.is_zero() || key == "revalidate_grace")
            else {
                continue;
            };
            if given.value.0 > LONGEST_REVALIDATE {
                let message = "at most 168h: for so long somebody who was removed keeps what they had";
                errors.add(Remark::new(given.location, root.key(key), message));
            }
            *to = given.value.0;
        }
        let http_timeout =
            self.http_timeout.map(|timeout| timeout.value.0).filter(|timeout| !timeout.is_zero());
        let http_timeout = http_timeout.unwrap_or(HTTP_TIMEOUT);
        let legacy = self.token_db.read(cx, errors);
        Common { client_id: self.client_id.value, client_secret, http_timeout, terms, legacy }
    }
}
