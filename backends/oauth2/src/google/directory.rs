//! Groups of Google Workspace (Directory API, `groups.list`).

use dockgate_api::{BackendError, Call, Reason, ReasonCode};
use serde_json::Value;
use url::Url;

use super::service_account::ServiceAccount;
use crate::oidc::{Fetched, Trouble, Web};

/// The most that Google puts on one page.
const A_PAGE: usize = 200;
/// Pages of one person: more groups help nobody.
const MOST_PAGES: usize = 5;
/// In bytes: no mail address is longer.
const LONGEST_NAME: usize = 320;

pub(super) struct Directory {
    pub(super) web: Web,
    /// Where the API is, without a path.
    pub(super) base: Url,
    pub(super) account: ServiceAccount,
}

impl Directory {
    /// The mail addresses of the groups that somebody is a direct member of.
    ///
    /// # Errors
    /// If Google cannot be asked, or if there are too many.
    pub(super) async fn groups_of(&self, cx: &Call, mail: &str) -> Result<Vec<String>, Trouble> {
        let mut groups = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut url = self.base.clone();
            url.set_path("/admin/directory/v1/groups");
            url.query_pairs_mut()
                .append_pair("userKey", mail)
                .append_pair("maxResults", &A_PAGE.to_string())
                .append_pair("fields", "nextPageToken,groups(email)")
                .extend_pairs(next.iter().map(|token| ("pageToken", token)));
            let page = self.page(cx, url.as_str()).await?;
            for group in page.get("groups").and_then(Value::as_array).into_iter().flatten() {
                groups.push(name(group)?);
            }
            next = page.get("nextPageToken").and_then(Value::as_str).map(str::to_owned);
            if next.is_none() {
                return Ok(groups);
            }
        }
        let why = format!("in more than {} groups of Google's", A_PAGE * MOST_PAGES);
        Err(Reason::new(ReasonCode::Forbidden, why).into())
    }

    async fn page(&self, cx: &Call, url: &str) -> Result<serde_json::Map<String, Value>, BackendError> {
        let token = self.account.token(&self.web, cx).await?;
        match self.web.fetch(cx, "Google's directory", url, Some(&token)).await? {
            Fetched::Document(page) => Ok(page),
            Fetched::Refused => {
                self.account.forget().await;
                let why = "Google's directory is not shown to us: enable the Admin SDK API in the service account's project, and \
                           name an administrator who may read groups with `admin`";
                Err(BackendError::Protocol(why.to_owned()))
            }
        }
    }
}

fn name(group: &Value) -> Result<String, BackendError> {
    let name = group.get("email").and_then(Value::as_str);
    let fits =
        |name: &&str| !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains(char::is_control);
    let name = name.filter(fits).map(str::to_lowercase);
    name.ok_or_else(|| {
        BackendError::Protocol("Google's directory names a group without a mail address".to_owned())
    })
}
