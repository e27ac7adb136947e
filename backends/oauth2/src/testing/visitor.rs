//! A double of a provider, asked without a network, and a browser that goes there and comes back.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dockgate_api::{
    Answer, Authenticator, AuthorizeRequest, BackendError, Call, Configure, Dialect, HttpClient, HttpRequest,
    HttpResponse, HttpSettings, HttpSettingsError, Outbound, SignIn, SignInAnswer, async_trait,
};
use dockgate_testkit::fakes::World;
use dockgate_testkit::provider::{Asked, Reply, Server};
use serde_json::Value;

const VERIFIER: &str = "a-verifier-of-43-characters-at-the-very-least";
pub(crate) const CALLBACK: &str = "https://auth.example.com/callback";

/// A double, and how its server is reached.
pub(crate) struct Visitor<P>(pub(crate) Arc<P>, pub(crate) fn(&P) -> &Server);

impl<P> Clone for Visitor<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), self.1)
    }
}

#[async_trait]
impl<P: Send + Sync> HttpClient for Visitor<P> {
    async fn send(&self, _cx: &Call, request: HttpRequest) -> Result<HttpResponse, BackendError> {
        let mut asked = Asked::new(&request.method, &request.url);
        (asked.headers, asked.body) = (request.headers, request.body);
        let Reply { status, headers, body } = (self.1)(&self.0).visit(&asked);
        Ok(HttpResponse::new(status, headers, body))
    }
}

impl<P: Send + Sync + 'static> Outbound for Visitor<P> {
    fn client(&self, _settings: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError> {
        Ok(Arc::new(self.clone()))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// A link to a double.
pub(crate) fn link<C: Configure<dyn Authenticator>, P: Send + Sync + 'static>(
    world: &World,
    visitor: &Visitor<P>,
    section: Value,
) -> Arc<dyn Authenticator> {
    let cx =
        world.build_context().with_outbound(Arc::new(visitor.clone())).for_link("there", Dialect::Native);
    super::build::<C>(&cx, section).unwrap()
}

/// Somebody signs in: `there` is what they do at the provider's page.
pub(crate) async fn sign_in(
    world: &World,
    backend: &Arc<dyn Authenticator>,
    there: impl FnOnce(&str) -> Reply,
) -> Answer<SignIn> {
    let flow = backend.login_flow().unwrap();
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let (state, nonce) = ("state-1".to_owned(), "nonce-1".to_owned());
    let request = AuthorizeRequest::new(state, challenge, nonce.clone(), CALLBACK.to_owned());
    let sent = flow.redirect(&world.call(), &request).await.unwrap();
    let back = there(&sent.url);
    let url = url::Url::parse(back.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(CALLBACK));
    let brought = |name: &str| url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
    assert_eq!(brought("state"), "state-1");
    let answer =
        SignInAnswer::new(brought("code").into(), VERIFIER.to_owned().into(), nonce, CALLBACK.to_owned());
    flow.complete(&world.call(), &answer).await
}
