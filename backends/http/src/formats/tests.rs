//! What is asked and what answers mean, document by document.

mod answers;
mod property;
mod reviews;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{AccessRequest, ActionSet, Credential, Identity, Login, Resource};
use dockgate_hooks::Question;
use serde_json::Value;

use super::*;

const TOKEN: &str = "canary-token";

fn alice() -> Login {
    Login::new("alice", Credential::password(TOKEN))
}

fn token_review() -> AuthnFormat {
    AuthnFormat::TokenReview(vec!["dockgate".to_owned(), "registry".to_owned()])
}

/// Asks to pull and push `team/app`.
fn with_request<T>(act: impl FnOnce(&AccessRequest<'_>) -> T) -> T {
    let identity = Identity::new("alice");
    let resource = Resource::repository("team/app");
    let actions: ActionSet = ["pull", "push"].into_iter().collect();
    act(&AccessRequest::new(&identity, "registry.example.com", &resource, &actions))
}

fn asked(format: &AuthnFormat) -> Value {
    let login = alice();
    let password = SecretString::from(TOKEN);
    let body = format.body(&Question::who(&login, &password), &password);
    serde_json::from_str(body.expose_secret()).unwrap()
}
