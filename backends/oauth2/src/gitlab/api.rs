//! What GitLab's REST API is asked (docs.gitlab.com, REST API).

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BackendError, Call, HttpClient as _, HttpRequest, HttpResponse, Reason, ReasonCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::flow::{Failure, Provider, below, header, next_page, read_json, said};

/// Of a list, with 100 on each.
const MOST_PAGES: usize = 20;
/// A group comes with much that is not read.
const LONGEST_PAGE: usize = 4 * 1024 * 1024;
/// The longest name that is believed, in bytes.
const LONGEST_NAME: usize = 1024;

/// The API for one token.
pub(super) struct Api<'a> {
    pub(super) provider: &'a Provider,
    pub(super) base: &'a Url,
    pub(super) cx: &'a Call,
    pub(super) token: &'a SecretString,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
    state: String,
}

#[derive(Deserialize)]
struct Group {
    full_path: String,
}

impl Api<'_> {
    pub(super) async fn user(&self) -> Result<User, Failure> {
        let answer = self.get(&below(self.base, ["user"])).await?;
        if answer.status == 403
            && let Some(text) = said(&answer).filter(|text| !text.contains("insufficient_scope"))
        {
            return Err(turned_away(&text).into());
        }
        let user: User = self.read("who somebody is", &answer)?;
        if user.state != "active" {
            return Err(Reason::new(ReasonCode::Disabled, "the account is not active at GitLab").into());
        }
        if !is_path(&user.username) || user.username.contains('/') {
            return Err(impossible());
        }
        Ok(user)
    }

    /// The whole paths of the groups in which the person has this access level or more: as a member of the group, of one
    /// above it, or of one that it is shared with. Public groups of others are none of them.
    pub(super) async fn groups(&self, level: u8) -> Result<Vec<String>, Failure> {
        let mut first = below(self.base, ["groups"]);
        first
            .query_pairs_mut()
            .append_pair("min_access_level", &level.to_string())
            .append_pair("order_by", "id")
            .append_pair("per_page", "100");
        let (mut paths, mut url) = (Vec::new(), first.clone());
        for _ in 0..MOST_PAGES {
            let answer = self.get(&url).await?;
            let page: Vec<Group> = self.read("the groups of somebody", &answer)?;
            for group in page {
                if !is_path(&group.full_path) {
                    return Err(impossible());
                }
                paths.push(group.full_path);
            }
            let Some(next) = self.next(&first, &answer)? else { return Ok(paths) };
            url = next;
        }
        let detail = format!("GitLab has more than {MOST_PAGES} pages of groups of one person");
        Err(BackendError::Protocol(detail).into())
    }

    /// By its number, so that the URL is our own; by the link where there is none.
    fn next(&self, first: &Url, answer: &HttpResponse) -> Result<Option<Url>, Failure> {
        let unusable = |why| BackendError::Protocol(format!("GitLab answered the groups of somebody: {why}"));
        let Some(number) = header(&answer.headers, "x-next-page") else {
            return Ok(next_page(&answer.headers, self.base).map_err(unusable)?);
        };
        if number.is_empty() {
            return Ok(None);
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unusable("the next page is no number".to_owned()).into());
        }
        let mut next = first.clone();
        next.query_pairs_mut().append_pair("page", number);
        Ok(Some(next))
    }

    async fn get(&self, url: &Url) -> Result<HttpResponse, Failure> {
        let mut request = HttpRequest::new("GET", url.as_str());
        let token = format!("Bearer {}", self.token.expose_secret());
        for (name, value) in
            [("accept", "application/json"), ("user-agent", "dockgate"), ("authorization", &token)]
        {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
        request.max_response = LONGEST_PAGE;
        let answer = self.provider.send(self.cx, request).await?;
        match answer.status {
            401 | 403 if said(&answer).is_none() => {
                let status = answer.status;
                let detail = format!("something in front of GitLab's API answered with status {status}");
                Err(BackendError::Protocol(detail).into())
            }
            401 => Err(Failure::Lapsed),
            _ => Ok(answer),
        }
    }

    fn read<T: DeserializeOwned>(&self, what: &str, answer: &HttpResponse) -> Result<T, Failure> {
        match answer.status {
            200 => Ok(read_json(self.provider.title(), what, answer)?),
            403 if said(answer).is_some_and(|text| !text.contains("insufficient_scope")) => {
                Err(turned_away(&said(answer).unwrap_or_default()).into())
            }
            status @ 403 => {
                let cure = "tick `read_api` in the application's scopes at GitLab";
                Err(BackendError::Protocol(format!("GitLab answered {what} with {status}: {cure}")).into())
            }
            status => {
                let cure = "is `gitlab_api_uri` right? It ends with `/api/v4`";
                Err(BackendError::Protocol(format!("GitLab answered {what} with {status}: {cure}")).into())
            }
        }
    }
}

fn turned_away(text: &str) -> Reason {
    let ended = ["blocked", "deactivated", "locked", "banned"].iter().any(|word| text.contains(word));
    if ended {
        Reason::new(ReasonCode::Disabled, "the account is blocked or not active at GitLab")
    } else {
        let detail = "GitLab lets the account do nothing for now: sign in there and see what it asks for";
        Reason::new(ReasonCode::Forbidden, detail)
    }
}

fn impossible() -> Failure {
    BackendError::Protocol("GitLab answered with an impossible name".to_owned()).into()
}

/// Whether these are names with slashes between them.
pub(super) fn is_path(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !matches!(name, "." | "..")
            && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
    };
    text.len() <= LONGEST_NAME && text.split('/').all(is_name)
}
