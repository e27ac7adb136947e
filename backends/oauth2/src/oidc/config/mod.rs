//! From the section to the link.

mod issuer;
mod people;
mod timeout;
mod web;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure};
use schemars::JsonSchema;
use serde::Deserialize;

use self::issuer::Issuer;
use self::people::{GroupsConfig, PeopleKeys};
pub(crate) use self::people::{domains, no_domain};
pub(crate) use self::timeout::HttpTimeout;
pub(crate) use self::web::web;
use super::authenticator::OidcAuthenticator;
use super::claim_path::ClaimPath;
use super::flow::{OidcFlow, Registration};
use super::provider::{Memory, Provider};
use crate::terms::CommonKeys;
use crate::token_db::{GcsTokenDb, LevelTokenDb, RedisTokenDb, TokenDbKeys};

/// The section below `oidc_auth`.
#[derive(Deserialize, JsonSchema)]
pub struct OidcAuthConfig {
    /// The provider, exactly as it names itself: below it is `/.well-known/openid-configuration`.
    #[schemars(with = "String")]
    issuer: Located<String>,
    /// The callback, as it is registered at the provider; this server's own route if not given.
    #[schemars(with = "Option<String>")]
    redirect_url: Option<Located<String>>,
    /// The client's id, as the provider shows it.
    #[schemars(with = "String")]
    client_id: Located<String>,
    /// Its secret; none for a public client.
    #[schemars(with = "Option<String>")]
    client_secret: Option<Located<Secret>>,
    /// A file that holds it, in place of `client_secret`.
    #[schemars(with = "Option<String>")]
    client_secret_file: Option<Located<PathBuf>>,
    /// How long the provider may take for one answer: a duration or seconds; 10s if not given.
    #[schemars(with = "Option<HttpTimeout>")]
    http_timeout: Option<Located<HttpTimeout>>,
    /// After so long the provider is asked again about somebody who signed in; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_after: Option<Located<GoDuration>>,
    /// For so long its last answer counts while it cannot be asked; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_grace: Option<Located<GoDuration>>,
    /// The registry that people sign in for, where they are shown what to type.
    #[schemars(with = "Option<String>")]
    registry_url: Option<Located<String>>,
    /// The directory of this server's store, where the file has no section `store`.
    level_token_db: Option<Located<LevelTokenDb>>,
    /// Redis, in which the passwords that docker_auth gave out are looked up; this server's store, where the file has no
    /// section `store`.
    redis_token_db: Option<Located<RedisTokenDb>>,
    /// Refused: this server keeps nothing in Google's storage.
    gcs_token_db: Option<Located<GcsTokenDb>>,
    /// The authorities that vouch for the provider: a PEM file. Those of the site if not given.
    #[schemars(with = "Option<String>")]
    ca_certificate: Option<Located<PathBuf>>,
    /// What people call the provider; its host if not given.
    title: Option<String>,
    /// The claim that is the account; `email` if not given.
    #[schemars(with = "Option<ClaimPath>")]
    user_claim: Option<Located<ClaimPath>>,
    /// The claim that never changes; `sub` if not given, and `oid` at Entra ID.
    subject_claim: Option<ClaimPath>,
    /// Where accounts are mail addresses: the domains that are yours.
    #[schemars(with = "Option<Vec<String>>")]
    email_domains: Option<Located<Vec<Located<String>>>>,
    /// Claims that are labels of the same name.
    #[schemars(with = "Option<Vec<ClaimPath>>")]
    label_claims: Option<Located<Vec<ClaimPath>>>,
    /// The same by another name.
    #[schemars(with = "Option<Vec<ClaimPath>>")]
    labels_claims: Option<Located<Vec<ClaimPath>>>,
    /// Labels with names of their own, and their claims.
    #[serde(default)]
    labels: BTreeMap<String, ClaimPath>,
    /// Where groups stand. Not looked for if not given.
    groups: Option<GroupsConfig>,
    /// Groups of which somebody must be in one.
    #[schemars(with = "Option<Vec<String>>")]
    required_groups: Option<Located<Vec<String>>>,
    /// What is asked for; `openid`, `profile` and `email` if not given.
    #[schemars(with = "Option<Vec<String>>")]
    scopes: Option<Located<Vec<String>>>,
    /// `offline` for providers that give refresh tokens for that and not for the scope `offline_access`.
    access_type: Option<AccessType>,
    /// What the provider does when somebody has a session there: `login` asks for the password again, and so on.
    prompt: Option<String>,
    /// How people must have signed in there: one of these (`acr`).
    #[serde(default)]
    acr_values: Vec<String>,
    /// Whether signing out here signs out there too.
    #[serde(default)]
    logout: bool,
}

/// Google's way to ask for a refresh token, which others have taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum AccessType {
    Online,
    Offline,
}

impl Configure<dyn Authenticator> for OidcAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let issuer = Issuer::read(&self.issuer, cx, &mut errors);
        let is_entra = issuer.as_ref().is_some_and(|issuer| issuer.is_entra);
        let title = self.title.filter(|title| !title.trim().is_empty());
        let title = title.or(issuer.as_ref().map(|issuer| issuer.host.clone())).unwrap_or_default();
        let scopes = scopes(self.scopes, &mut errors);
        let is_offline = self.access_type == Some(AccessType::Offline);
        if !is_offline && !scopes.iter().any(|scope| scope == "offline_access") {
            let message = "many providers give a refresh token only for the scope `offline_access`, and without one a sign-in \
                           ends as soon as the provider is to be asked again: see `revalidate_after`";
            cx.note(Remark::on_section(message));
        }
        let people = PeopleKeys {
            user_claim: self.user_claim,
            subject_claim: self.subject_claim,
            email_domains: self.email_domains,
            label_claims: self.label_claims,
            labels_claims: self.labels_claims,
            labels: self.labels,
            groups: self.groups,
            required_groups: self.required_groups,
        };
        let person = people.build(&self.issuer, is_entra, cx, &mut errors);
        let common = CommonKeys {
            client_id: self.client_id,
            client_secret: self.client_secret,
            client_secret_file: self.client_secret_file,
            http_timeout: self.http_timeout.map(HttpTimeout::into_duration),
            revalidate_after: self.revalidate_after,
            revalidate_grace: self.revalidate_grace,
            registry_url: self.registry_url,
            token_db: TokenDbKeys {
                level_token_db: self.level_token_db,
                redis_token_db: self.redis_token_db,
                gcs_token_db: self.gcs_token_db,
            },
        };
        let common = common.read(&title, cx, &mut errors);
        let mut terms = common.terms;
        terms.redirect_uri = redirect(self.redirect_url, "redirect_url", &mut errors);
        let web = web(self.ca_certificate, common.http_timeout, cx, &mut errors);
        let (Some(issuer), Some(web), true) = (issuer, web, errors.is_empty()) else { return Err(errors) };
        let mut parameters = Vec::new();
        if is_offline {
            parameters.push(("access_type", "offline".to_owned()));
        }
        let prompt = self.prompt.or_else(|| is_offline.then(|| "consent".to_owned()));
        parameters.extend(prompt.map(|prompt| ("prompt", prompt)));
        if !self.acr_values.is_empty() {
            parameters.push(("acr_values", self.acr_values.join(" ")));
        }
        let memory = cx.kept(&format!("{} {}", cx.link(), issuer.text), Memory::default);
        let flow = OidcFlow {
            provider: Provider { issuer: issuer.text, web, memory },
            registration: Registration {
                client_id: common.client_id,
                client_secret: common.client_secret,
                scopes: scopes.join(" "),
                parameters,
                acr_values: self.acr_values,
                logout: self.logout,
            },
            terms,
            person,
            membership: None,
            said: AtomicBool::new(false),
        };
        Ok(Arc::new(OidcAuthenticator { flow, legacy: common.legacy }))
    }
}

fn scopes(given: Option<Located<Vec<String>>>, errors: &mut BuildError) -> Vec<String> {
    let Some(given) = given.filter(|given| !given.value.is_empty()) else {
        return ["openid", "profile", "email"].map(str::to_owned).to_vec();
    };
    // RFC 6749, section 3.3.
    let is_one = |scope: &String| {
        !scope.is_empty() && scope.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
    };
    if !given.value.iter().all(is_one) {
        errors.add(at(&given, "scopes", "a scope is one word: write a list of them"));
    }
    if !given.value.iter().any(|scope| scope == "openid") {
        let message = "`openid` is missing: without it the provider does not say who signed in";
        errors.add(at(&given, "scopes", message));
    }
    given.value
}

/// Reads a callback that is registered at the provider.
pub(crate) fn redirect(
    given: Option<Located<String>>,
    name: &str,
    errors: &mut BuildError,
) -> Option<String> {
    let given = given.filter(|given| !given.value.is_empty())?;
    let url = url::Url::parse(&given.value).ok();
    let fits = url.is_some_and(|url| {
        matches!(url.scheme(), "https" | "http") && url.host().is_some() && url.fragment().is_none()
    });
    if !fits {
        let message =
            "write the callback as it is registered at the provider, such as `https://HOST/oidc_auth`";
        errors.add(at(&given, name, message));
    }
    Some(given.value)
}

pub(crate) fn key(name: &str) -> KeyPath {
    KeyPath::root().key(name)
}

/// What is wrong with a value.
pub(crate) fn at<T>(value: &Located<T>, name: &str, message: impl Into<String>) -> Remark {
    Remark::new(value.location.clone(), key(name), message.into())
}
