//! Against the double that is held to GitHub's own description of its API.

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Authenticator, BackendError, Decision, Identity, Reason, ReasonCode, Revalidated};
use dockgate_testkit::fakes::{Renewals, World};
use dockgate_testkit::provider::github::{GitHub, Limit};
use serde_json::{Value, json};

use crate::github::GithubAuthConfig;
use crate::testing::labels;
use crate::testing::visitor::{CALLBACK, Visitor, link, sign_in};

struct Place {
    world: World,
    github: Arc<GitHub>,
    backend: Arc<dyn Authenticator>,
}

impl Place {
    fn of(github: GitHub, more: &Value) -> Self {
        let (world, github) = (World::new(), Arc::new(github));
        github.follow(world.clock.clone());
        github.client("our-id", "our-secret", &[CALLBACK]);
        let mut section = json!({
            "client_id": "our-id", "client_secret": "our-secret", "github_web_uri": github.server().url(),
            "github_api_uri": github.api_url(),
        });
        section.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let backend =
            link::<GithubAuthConfig, _>(&world, &Visitor(Arc::clone(&github), GitHub::server), section);
        Self { world, github, backend }
    }

    fn acme() -> Self {
        let place = Self::of(GitHub::start(), &json!({"organization": "acme"}));
        place.github.user("ada");
        place.github.join("ada", "acme");
        place
    }

    async fn enter(&self, login: &str) -> Result<Decision<(Identity, SecretString)>, BackendError> {
        let answer = sign_in(&self.world, &self.backend, |url| self.github.sign_in(url, login)).await;
        Ok(match answer? {
            Decision::Allow(sign_in) => Decision::Allow((sign_in.identity, sign_in.keep)),
            Decision::Deny(reason) => Decision::Deny(reason),
            Decision::NoMatch => Decision::NoMatch,
        })
    }

    async fn allowed(&self, login: &str) -> (Identity, SecretString) {
        self.enter(login).await.unwrap().allowed().unwrap()
    }

    async fn refused(&self, login: &str) -> ReasonCode {
        match self.enter(login).await.unwrap() {
            Decision::Deny(Reason { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    async fn today(&self, keep: &SecretString) -> Result<Revalidated, BackendError> {
        self.backend.login_flow().unwrap().revalidate(&self.world.call(), keep, &Renewals::default()).await
    }

    async fn current(&self, keep: &SecretString) -> (Identity, SecretString) {
        match self.today(keep).await.unwrap() {
            Revalidated::Current(sign_in) => (sign_in.identity, sign_in.keep),
            other => panic!("{other:?}"),
        }
    }

    async fn gone(&self, keep: &SecretString) -> ReasonCode {
        match self.today(keep).await.unwrap() {
            Revalidated::Gone(reason) => reason.code,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_member_signs_in_with_teams_and_those_above_them() {
    for github in [GitHub::start(), GitHub::enterprise()] {
        let place = Place::of(github, &json!({"organization": "acme"}));
        // The same number at another instance is somebody else.
        let subject = format!("{} {}", place.github.server().url(), place.github.user("ada"));
        place.github.team("acme", "engineering", None);
        place.github.team("acme", "frontend", Some("engineering"));
        place.github.team("acme", "web", Some("frontend"));
        place.github.team("acme", "ops", None);
        place.github.join_team("ada", "acme", "web");
        place.github.team("labs", "admins", None);
        place.github.join_team("ada", "labs", "admins");
        let (identity, keep) = place.allowed("ada").await;
        assert_eq!((&identity.subject, identity.account.as_str()), (&subject, "ada"));
        let teams = labels(&place.current(&keep).await.0, "teams");
        let wanted = ["acme/engineering", "engineering", "acme/frontend", "frontend", "acme/web", "web"];
        assert_eq!(teams, wanted);
        place.github.leave_team("ada", "acme", "web");
        place.github.rename("ada", "lovelace");
        let (identity, _) = place.current(&keep).await;
        assert_eq!((&identity.subject, identity.account.as_str()), (&subject, "lovelace"));
        assert!(identity.labels.values("teams").is_empty());
    }
}

#[tokio::test]
async fn three_hundred_teams_are_three_pages() {
    let place = Place::acme();
    for number in 0..300 {
        let slug = format!("t{number:03}");
        place.github.team("acme", &slug, None);
        place.github.join_team("ada", "acme", &slug);
    }
    assert_eq!(labels(&place.allowed("ada").await.0, "teams").len(), 600);
}

#[tokio::test]
async fn whoever_does_not_belong_there_is_refused() {
    let place = Place::acme();
    place.github.user("eve");
    assert_eq!(place.refused("eve").await, ReasonCode::NotMember);
    place.github.invite("eve", "acme");
    assert_eq!(place.refused("eve").await, ReasonCode::NotMember);
    place.github.join("eve", "acme");
    place.allowed("eve").await;
    place.github.demand_sso("acme");
    assert_eq!(place.refused("eve").await, ReasonCode::Forbidden);
    place.github.authorize_sso("eve", "acme");
    place.allowed("eve").await;
    place.github.restrict_apps("acme");
    assert_eq!(place.refused("eve").await, ReasonCode::Forbidden);
}

#[tokio::test]
async fn what_ends_there_ends_here() {
    let place = Place::acme();
    let (_, keep) = place.allowed("ada").await;
    place.github.suspend("ada", true);
    assert_eq!(place.gone(&keep).await, ReasonCode::Disabled);
    place.github.suspend("ada", false);
    place.github.leave("ada", "acme");
    assert_eq!(place.gone(&keep).await, ReasonCode::NotMember);
    place.github.join("ada", "acme");
    place.current(&keep).await;
    place.github.revoke("ada");
    assert_eq!(place.gone(&keep).await, ReasonCode::Removed);
}

#[tokio::test]
async fn tokens_of_an_app_are_renewed_for_as_long_as_they_may() {
    let place = Place::acme();
    place.github.expiring_tokens(true);
    let (_, mut keep) = place.allowed("ada").await;
    for _ in 0..3 {
        place.world.clock.turn(Duration::from_secs(8 * 3600 + 1));
        keep = place.current(&keep).await.1;
    }
    place.github.revoke("ada");
    place.world.clock.turn(Duration::from_secs(8 * 3600 + 1));
    assert_eq!(place.gone(&keep).await, ReasonCode::Removed);
}

#[tokio::test]
async fn limits_are_waited_for() {
    let wait = Duration::from_secs(600);
    for limit in [Limit::Primary(wait), Limit::Secondary(wait)] {
        let place = Place::acme();
        let (_, keep) = place.allowed("ada").await;
        place.github.limit(Some(limit));
        for left in [600, 599] {
            match place.today(&keep).await {
                Err(BackendError::Overloaded { retry_after, .. }) => assert_eq!(retry_after.as_secs(), left),
                other => panic!("{other:?}"),
            }
            place.world.clock.turn(Duration::from_secs(1));
            place.github.limit(None);
        }
        place.world.clock.turn(Duration::from_secs(598));
        place.current(&keep).await;
    }
}
