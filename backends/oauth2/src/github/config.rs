//! From the section to the backend.

use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::api::TeamName;
use super::person::Persons;
use crate::flow::{CodeFlow, CodeGrant, Provider, below, callback, demand_organization, titled, uri};
use crate::terms::CommonKeys;
use crate::token_db::{GcsTokenDb, LevelTokenDb, RedisTokenDb, TokenDbKeys};

const TITLE: &str = "GitHub";
const WEB: &str = "https://github.com";
/// Each is a question more at every sign-in.
const MOST_ORGANIZATIONS: usize = 20;

/// The section below `github_auth`.
#[derive(Deserialize, JsonSchema)]
pub struct GithubAuthConfig {
    /// The organization whose members may sign in.
    #[schemars(with = "Option<String>")]
    organization: Option<Located<String>>,
    /// Several, in place of `organization`: a member of any may sign in.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    organizations: Vec<Located<String>>,
    /// Only who is in one of these teams may sign in: `ORGANIZATION/TEAM`, or `TEAM` where there is one organization.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    teams: Vec<Located<String>>,
    /// Whether everybody with an account at GitHub may sign in; what they may do is then for `authz` to say.
    #[serde(default)]
    #[schemars(with = "bool")]
    allow_everybody: Option<Located<bool>>,
    /// The client ID of the OAuth app, or GitHub App, that you registered at GitHub.
    #[schemars(with = "String")]
    client_id: Located<String>,
    /// Its client secret.
    #[schemars(with = "Option<String>")]
    client_secret: Option<Located<Secret>>,
    /// A file that holds it, in place of `client_secret`.
    #[schemars(with = "Option<String>")]
    client_secret_file: Option<Located<PathBuf>>,
    /// The callback as you registered it there; this server's own route if not given.
    #[schemars(with = "Option<String>")]
    redirect_uri: Option<Located<String>>,
    /// How long one answer may take; 10s if not given.
    #[schemars(with = "Option<GoDuration>")]
    http_timeout: Option<Located<GoDuration>>,
    /// After so long GitHub is asked again about somebody who signed in; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_after: Option<Located<GoDuration>>,
    /// For so long beyond that the last answer counts while GitHub cannot be asked; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_grace: Option<Located<GoDuration>>,
    /// Where people sign in: `https://HOST` of GitHub Enterprise Server; `https://github.com` if not given.
    #[schemars(with = "Option<String>")]
    github_web_uri: Option<Located<String>>,
    /// Where its API is, if elsewhere than usual.
    #[schemars(with = "Option<String>")]
    github_api_uri: Option<Located<String>>,
    /// What people call it; `GitHub` if not given, with the host of an instance of your own.
    title: Option<String>,
    /// The registry that is named in the commands on the page.
    #[schemars(with = "Option<String>")]
    registry_url: Option<Located<String>>,
    /// The directory of this server's store, where the file has no section `store`.
    level_token_db: Option<Located<LevelTokenDb>>,
    /// Redis, in which the passwords that docker_auth gave out are looked up; this server's store, where the file has no
    /// section `store`.
    redis_token_db: Option<Located<RedisTokenDb>>,
    /// Refused: this server keeps nothing in Google's storage.
    gcs_token_db: Option<Located<GcsTokenDb>>,
}

impl Configure<dyn Authenticator> for GithubAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let client_id = self.client_id.location.clone();
        let given = !self.organizations.is_empty()
            || self.organization.as_ref().is_some_and(|name| !name.value.is_empty());
        let organizations = organizations(self.organization, self.organizations, &mut errors);
        let teams = teams(self.teams, &organizations, &mut errors);
        demand_organization(TITLE, given, self.allow_everybody, &client_id, cx, &mut errors);
        let common = CommonKeys {
            client_id: self.client_id,
            client_secret: self.client_secret,
            client_secret_file: self.client_secret_file,
            http_timeout: self.http_timeout,
            revalidate_after: self.revalidate_after,
            revalidate_grace: self.revalidate_grace,
            registry_url: self.registry_url,
            token_db: TokenDbKeys {
                level_token_db: self.level_token_db,
                redis_token_db: self.redis_token_db,
                gcs_token_db: self.gcs_token_db,
            },
        };
        let mut common = common.read(TITLE, cx, &mut errors);
        common.terms.redirect_uri = callback(self.redirect_uri, cx, &mut errors);
        let web = uri("github_web_uri", self.github_web_uri, &client_id, || WEB.to_owned(), cx, &mut errors);
        let usual = || web.as_ref().map_or_else(String::new, api_of);
        let api = web
            .as_ref()
            .and_then(|_| uri("github_api_uri", self.github_api_uri, &client_id, usual, cx, &mut errors));
        if errors.is_empty() && common.client_secret.is_none() && !cx.offline() {
            let message = "write it, or the file that holds it as `client_secret_file`: GitHub wants it";
            errors.add(Remark::new(client_id, KeyPath::root().key("client_secret"), message));
        }
        let (Some(web), Some(api), true) = (web, api, errors.is_empty()) else { return Err(errors) };
        common.terms.title = titled(self.title, TITLE, WEB, &web);
        let provider = Provider::new(TITLE, web.as_str(), common.http_timeout, cx)
            .map_err(|error| BuildError::new(error.to_string()))?;
        Ok(Arc::new(CodeFlow {
            legacy: common.legacy,
            terms: common.terms,
            grant: CodeGrant {
                title: TITLE,
                client_id: common.client_id,
                client_secret: common.client_secret,
                authorize: below(&web, ["login", "oauth", "authorize"]),
                token: below(&web, ["login", "oauth", "access_token"]),
                scopes: &["read:org"],
            },
            provider,
            directory: Persons {
                api,
                organizations: organizations.into_iter().map(|name| name.value).collect(),
                teams,
            },
        }))
    }
}

/// Where the API of an instance is (docs.github.com, REST API of Enterprise Server and of GHE.com).
fn api_of(web: &Url) -> String {
    let host = web.host_str().unwrap_or_default();
    match host {
        "github.com" | "www.github.com" => "https://api.github.com".to_owned(),
        host if host.ends_with(".ghe.com") => format!("https://api.{host}"),
        _ => below(web, ["api", "v3"]).into(),
    }
}

fn organizations(
    one: Option<Located<String>>,
    several: Vec<Located<String>>,
    errors: &mut BuildError,
) -> Vec<Located<String>> {
    let root = KeyPath::root();
    let one = one.filter(|name| !name.value.is_empty());
    if let (Some(one), false) = (&one, several.is_empty()) {
        let message = "`organizations` stands there too: write it there";
        errors.add(Remark::new(one.location.clone(), root.key("organization"), message));
    }
    let named = one.into_iter().map(|one| (root.key("organization"), one));
    let listed = several.into_iter().map(|name| {
        let place = root.key("organizations");
        (name.index.map_or_else(|| place.clone(), |index| place.item(index)), name)
    });
    let mut names: Vec<Located<String>> = Vec::new();
    for (path, name) in named.chain(listed) {
        let message = if !is_name(&name.value) {
            "this is no name of an organization: write it as it stands in the address of its page"
        } else if names.iter().any(|known| known.value.eq_ignore_ascii_case(&name.value)) {
            "this organization stands there twice: take one away"
        } else if names.len() == MOST_ORGANIZATIONS {
            "at most 20 organizations: GitHub is asked about each at every sign-in"
        } else {
            names.push(name);
            continue;
        };
        errors.add(Remark::new(name.location, path, message));
    }
    names
}

fn teams(
    given: Vec<Located<String>>,
    organizations: &[Located<String>],
    errors: &mut BuildError,
) -> Vec<TeamName> {
    let mut teams = Vec::new();
    for team in given {
        let (organization, slug) = match (team.value.split_once('/'), organizations) {
            (Some((organization, slug)), _) => (organization, slug),
            (None, [only]) => (only.value.as_str(), team.value.as_str()),
            (None, _) => ("", team.value.as_str()),
        };
        let known = organizations.iter().any(|name| name.value.eq_ignore_ascii_case(organization));
        if known && is_name(slug) {
            teams.push(TeamName { organization: organization.to_owned(), slug: slug.to_owned() });
            continue;
        }
        let message = if known || organization.is_empty() {
            "write `ORGANIZATION/TEAM`, as they stand in the address of the team's page"
        } else {
            "add the organization to `organizations`, or correct its name"
        };
        let place = KeyPath::root().key("teams");
        let place = team.index.map_or_else(|| place.clone(), |index| place.item(index));
        errors.add(Remark::new(team.location, place, message));
    }
    teams
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=100).contains(&name.len()) && name.bytes().all(plain) && !name.bytes().all(|byte| byte == b'.')
}
