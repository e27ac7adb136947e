//! Who somebody is at GitLab, and whether that is enough.

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Identity, LabelValue, Labels, Reason, ReasonCode, async_trait};
use url::Url;

use super::api::Api;
use crate::flow::{Directory, Failure, Provider, subject};

/// The label for the groups in which somebody has an access level or more (docs.gitlab.com, Members API). Without level it
/// holds all groups of which somebody is a member.
const LEVELS: [(&str, u8); 5] = [
    ("groups", 10),
    ("groups_reporter", 20),
    ("groups_developer", 30),
    ("groups_maintainer", 40),
    ("groups_owner", 50),
];

/// Where the API is, and whom the link lets in.
pub(super) struct Persons {
    pub(super) api: Url,
    /// Whole paths of groups. One of them will do; anybody's account does if there is none.
    pub(super) organizations: Vec<String>,
    /// Whether groups are asked for at all.
    pub(super) groups: bool,
}

#[async_trait]
impl Directory for Persons {
    async fn person(
        &self,
        provider: &Provider,
        cx: &Call,
        token: &SecretString,
    ) -> Result<Identity, Failure> {
        let api = Api { provider, base: &self.api, cx, token };
        let user = api.user().await?;
        let mut labels = Labels::new();
        if self.groups {
            for (label, level) in LEVELS {
                let mut groups = api.groups(level).await?;
                if label == "groups" {
                    self.demand_group(&groups)?;
                }
                // Who has a higher level has every lower one.
                if groups.is_empty() {
                    break;
                }
                groups.sort();
                groups.dedup();
                for group in groups {
                    labels.add(label, LabelValue::Literal(group));
                }
            }
        }
        Ok(Identity::new(user.username).with_subject(subject(&self.api, user.id)).with_labels(labels))
    }
}

impl Persons {
    fn demand_group(&self, groups: &[String]) -> Result<(), Reason> {
        let is_in = |wanted: &String| groups.iter().any(|group| group.eq_ignore_ascii_case(wanted));
        if self.organizations.is_empty() || self.organizations.iter().any(is_in) {
            return Ok(());
        }
        Err(Reason::new(ReasonCode::NotMember, "a member of none of the groups that may sign in"))
    }
}
