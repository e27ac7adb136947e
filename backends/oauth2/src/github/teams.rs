//! The teams of a person, with those above them.

use std::collections::{BTreeMap, BTreeSet};

use dockgate_api::BackendError;

use super::api::{Api, TeamName};
use crate::flow::Failure;

/// A list names the parent of each team; further up one has to ask, team by team.
const MOST_ASKED: usize = 100;

/// All teams of which the person is a member, and all their ancestors, within the organizations that `counts` picks.
pub(super) async fn with_ancestors(
    api: &Api<'_>,
    counts: impl Fn(&str) -> bool,
) -> Result<BTreeSet<TeamName>, Failure> {
    let mut parents: BTreeMap<TeamName, Option<TeamName>> = BTreeMap::new();
    for (team, parent) in api.teams().await? {
        if counts(&team.organization) {
            parents.insert(team, parent);
        }
    }
    let mut asked = 0;
    while let Some(unknown) =
        parents.values().flatten().find(|parent| !parents.contains_key(*parent)).cloned()
    {
        asked += 1;
        if asked > MOST_ASKED {
            let detail = format!("the teams of one person have more than {MOST_ASKED} ancestors");
            return Err(BackendError::Protocol(detail).into());
        }
        let parent = api.parent(&unknown).await?;
        parents.insert(unknown, parent);
    }
    Ok(parents.into_keys().collect())
}
