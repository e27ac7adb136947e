//! Each of the four is held to the contract, with the double of its provider.

use std::sync::Arc;

use dockgate_api::Authenticator;
use dockgate_testkit::fakes::World;
use dockgate_testkit::login_flow::{Fixture, Nonce, conformance};
use dockgate_testkit::provider::Reply;
use dockgate_testkit::provider::github::GitHub;
use dockgate_testkit::provider::gitlab::{GitLab, Level};
use dockgate_testkit::provider::openid::OpenId;
use serde_json::{Value, json};

use crate::testing::visitor::{CALLBACK, Visitor, link};
use crate::{GithubAuthConfig, GitlabAuthConfig, GoogleAuthConfig, OidcAuthConfig};

const NO_ID_TOKEN: Nonce = Nonce::NotSupported("OAuth 2.0 without ID tokens");

async fn hold(
    world: &World,
    backend: Arc<dyn Authenticator>,
    nonce: Nonce,
    sign_in: impl Fn(&str) -> Reply + Sync,
    end: impl Fn() + Sync,
) {
    let back = |url: &str| sign_in(url).header("location").unwrap().to_owned();
    let fixture = Fixture { world, redirect_uri: CALLBACK, nonce, sign_in: &back, end: &end };
    conformance(backend, fixture).await;
}

#[tokio::test]
async fn github() {
    let (world, github) = (World::new(), Arc::new(GitHub::start()));
    github.follow(world.clock.clone());
    github.client("our-id", "our-secret", &[CALLBACK]);
    github.user("ada");
    github.join("ada", "acme");
    let section = json!({
        "client_id": "our-id", "client_secret": "our-secret", "github_web_uri": github.server().url(),
        "github_api_uri": github.api_url(), "organization": "acme",
    });
    let backend = link::<GithubAuthConfig, _>(&world, &Visitor(Arc::clone(&github), GitHub::server), section);
    hold(&world, backend, NO_ID_TOKEN, |url| github.sign_in(url, "ada"), || github.leave("ada", "acme"))
        .await;
}

#[tokio::test]
async fn gitlab() {
    let (world, gitlab) = (World::new(), Arc::new(GitLab::start()));
    gitlab.follow(world.clock.clone());
    gitlab.client("our-id", "our-secret", &[CALLBACK]);
    gitlab.user("ada");
    gitlab.join("ada", "acme", Level::Reporter);
    let section = json!({
        "client_id": "our-id", "client_secret": "our-secret", "gitlab_web_uri": gitlab.server().url(),
        "organization": "acme",
    });
    let backend = link::<GitlabAuthConfig, _>(&world, &Visitor(Arc::clone(&gitlab), GitLab::server), section);
    hold(&world, backend, NO_ID_TOKEN, |url| gitlab.sign_in(url, "ada"), || gitlab.leave("ada", "acme"))
        .await;
}

fn openid(world: &World, claims: Value) -> Arc<OpenId> {
    let openid = Arc::new(OpenId::start());
    openid.follow(world.clock.clone());
    openid.client("our-id", Some("our-secret"), &[CALLBACK]);
    openid.user("ada-1", claims);
    openid
}

#[tokio::test]
async fn oidc() {
    let world = World::new();
    let openid = openid(&world, json!({"email": "ada@example.com", "email_verified": true}));
    let section = json!({
        "issuer": openid.issuer(), "client_id": "our-id", "client_secret": "our-secret",
        "email_domains": ["example.com"], "scopes": ["openid", "email", "offline_access"],
    });
    let backend = link::<OidcAuthConfig, _>(&world, &Visitor(Arc::clone(&openid), OpenId::server), section);
    hold(&world, backend, Nonce::Sent, |url| openid.sign_in(url, "ada-1"), || openid.delete("ada-1")).await;
}

#[tokio::test]
async fn google() {
    let world = World::new();
    let claims = json!({"email": "ada@example.com", "email_verified": true, "hd": "example.com"});
    let openid = openid(&world, claims);
    let section = json!({
        "issuer": openid.issuer(), "client_id": "our-id", "client_secret": "our-secret", "domain": "example.com",
    });
    let backend = link::<GoogleAuthConfig, _>(&world, &Visitor(Arc::clone(&openid), OpenId::server), section);
    hold(&world, backend, Nonce::Sent, |url| openid.sign_in(url, "ada-1"), || openid.delete("ada-1")).await;
}
