//! Against the double of an instance.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Authenticator, Decision, Identity, ReasonCode, Revalidated};
use dockgate_testkit::fakes::{Renewals, World};
use dockgate_testkit::provider::gitlab::{GitLab, Level};
use serde_json::json;

use crate::gitlab::GitlabAuthConfig;
use crate::testing::labels;
use crate::testing::visitor::{CALLBACK, Visitor, link, sign_in};

struct Place {
    world: World,
    gitlab: Arc<GitLab>,
    backend: Arc<dyn Authenticator>,
}

impl Place {
    fn acme() -> Self {
        let (world, gitlab) = (World::new(), Arc::new(GitLab::start()));
        gitlab.follow(world.clock.clone());
        gitlab.client("our-id", "our-secret", &[CALLBACK]);
        gitlab.user("ada");
        gitlab.join("ada", "acme", Level::Reporter);
        gitlab.join("ada", "acme/web", Level::Maintainer);
        let section = json!({
            "client_id": "our-id", "client_secret": "our-secret", "gitlab_web_uri": gitlab.server().url(),
            "organization": "acme",
        });
        let backend =
            link::<GitlabAuthConfig, _>(&world, &Visitor(Arc::clone(&gitlab), GitLab::server), section);
        Self { world, gitlab, backend }
    }

    async fn enter(&self, username: &str) -> Result<(Identity, SecretString), ReasonCode> {
        let answer = sign_in(&self.world, &self.backend, |url| self.gitlab.sign_in(url, username)).await;
        match answer.unwrap() {
            Decision::Allow(sign_in) => Ok((sign_in.identity, sign_in.keep)),
            Decision::Deny(reason) => Err(reason.code),
            Decision::NoMatch => panic!("not its business"),
        }
    }

    async fn today(&self, keep: &SecretString) -> Result<(Identity, SecretString), ReasonCode> {
        let answer = self
            .backend
            .login_flow()
            .unwrap()
            .revalidate(&self.world.call(), keep, &Renewals::default())
            .await;
        match answer.unwrap() {
            Revalidated::Current(sign_in) => Ok((sign_in.identity, sign_in.keep)),
            Revalidated::Gone(reason) => Err(reason.code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_member_signs_in_with_groups_by_level() {
    let place = Place::acme();
    let (identity, keep) = place.enter("ada").await.unwrap();
    assert_eq!(identity.account, "ada");
    assert_eq!(labels(&identity, "groups"), ["acme", "acme/web"]);
    assert_eq!(labels(&identity, "groups_reporter"), ["acme", "acme/web"]);
    assert_eq!(labels(&identity, "groups_developer"), ["acme/web"]);
    assert_eq!(labels(&identity, "groups_maintainer"), ["acme/web"]);
    assert!(identity.labels.values("groups_owner").is_empty());
    for number in 0..250 {
        place.gitlab.join("ada", &format!("acme/g{number:03}"), Level::Guest);
    }
    place.gitlab.rename("ada", "lovelace");
    let (identity, _) = place.today(&keep).await.unwrap();
    assert_eq!(identity.account, "lovelace");
    assert_eq!(labels(&identity, "groups").len(), 252, "in three pages");
}

#[tokio::test]
async fn whoever_does_not_belong_there_is_refused_and_what_ends_there_ends_here() {
    let place = Place::acme();
    place.gitlab.user("eve");
    assert_eq!(place.enter("eve").await.unwrap_err(), ReasonCode::NotMember);
    place.gitlab.join("eve", "acme/web", Level::Owner);
    assert_eq!(place.enter("eve").await.unwrap_err(), ReasonCode::NotMember);
    let (_, keep) = place.enter("ada").await.unwrap();
    place.gitlab.block("ada", true);
    assert_eq!(place.today(&keep).await.unwrap_err(), ReasonCode::Disabled);
    place.gitlab.block("ada", false);
    place.today(&keep).await.unwrap();
    place.gitlab.leave("ada", "acme");
    assert_eq!(place.today(&keep).await.unwrap_err(), ReasonCode::NotMember);
    place.gitlab.join("ada", "acme", Level::Guest);
    place.gitlab.revoke("ada");
    assert_eq!(place.today(&keep).await.unwrap_err(), ReasonCode::Removed);
}

#[tokio::test]
async fn each_refresh_token_is_good_once_and_the_next_is_kept() {
    let place = Place::acme();
    let (_, first) = place.enter("ada").await.unwrap();
    let mut keep = first.clone();
    for _ in 0..4 {
        place.world.clock.turn(Duration::from_secs(7200 + 1));
        keep = place.today(&keep).await.unwrap().1;
    }
    assert_eq!(place.today(&first).await.unwrap_err(), ReasonCode::Removed, "spent long ago");
}
