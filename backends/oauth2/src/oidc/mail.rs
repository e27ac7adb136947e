//! Accounts that are mail addresses.

use dockgate_api::{Reason, ReasonCode};

use super::claims::{Claims, Told};

/// Whose mail counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailRules {
    /// In lower case; empty for any.
    pub(crate) domains: Vec<String>,
}

impl MailRules {
    /// The account of an address.
    ///
    /// # Errors
    /// If the provider has not verified it, or if it is of another domain.
    pub(crate) fn account(&self, address: &str, beside: &Claims, told: &Told<'_>) -> Result<String, Reason> {
        require_verified(address, beside, told)?;
        // Others than the letters of mail systems stay as they are: the Kelvin sign would become somebody else's k.
        let address = address.to_ascii_lowercase();
        let Some(domain) = domain(&address) else {
            return Err(Reason::new(ReasonCode::Forbidden, "the claim `email` is no mail address"));
        };
        self.require_domain(domain)?;
        Ok(address)
    }

    /// An account that may look like an address.
    ///
    /// # Errors
    /// If it is one of another domain.
    pub(crate) fn check(&self, account: &str) -> Result<(), Reason> {
        match account.rsplit_once('@') {
            Some((_, domain)) => self.require_domain(&domain.to_ascii_lowercase()),
            None => Ok(()),
        }
    }

    fn require_domain(&self, domain: &str) -> Result<(), Reason> {
        if self.domains.is_empty() || self.domains.iter().any(|known| known == domain) {
            return Ok(());
        }
        let why = "the account's domain is not among `email_domains`";
        Err(Reason::new(ReasonCode::NotMember, why))
    }
}

/// Whether the provider vouches for an address, in the document where it stands or in one that has the same.
///
/// # Errors
/// If it does not.
pub(crate) fn require_verified(address: &str, beside: &Claims, told: &Told<'_>) -> Result<(), Reason> {
    let has_same = |claims: &&Claims| claims.text("email") == Some(address);
    let verified = match beside.0.get("email_verified") {
        Some(_) => beside.is_true("email_verified"),
        None => told.today().filter(has_same).any(|claims| claims.is_true("email_verified")),
    };
    if verified {
        return Ok(());
    }
    let why = "the provider has not verified the mail address (`email_verified`), which anybody may have written there: \
               have it verified, or name another claim with `user_claim`";
    Err(Reason::new(ReasonCode::Forbidden, why))
}

/// What stands behind the only `@`.
pub(crate) fn domain(address: &str) -> Option<&str> {
    let (name, domain) = address.split_once('@')?;
    (!name.is_empty() && !domain.is_empty() && !domain.contains('@')).then_some(domain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_looks_like_a_letter_is_no_other_account() {
        let rules = MailRules { domains: vec!["korp.example".to_owned()] };
        for (address, account) in [
            ("Kim@Korp.Example", Some("kim@korp.example")),
            ("\u{212a}im@korp.example", Some("\u{212a}im@korp.example")),
            ("kim@\u{212a}orp.example", None),
        ] {
            let claims = json!({"email": address, "email_verified": true});
            let claims = Claims(claims.as_object().unwrap().clone());
            let told = Told { id_token: Some(&claims), ..Told::default() };
            assert_eq!(rules.account(address, &claims, &told).ok().as_deref(), account, "{address}");
            assert_eq!(rules.check(address).is_ok(), account.is_some(), "{address}");
        }
    }
}
