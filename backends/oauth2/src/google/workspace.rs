//! Whose account a Google account is.

use dockgate_api::{Call, Identity, LabelValue, Reason, ReasonCode, async_trait};

use super::directory::Directory;
use crate::oidc::{Membership, Told, Trouble, domain};

/// Addresses here are Google's own; others, somebody may have had before.
const GMAIL: [&str; 2] = ["gmail.com", "googlemail.com"];

/// The site's part of Google.
pub(super) struct Workspace {
    /// In lower case; empty for all of Google.
    pub(super) domains: Vec<String>,
    pub(super) groups: Option<Groups>,
}

/// Which groups somebody is in.
pub(super) struct Groups {
    pub(super) directory: Directory,
    pub(super) label: String,
    /// One of them will do; empty for none needed.
    pub(super) required: Vec<String>,
}

#[async_trait]
impl Membership for Workspace {
    /// `hd` is the domain of the organization that an account belongs to. A private account can have a mail address of that
    /// domain too, and keeps it when its owner has left.
    fn admit(&self, told: &Told<'_>) -> Result<(), Trouble> {
        let hosted = told.today().find_map(|claims| claims.text("hd")).map(str::to_ascii_lowercase);
        if !self.domains.is_empty() {
            let is_ours = hosted.is_some_and(|hosted| self.domains.contains(&hosted));
            let why = "the account does not belong to the organization (`hd`): a mail address of its domain is not enough";
            return if is_ours { Ok(()) } else { Err(not_member(why)) };
        }
        let mail =
            told.ever().find_map(|claims| claims.text("email")).unwrap_or_default().to_ascii_lowercase();
        let mail_domain = domain(&mail);
        let is_theirs = |domain: &str| GMAIL.contains(&domain) || hosted.as_deref() == Some(domain);
        if mail_domain.is_some_and(is_theirs) {
            return Ok(());
        }
        let why = "Google has no say over the mail address, which may be another's by now: name your organization with \
                   `domain`";
        Err(not_member(why))
    }

    async fn complete(&self, cx: &Call, mut identity: Identity) -> Result<Identity, Trouble> {
        let Some(groups) = &self.groups else { return Ok(identity) };
        let names = groups.directory.groups_of(cx, &identity.account).await?;
        if !groups.required.is_empty() && !names.iter().any(|name| groups.required.contains(name)) {
            return Err(not_member("in none of the groups of which one is needed (`required_groups`)"));
        }
        for name in names {
            identity.labels.add(groups.label.as_str(), LabelValue::Literal(name));
        }
        Ok(identity)
    }
}

fn not_member(why: &str) -> Trouble {
    Reason::new(ReasonCode::NotMember, why).into()
}
