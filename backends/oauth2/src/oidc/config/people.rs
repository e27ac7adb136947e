//! Which claims make accounts and labels.

use std::collections::BTreeMap;

use dockgate_api::config::{Located, Remark};
use dockgate_api::{BuildContext, BuildError, Dialect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{at, key};
use crate::oidc::claim_path::ClaimPath;
use crate::oidc::mail::MailRules;
use crate::oidc::person::{GroupRule, PersonRules, Source};

/// The section `groups`.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GroupsConfig {
    /// The claim: `groups` if not given.
    claim: Option<ClaimPath>,
    /// Where alone it is believed: `id_token` or `userinfo`; wherever it is if not given.
    from: Option<Source>,
    /// The label that the groups are; `groups` if not given.
    label: Option<String>,
}

/// The keys.
pub(super) struct PeopleKeys {
    pub(super) user_claim: Option<Located<ClaimPath>>,
    pub(super) subject_claim: Option<ClaimPath>,
    pub(super) email_domains: Option<Located<Vec<Located<String>>>>,
    pub(super) label_claims: Option<Located<Vec<ClaimPath>>>,
    pub(super) labels_claims: Option<Located<Vec<ClaimPath>>>,
    pub(super) labels: BTreeMap<String, ClaimPath>,
    pub(super) groups: Option<GroupsConfig>,
    pub(super) required_groups: Option<Located<Vec<String>>>,
}

impl PeopleKeys {
    pub(super) fn build(
        self,
        issuer: &Located<String>,
        is_entra: bool,
        cx: &BuildContext,
        errors: &mut BuildError,
    ) -> PersonRules {
        let place = self.user_claim.as_ref().map_or(&issuer.location, |claim| &claim.location).clone();
        let user = self.user_claim.map_or_else(|| ClaimPath::top("email"), |claim| claim.value);
        let is_mail = user.is_top("email");
        let listed = self.email_domains.map(|listed| domains(listed, "email_domains", errors));
        if is_mail && listed.is_none() {
            let message = "accounts are mail addresses, and whoever has any address that the provider verified would have one: \
                           name the domains that are yours, `email_domains: [example.com]`, or another claim, \
                           `user_claim: preferred_username`";
            let remark = Remark::new(place, key("user_claim"), message);
            if cx.dialect() == Dialect::Native { errors.add(remark) } else { cx.warn(remark) }
        }
        let subject =
            self.subject_claim.unwrap_or_else(|| ClaimPath::top(if is_entra { "oid" } else { "sub" }));
        if let (Some(_), Some(other)) = (&self.label_claims, &self.labels_claims) {
            errors.add(at(other, "labels_claims", "is `label_claims` by another name: keep one of them"));
        }
        let claims = self.label_claims.or(self.labels_claims).map(|claims| claims.value).unwrap_or_default();
        let claims = claims.into_iter().map(|path| (path.as_str().to_owned(), path));
        let groups = self.groups.map(|groups| GroupRule {
            claim: groups.claim.unwrap_or_else(|| ClaimPath::top("groups")),
            from: groups.from,
            label: groups.label.filter(|label| !label.is_empty()).unwrap_or_else(|| "groups".to_owned()),
        });
        if let (Some(required), None) = (&self.required_groups, &groups) {
            let message = "which claim names groups? Write `groups: {claim: groups}` too";
            errors.add(at(required, "required_groups", message));
        }
        PersonRules {
            user,
            subject,
            mail: MailRules { domains: listed.unwrap_or_default() },
            labels: claims.chain(self.labels).collect(),
            groups,
            required_groups: self.required_groups.map(|required| required.value).unwrap_or_default(),
        }
    }
}

/// Mail domains, in lower case.
pub(crate) fn domains(
    listed: Located<Vec<Located<String>>>,
    name: &str,
    errors: &mut BuildError,
) -> Vec<String> {
    if listed.value.is_empty() {
        errors.add(at(&listed, name, "nobody has an account: name a domain, such as `example.com`"));
    }
    let mut domains = Vec::new();
    for (place, domain) in listed.value.into_iter().enumerate() {
        if let Some(why) = no_domain(&domain.value) {
            let key = key(name).item(domain.index.unwrap_or(place));
            errors.add(Remark::new(domain.location.clone(), key, why));
        }
        domains.push(domain.value.to_lowercase());
    }
    domains
}

/// Why a text is no domain.
pub(crate) fn no_domain(text: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    if text.contains('@') {
        return Some("write what stands behind the `@` alone, such as `example.com`");
    }
    if text.contains('*') {
        return Some("name each domain: a pattern would take in what strangers register");
    }
    let is_one = !text.is_empty() && text.chars().all(fits) && !text.starts_with('.') && !text.ends_with('.');
    (!is_one).then_some("write a domain, such as `example.com`")
}
