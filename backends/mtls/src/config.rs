//! From the section to the backend.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::account::{AccountRule, Pattern};
use crate::authenticator::MtlsAuth;
use crate::field::Field;
use crate::issuers::Issuers;

/// The section below `mtls_auth`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MtlsAuthConfig {
    /// Where in a certificate the account stands.
    account: AccountConfig,
    /// What rules can ask for with `match.labels` and `${labels:KEY}`: label names, and the field with their values.
    #[serde(default)]
    labels: BTreeMap<String, Field>,
    /// The authorities (PEM) that must have issued the certificate themselves, for a link that is not for all of the
    /// door's.
    #[schemars(with = "Option<String>")]
    ca: Option<Located<PathBuf>>,
}

/// `account`.
#[derive(Debug, Deserialize, JsonSchema)]
struct AccountConfig {
    /// The field.
    from: Field,
    /// A regular expression that the whole value must match; its group is the account. The whole value if not given.
    pattern: Option<Located<String>>,
}

impl Configure<dyn Authenticator> for MtlsAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let root = KeyPath::root();
        let pattern = self.account.pattern.and_then(|given| {
            let pattern = Pattern::parse(&given.value);
            let path = root.key("account").key("pattern");
            pattern.map_err(|message| errors.add(Remark::new(given.location, path, message))).ok()
        });
        let issuers = self.ca.filter(|_| !cx.offline()).and_then(|given| {
            let issuers = cx.read_certificates(&given.value).and_then(|pem| Issuers::read(&pem));
            issuers.map_err(|message| errors.add(Remark::new(given.location, root.key("ca"), message))).ok()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let account = AccountRule { from: self.account.from, pattern };
        Ok(Arc::new(MtlsAuth { account, labels: self.labels.into_iter().collect(), issuers }))
    }
}
