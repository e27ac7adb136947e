//! From the section to the link.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure, Dialect};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::directory::Directory;
use super::service_account::ServiceAccount;
use super::workspace::{Groups, Workspace};
use crate::flow::is_on_this_machine;
use crate::oidc::{
    ClaimPath, HttpTimeout, MailRules, Memory, OidcAuthenticator, OidcFlow, PersonRules, Provider,
    Registration, Web, at, domains, key, no_domain, redirect, web,
};
use crate::terms::CommonKeys;
use crate::token_db::{GcsTokenDb, LevelTokenDb, RedisTokenDb, TokenDbKeys};

const ISSUER: &str = "https://accounts.google.com";
const DIRECTORY: &str = "https://admin.googleapis.com";

/// The section below `google_auth`.
#[derive(Deserialize, JsonSchema)]
pub struct GoogleAuthConfig {
    /// The organization's domain at Google, as in `hd`.
    #[schemars(with = "Option<String>")]
    domain: Option<Located<String>>,
    /// Several of them, in place of `domain`.
    #[schemars(with = "Option<Vec<String>>")]
    domains: Option<Located<Vec<Located<String>>>>,
    /// The client's id, as Google shows it.
    #[schemars(with = "String")]
    client_id: Located<String>,
    /// Its secret.
    #[schemars(with = "Option<String>")]
    client_secret: Option<Located<Secret>>,
    /// A file that holds it, in place of `client_secret`.
    #[schemars(with = "Option<String>")]
    client_secret_file: Option<Located<PathBuf>>,
    /// How long Google may take for one answer: a duration or seconds; 10s if not given.
    #[schemars(with = "Option<HttpTimeout>")]
    http_timeout: Option<Located<HttpTimeout>>,
    /// The callback, as it is registered at Google; this server's own route if not given.
    #[schemars(with = "Option<String>")]
    redirect_uri: Option<Located<String>>,
    /// After so long Google is asked again about somebody who signed in; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_after: Option<Located<GoDuration>>,
    /// For so long its last answer counts while it cannot be asked; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_grace: Option<Located<GoDuration>>,
    /// The registry that people sign in for, where they are shown what to type.
    #[schemars(with = "Option<String>")]
    registry_url: Option<Located<String>>,
    /// The authorities that vouch for Google: a PEM file. Those of the site if not given.
    #[schemars(with = "Option<String>")]
    ca_certificate: Option<Located<PathBuf>>,
    /// What people call it; `Google` if not given.
    title: Option<String>,
    /// Where groups are looked up. Not at all if not given.
    groups: Option<GroupsConfig>,
    /// Groups of which somebody must be in one, by mail address.
    #[schemars(with = "Option<Vec<String>>")]
    required_groups: Option<Located<Vec<String>>>,
    /// For tests: who says that it is Google.
    #[schemars(with = "Option<String>")]
    issuer: Option<Located<String>>,
    /// docker_auth's token database: the directory of this server's store, where the file has no section `store`.
    #[schemars(with = "Option<LevelTokenDb>")]
    level_token_db: Option<Located<LevelTokenDb>>,
    /// docker_auth's token database: this server's store, and the passwords that docker_auth has left there.
    #[schemars(with = "Option<RedisTokenDb>")]
    redis_token_db: Option<Located<RedisTokenDb>>,
    /// docker_auth's token database that this server does not read.
    #[schemars(with = "Option<GcsTokenDb>")]
    gcs_token_db: Option<Located<GcsTokenDb>>,
}

/// The section `groups`.
#[derive(Deserialize, JsonSchema)]
struct GroupsConfig {
    /// The JSON key file of a service account with domain-wide delegation.
    #[schemars(with = "String")]
    service_account_file: Located<PathBuf>,
    /// The mail address of an administrator in whose name it asks.
    #[schemars(with = "String")]
    admin: Located<String>,
    /// The label that the groups' mail addresses are; `groups` if not given.
    label: Option<String>,
    /// For tests: where the Directory API is.
    #[schemars(with = "Option<String>")]
    directory_uri: Option<Located<String>>,
}

impl Configure<dyn Authenticator> for GoogleAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let domains = organization(self.domain, self.domains, &self.client_id, cx, &mut errors);
        let given = self.client_secret.is_some() || self.client_secret_file.is_some();
        if !given {
            let message = "its secret is missing: write `client_secret_file: FILE`. Google gives a code to nobody without one";
            errors.add(at(&self.client_id, "client_id", message));
        }
        let title =
            self.title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| "Google".to_owned());
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
        if cx.dialect() == Dialect::DockerAuth && self.redirect_uri.is_none() {
            let message = "this server uses Google's standard way, with a callback: enter `https://HOST/google_auth` at Google \
                           under \"Authorized redirect URIs\"; docker_auth needed an origin only";
            cx.note(Remark::on_section(message));
        }
        terms.redirect_uri = redirect(self.redirect_uri, "redirect_uri", &mut errors);
        let issuer = self.issuer.and_then(|issuer| {
            endpoint(&issuer, "issuer", &mut errors)?;
            Some(issuer.value)
        });
        let issuer = issuer.unwrap_or_else(|| ISSUER.to_owned());
        let web = web(self.ca_certificate, common.http_timeout, cx, &mut errors);
        let groups = groups(self.groups, self.required_groups, web.as_ref(), cx, &mut errors);
        let (Some(web), true) = (web, errors.is_empty()) else { return Err(errors) };
        let hosted = match domains.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            // Any organization; which one is checked here.
            _ => Some("*".to_owned()),
        };
        let parameters = [("access_type", "offline".to_owned()), ("prompt", "consent".to_owned())];
        let parameters = parameters.into_iter().chain(hosted.map(|domain| ("hd", domain)));
        let memory = cx.kept(&format!("{} {issuer}", cx.link()), Memory::default);
        let flow = OidcFlow {
            provider: Provider { issuer, web, memory },
            registration: Registration {
                client_id: common.client_id,
                client_secret: common.client_secret,
                scopes: "openid email profile".to_owned(),
                parameters: parameters.collect(),
                acr_values: Vec::new(),
                logout: false,
            },
            terms,
            person: PersonRules {
                user: ClaimPath::top("email"),
                subject: ClaimPath::top("sub"),
                mail: MailRules::default(),
                labels: Vec::new(),
                groups: None,
                required_groups: Vec::new(),
            },
            membership: Some(Arc::new(Workspace { domains, groups })),
            said: AtomicBool::new(false),
        };
        Ok(Arc::new(OidcAuthenticator { flow, legacy: common.legacy }))
    }
}

/// Whose accounts count.
fn organization(
    domain: Option<Located<String>>,
    several: Option<Located<Vec<Located<String>>>>,
    client_id: &Located<String>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Vec<String> {
    let domain = domain.filter(|domain| !domain.value.is_empty());
    match (domain, several) {
        (Some(domain), None) => {
            if let Some(why) = no_domain(&domain.value) {
                errors.add(at(&domain, "domain", why));
            }
            vec![domain.value.to_lowercase()]
        }
        (None, Some(several)) => domains(several, "domains", errors),
        (Some(_), Some(several)) => {
            errors.add(at(&several, "domains", "`domain` stands there too: keep one of them"));
            Vec::new()
        }
        (None, None) => {
            let message = "everybody who has an account at Google can sign in: name your organization, `domain: example.com`";
            let remark = Remark::new(client_id.location.clone(), key("domain"), message);
            if cx.dialect() == Dialect::Native {
                errors.add(remark);
            } else {
                cx.warn(remark);
            }
            Vec::new()
        }
    }
}

fn groups(
    config: Option<GroupsConfig>,
    required: Option<Located<Vec<String>>>,
    web: Option<&Web>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<Groups> {
    let below = |name: &str| key("groups").key(name);
    let Some(config) = config else {
        if let Some(required) = required {
            let message = "which groups somebody is in is asked for nowhere: write `groups: {service_account_file: …}` too";
            errors.add(at(&required, "required_groups", message));
        }
        return None;
    };
    if !config.admin.value.contains('@') {
        let message = "write the mail address of an administrator: a service account sees groups in somebody's name only";
        errors.add(Remark::new(config.admin.location.clone(), below("admin"), message));
    }
    let base = match &config.directory_uri {
        Some(uri) => endpoint(uri, "directory_uri", errors),
        None => Url::parse(DIRECTORY).ok(),
    };
    let label = config.label.filter(|label| !label.is_empty()).unwrap_or_else(|| "groups".to_owned());
    let required = required.map(|required| required.value).unwrap_or_default();
    let required = required.into_iter().map(|group| group.to_lowercase()).collect();
    if cx.offline() {
        return None;
    }
    let file = &config.service_account_file;
    let account = cx.read_secret(&file.value).and_then(|text| {
        let read = ServiceAccount::read(&text, config.admin.value, |uri| {
            Url::parse(uri).is_ok_and(|uri| is_protected(&uri))
        });
        read.map_err(|why| format!("{}: {why}", file.value.display()))
    });
    match account {
        Ok(account) => {
            let directory = Directory { web: web?.clone(), base: base?, account };
            Some(Groups { directory, label, required })
        }
        Err(message) => {
            errors.add(Remark::new(file.location.clone(), below("service_account_file"), message));
            None
        }
    }
}

fn endpoint(given: &Located<String>, name: &str, errors: &mut BuildError) -> Option<Url> {
    let url = Url::parse(&given.value).ok().filter(is_protected);
    if url.is_none() {
        errors.add(at(given, name, "write an https URL: whoever is on the way could be Google"));
    }
    url
}

fn is_protected(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_on_this_machine(url))
}
