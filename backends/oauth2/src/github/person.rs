//! Who somebody is at GitHub, and whether that is enough.

use std::collections::BTreeSet;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Identity, LabelValue, Labels, Reason, ReasonCode, async_trait};
use url::Url;

use super::api::{Api, TeamName};
use super::teams::with_ancestors;
use crate::flow::{Directory, Failure, Provider, subject};

/// Where the API is, and whom the link lets in.
pub(super) struct Persons {
    pub(super) api: Url,
    /// One of them will do; anybody's account does if there is none.
    pub(super) organizations: Vec<String>,
    /// Likewise.
    pub(super) teams: Vec<TeamName>,
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
        let organizations = self.organizations(&api).await?;
        let counts = |name: &str| organizations.iter().any(|known| known.eq_ignore_ascii_case(name));
        let teams = with_ancestors(&api, counts).await?;
        self.demand_team(&teams)?;
        let labels = self.labels(&organizations, &teams);
        Ok(Identity::new(user.login).with_subject(subject(&self.api, user.id)).with_labels(labels))
    }
}

impl Persons {
    /// Those that count, as GitHub spells them.
    async fn organizations(&self, api: &Api<'_>) -> Result<Vec<String>, Failure> {
        if self.organizations.is_empty() {
            return api.organizations().await;
        }
        let (mut found, mut why) = (Vec::new(), None);
        for name in &self.organizations {
            match api.member(name).await? {
                Ok(name) => found.push(name),
                // What somebody can do something about is worth more than that they are a stranger.
                Err(reason) if why.is_none() || reason.code != ReasonCode::NotMember => why = Some(reason),
                Err(_) => {}
            }
        }
        match why {
            Some(reason) if found.is_empty() => Err(reason.into()),
            _ => Ok(found),
        }
    }

    fn demand_team(&self, teams: &BTreeSet<TeamName>) -> Result<(), Reason> {
        let is = |one: &TeamName, other: &TeamName| {
            one.organization.eq_ignore_ascii_case(&other.organization)
                && one.slug.eq_ignore_ascii_case(&other.slug)
        };
        if self.teams.is_empty() || teams.iter().any(|team| self.teams.iter().any(|wanted| is(wanted, team)))
        {
            return Ok(());
        }
        Err(Reason::new(ReasonCode::NotMember, "in none of the teams that may sign in"))
    }

    fn labels(&self, organizations: &[String], teams: &BTreeSet<TeamName>) -> Labels {
        let mut labels = Labels::new();
        for name in organizations {
            labels.add("organizations", LabelValue::Literal(name.clone()));
        }
        for TeamName { organization, slug } in teams {
            labels.add("teams", LabelValue::Literal(format!("{organization}/{slug}")));
            if self.organizations.len() == 1 {
                labels.add("teams", LabelValue::Literal(slug.clone()));
            }
        }
        labels
    }
}
