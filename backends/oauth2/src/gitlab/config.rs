//! From the section to the backend.

use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::secret::Secret;
use dockgate_api::config::{GoDuration, KeyPath, Located, Remark};
use dockgate_api::{Authenticator, BuildContext, BuildError, Configure, Dialect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::api::is_path;
use super::person::Persons;
use crate::flow::{CodeFlow, CodeGrant, Provider, below, callback, demand_organization, titled, uri};
use crate::terms::CommonKeys;
use crate::token_db::{GcsTokenDb, LevelTokenDb, RedisTokenDb, TokenDbKeys};

const TITLE: &str = "GitLab";
const WEB: &str = "https://gitlab.com";
/// The only one of OAuth's that sends people to a browser.
const GRANT_TYPE: &str = "authorization_code";
const MOST_ORGANIZATIONS: usize = 20;

/// The section below `gitlab_auth`.
#[derive(Deserialize, JsonSchema)]
pub struct GitlabAuthConfig {
    /// The whole path of the group whose members may sign in: `GROUP` or `GROUP/SUBGROUP`.
    #[schemars(with = "Option<String>")]
    organization: Option<Located<String>>,
    /// Several, in place of `organization`: a member of any may sign in.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    organizations: Vec<Located<String>>,
    /// Whether everybody with an account at the instance may sign in; what they may do is then for `authz` to say.
    #[serde(default)]
    #[schemars(with = "bool")]
    allow_everybody: Option<Located<bool>>,
    /// Whether groups become labels, for which the application needs the scope `read_api`. Yes if not given, but for
    /// docker_auth's form without `organization`.
    #[serde(default)]
    #[schemars(with = "bool")]
    groups: Option<Located<bool>>,
    /// The application ID, as GitLab shows it where you registered the application.
    #[schemars(with = "String")]
    client_id: Located<String>,
    /// Its secret.
    #[schemars(with = "Option<String>")]
    client_secret: Option<Located<Secret>>,
    /// A file that holds it, in place of `client_secret`.
    #[schemars(with = "Option<String>")]
    client_secret_file: Option<Located<PathBuf>>,
    /// The callback as you registered it there; this server's own route if not given.
    #[schemars(with = "Option<String>")]
    redirect_uri: Option<Located<String>>,
    /// `authorization_code`; there is no other here.
    #[schemars(with = "Option<String>")]
    grant_type: Option<Located<String>>,
    /// How long one answer may take; 10s if not given.
    #[schemars(with = "Option<GoDuration>")]
    http_timeout: Option<Located<GoDuration>>,
    /// After so long GitLab is asked again about somebody who signed in; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_after: Option<Located<GoDuration>>,
    /// For so long beyond that the last answer counts while GitLab cannot be asked; 1h if not given.
    #[schemars(with = "Option<GoDuration>")]
    revalidate_grace: Option<Located<GoDuration>>,
    /// Where people sign in: `https://HOST` of your instance; `https://gitlab.com` if not given.
    #[schemars(with = "Option<String>")]
    gitlab_web_uri: Option<Located<String>>,
    /// Where its API is, if not at `/api/v4` below.
    #[schemars(with = "Option<String>")]
    gitlab_api_uri: Option<Located<String>>,
    /// What people call it; `GitLab` if not given, with the host of an instance of your own.
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

impl Configure<dyn Authenticator> for GitlabAuthConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authenticator>, BuildError> {
        let mut errors = BuildError::none();
        let client_id = self.client_id.location.clone();
        let given = !self.organizations.is_empty()
            || self.organization.as_ref().is_some_and(|name| !name.value.is_empty());
        let organizations = organizations(self.organization, self.organizations, &mut errors);
        demand_organization(TITLE, given, self.allow_everybody, &client_id, cx, &mut errors);
        let groups = groups(self.groups, given, cx, &mut errors);
        if let Some(grant) = self.grant_type.filter(|grant| !matches!(grant.as_str(), "" | GRANT_TYPE)) {
            let message = "write `authorization_code`, or take it away";
            errors.add(Remark::new(grant.location, KeyPath::root().key("grant_type"), message));
        }
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
        let web = uri("gitlab_web_uri", self.gitlab_web_uri, &client_id, || WEB.to_owned(), cx, &mut errors);
        let usual = || web.as_ref().map_or_else(String::new, |web| below(web, ["api", "v4"]).into());
        let api = web
            .as_ref()
            .and_then(|_| uri("gitlab_api_uri", self.gitlab_api_uri, &client_id, usual, cx, &mut errors));
        if errors.is_empty() && common.client_secret.is_none() && !cx.offline() {
            let message = "write it, or the file that holds it as `client_secret_file`: register the application as \
                           confidential";
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
                authorize: below(&web, ["oauth", "authorize"]),
                token: below(&web, ["oauth", "token"]),
                scopes: if groups { &["read_api"] } else { &["read_user"] },
            },
            provider,
            directory: Persons { api, organizations, groups },
        }))
    }
}

/// An application that was registered for docker_auth may have no more than `read_user`, and GitLab refuses whoever asks
/// for more.
fn groups(
    given: Option<Located<bool>>,
    organization: bool,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> bool {
    match given {
        Some(Located { value: false, location, .. }) if organization => {
            let message = "whether somebody is in the organization is seen by their groups: take this away";
            errors.add(Remark::new(location, KeyPath::root().key("groups"), message));
            true
        }
        Some(given) => given.value,
        None => organization || cx.dialect() == Dialect::Native,
    }
}

fn organizations(
    one: Option<Located<String>>,
    several: Vec<Located<String>>,
    errors: &mut BuildError,
) -> Vec<String> {
    let root = KeyPath::root();
    let one = one.filter(|path| !path.value.is_empty());
    if let (Some(one), false) = (&one, several.is_empty()) {
        let message = "`organizations` stands there too: write it there";
        errors.add(Remark::new(one.location.clone(), root.key("organization"), message));
    }
    let named = one.into_iter().map(|one| (root.key("organization"), one));
    let listed = several.into_iter().map(|path| {
        let place = root.key("organizations");
        (path.index.map_or_else(|| place.clone(), |index| place.item(index)), path)
    });
    let mut paths: Vec<String> = Vec::new();
    for (place, path) in named.chain(listed) {
        let message = if !is_path(&path.value) {
            "this is no path of a group: write it as it stands in the address of its page, such as `group/subgroup`"
        } else if paths.iter().any(|known| known.eq_ignore_ascii_case(&path.value)) {
            "this group stands there twice: take one away"
        } else if paths.len() == MOST_ORGANIZATIONS {
            "at most 20 groups: write the one above them, and let `authz` tell them apart"
        } else {
            paths.push(path.value);
            continue;
        };
        errors.add(Remark::new(path.location, place, message));
    }
    paths
}
