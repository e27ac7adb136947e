//! A link, a provider that answers as it is told, and a browser that comes back from it.

pub(crate) mod visitor;

use std::collections::BTreeMap;
use std::sync::Arc;

use dockgate_api::config::KeyPath;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, BuildContext, BuildError, Configure, Decision,
    Dialect, HttpRequest, Identity, Reason, Revalidated, SignIn, SignInAnswer,
};
use dockgate_testkit::fakes::{Renewals, ScriptedHttp, World};
use serde_json::Value;

pub(crate) const CALLBACK: &str = "https://auth.example.com/callback";
/// Whatever is secret holds this word.
pub(crate) const CANARY: &str = "canary";

/// A link and its provider.
pub(crate) struct Place {
    pub(crate) world: World,
    pub(crate) http: ScriptedHttp,
    pub(crate) backend: Arc<dyn Authenticator>,
    pub(crate) renewals: Renewals,
}

impl Place {
    pub(crate) fn new<C: Configure<dyn Authenticator>>(section: Value) -> Self {
        let (world, http) = (World::new(), ScriptedHttp::new());
        let backend = build::<C>(&context(&world, &http, Dialect::Native), section).unwrap();
        Self { world, http, backend, renewals: Renewals::default() }
    }

    pub(crate) async fn redirect(&self) -> url::Url {
        let request = AuthorizeRequest::new(
            "the state".to_owned(),
            "the challenge".to_owned(),
            "the nonce".to_owned(),
            CALLBACK.to_owned(),
        );
        let flow = self.backend.login_flow().unwrap();
        url::Url::parse(&flow.redirect(&self.world.call(), &request).await.unwrap().url).unwrap()
    }

    pub(crate) async fn complete(&self) -> Answer<SignIn> {
        let answer = SignInAnswer::new(
            format!("code-{CANARY}").into(),
            format!("verifier-{CANARY}").into(),
            "the nonce".to_owned(),
            CALLBACK.to_owned(),
        );
        let answer = self.backend.login_flow().unwrap().complete(&self.world.call(), &answer).await;
        silent(&format!("{answer:?}"));
        answer
    }

    pub(crate) async fn allowed(&self) -> (Identity, SecretString) {
        match self.complete().await {
            Ok(Decision::Allow(SignIn { identity, keep, .. })) => (identity, keep),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn denied(&self) -> Reason {
        match self.complete().await {
            Ok(Decision::Deny(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn failed(&self) -> BackendError {
        match self.complete().await {
            Err(error) => error,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn revalidate(&self, keep: &SecretString) -> Result<Revalidated, BackendError> {
        let flow = self.backend.login_flow().unwrap();
        let answer = flow.revalidate(&self.world.call(), keep, &self.renewals).await;
        silent(&format!("{answer:?}"));
        answer
    }

    pub(crate) async fn current(&self, keep: &SecretString) -> (Identity, SecretString) {
        match self.revalidate(keep).await {
            Ok(Revalidated::Current(SignIn { identity, keep, .. })) => (identity, keep),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn gone(&self, keep: &SecretString) -> Reason {
        match self.revalidate(keep).await {
            Ok(Revalidated::Gone(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn context(world: &World, http: &ScriptedHttp, dialect: Dialect) -> BuildContext {
    world.build_context().with_outbound(Arc::new(http.clone())).for_link("there", dialect)
}

pub(crate) fn build<C: Configure<dyn Authenticator>>(
    cx: &BuildContext,
    section: Value,
) -> Result<Arc<dyn Authenticator>, BuildError> {
    serde_json::from_value::<C>(section).unwrap().build(cx)
}

/// What a section in a dialect is refused for, and what is warned of: each with its key.
pub(crate) fn remarks<C: Configure<dyn Authenticator>>(
    dialect: Dialect,
    section: Value,
) -> (String, Vec<String>) {
    let (world, http) = (World::new(), ScriptedHttp::new());
    let cx = context(&world, &http, dialect);
    let refused = build::<C>(&cx, section).err().map_or_else(String::new, |error| error.to_string());
    let node = dockgate_api::config::Node::text(dockgate_api::config::Location::unknown(), "");
    let warnings = cx.take_warnings(&node, &KeyPath::root());
    (refused, warnings.into_iter().map(|warning| format!("{}: {}", warning.path, warning.message)).collect())
}

/// The fields of a form that was sent.
pub(crate) fn form(request: &HttpRequest) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

pub(crate) fn labels(identity: &Identity, name: &str) -> Vec<String> {
    let literal = |value: &dockgate_api::LabelValue| match value {
        dockgate_api::LabelValue::Literal(text) => text.clone(),
        dockgate_api::LabelValue::Pattern(text) => panic!("{text} is a pattern"),
    };
    identity.labels.values(name).iter().map(literal).collect()
}

/// What was kept, as it is written.
pub(crate) fn kept(keep: &SecretString) -> Value {
    serde_json::from_str(keep.expose_secret()).unwrap()
}

fn silent(text: &str) {
    assert!(!text.contains(CANARY), "{text}");
}
