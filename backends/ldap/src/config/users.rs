//! Whom the directory is asked for.

use dockgate_api::config::{Located, Remark};
use dockgate_api::{BuildContext, BuildError};

use super::{at, given};
use crate::account::Domains;
use crate::concealed::{self, is_secret};
use crate::dn::Dn;
use crate::filter::{Place, Template, is_description};
use crate::users::Users;

/// The keys.
pub(super) struct UserKeys {
    pub(super) base: Option<Located<String>>,
    pub(super) bases: Vec<Located<String>>,
    pub(super) filter: Located<String>,
    pub(super) account_attribute: Option<Located<String>>,
    pub(super) subject_attribute: Option<Located<String>>,
    pub(super) domains: Vec<Located<String>>,
}

impl UserKeys {
    pub(super) fn build(self, cx: &BuildContext, errors: &mut BuildError) -> Option<Users> {
        let base = given(self.base);
        let bases = match (base, self.bases) {
            (Some(base), several) if !several.is_empty() => {
                errors.add(at(&base, "base", "`bases` is there too: keep one of them"));
                None
            }
            (None, several) if several.is_empty() => {
                let message = "say where the users are: `base: \"ou=people,dc=example,dc=com\"`";
                errors.add(Remark::on_section(message));
                None
            }
            (Some(base), _) => read_base(base, "base", errors).map(|base| vec![base]),
            (None, several) => {
                let read: Vec<_> = several.into_iter().map(|base| read_base(base, "bases", errors)).collect();
                read.into_iter().collect()
            }
        };
        let filter = Template::parse(&self.filter, Place::Accounts);
        let filter = filter.map_err(|error| errors.add(at(&self.filter, "filter", error.to_string()))).ok();
        let account_attribute = attribute(self.account_attribute, "account_attribute", errors);
        let subject_attribute = attribute(self.subject_attribute, "subject_attribute", errors);
        let mut domains = Vec::new();
        for domain in self.domains {
            if domain.is_empty() || domain.contains(['\\', '@', '/']) {
                let message = "write the domain alone, as it stands before the `\\` of `CORP\\alice`";
                errors.add(at(&domain, "domains", message));
            } else {
                domains.push(domain.value);
            }
        }
        let (bases, filter) = (bases?, filter?);
        let asserted = filter.asserted_by_account();
        if account_attribute.is_none() && asserted.len() > 1 {
            let message = format!(
                "one person can log in as several accounts here, by {}: rules and tokens tell them apart. Say with \
                 `account_attribute` which of them counts",
                asserted.join(" and by ")
            );
            cx.warn(at(&self.filter, "filter", message));
        }
        if account_attribute.is_none() && asserted.is_empty() {
            let message = "it demands of no attribute that it be the account, so that the account is what the client writes: one \
                           person can log in as several, by other spellings. Say with `account_attribute` which attribute is \
                           the account";
            cx.warn(at(&self.filter, "filter", message));
        }
        Some(Users { bases, filter, domains: Domains::new(domains), account_attribute, subject_attribute })
    }
}

fn read_base(base: Located<String>, name: &str, errors: &mut BuildError) -> Option<String> {
    match Dn::parse(&base.value) {
        Ok(_) => Some(base.value),
        Err(error) => {
            errors.add(at(&base, name, format!("this is {error}")));
            None
        }
    }
}

fn attribute(value: Option<Located<String>>, name: &str, errors: &mut BuildError) -> Option<String> {
    let value = given(value)?;
    if is_secret(&value) {
        errors.add(at(&value, name, concealed::WHY));
        return None;
    }
    if is_description(&value) {
        return Some(value.value);
    }
    errors.add(at(&value, name, "this is no attribute: write its name, such as `uid`"));
    None
}
