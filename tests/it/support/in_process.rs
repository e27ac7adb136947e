//! A server without a socket: requests go straight to its routes.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use dockgate::http::{ClientAddress, Peer, Routes};
use dockgate::outside::MemoryMetrics;
use dockgate::state::State;
use dockgate_api::config::Problem;
use dockgate_testkit::fakes::TurnableClock;
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::answer::Answer;
use super::ask::Ask;
use super::setup::{Made, Setup};
use super::tokens::Token;

/// A server without a socket.
pub(crate) struct TestServer {
    runtime: Runtime,
    routes: Routes,
    state: Arc<State>,
    /// Shows noon until it is turned.
    pub(crate) clock: Arc<TurnableClock>,
    /// What it counts.
    pub(crate) metrics: Arc<MemoryMetrics>,
    /// What its administrator is told.
    pub(crate) warnings: Vec<Problem>,
    directory: TempDir,
}

impl TestServer {
    /// A server with these sections.
    pub(crate) fn new(chains: &str) -> Self {
        Self::of(Setup::new(chains))
    }

    /// A server with this setup.
    pub(crate) fn of(setup: Setup) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let Made { loaded, clock, metrics, directory } = {
            let _entered = runtime.enter();
            setup.make()
        };
        let state = Arc::new(loaded.state);
        let routes = Routes::new(Arc::clone(&state));
        Self { runtime, routes, state, clock, metrics, warnings: loaded.warnings, directory }
    }

    /// Asks and waits for the whole answer.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        self.send(ask.request(), ask.client())
    }

    /// Sends a request as it is.
    pub(crate) fn send(&self, request: Request<Body>, client: Option<IpAddr>) -> Answer {
        self.send_over(client.map_or(ClientAddress(None), ClientAddress::of).into(), request)
    }

    /// The same over a connection.
    pub(crate) fn send_over(&self, peer: Peer, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let response = self.routes.answer(peer, request).await;
            let (head, body) = response.into_parts();
            Answer::new(head.status, head.headers, body.collect().await.unwrap().to_bytes())
        })
    }

    /// Asks for a token, which must be given and must verify.
    pub(crate) fn token(&self, ask: &Ask) -> Token {
        self.read(&self.ask(ask))
    }

    /// Begins to ask, and goes away before there is an answer.
    pub(crate) fn give_up(&self, ask: &Ask) {
        let client = ask.client().map_or(ClientAddress(None), ClientAddress::of);
        let given_up = self.runtime.block_on(async {
            tokio::time::timeout(Duration::from_millis(20), self.routes.answer(client, ask.request())).await
        });
        assert!(given_up.is_err(), "it was answered");
    }

    /// The token of an answer, verified through this server's own JWKS.
    pub(crate) fn read(&self, answer: &Answer) -> Token {
        let jwks = self.ask(&Ask::get("/.well-known/jwks.json"));
        Token::verified(answer, &jwks)
    }

    /// Looks at the key files, as the server does when they change. Answers what is wrong with them.
    pub(crate) fn review_keys(&self) -> Vec<String> {
        let found = self.state.review_keys().0;
        let wrong = found.problems.iter().chain(&found.alarms).chain(&found.warnings);
        wrong.map(Problem::to_string).collect()
    }

    /// Does something with the state itself.
    pub(crate) fn with_state<T>(&self, act: impl AsyncFnOnce(&State) -> T) -> T {
        self.runtime.block_on(act(&self.state))
    }

    /// Where `sign.crt` and `sign.key` are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The certificate that signs, as it stands in its file.
    pub(crate) fn certificate_pem(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("sign.crt")).unwrap()
    }

    /// Both ids of the signing key.
    pub(crate) fn key_ids(&self) -> (String, String) {
        let signing = self.state.signing();
        let key = signing.keys()[0].key.public_key();
        (dockgate::token::libtrust_id(key), dockgate::token::thumbprint(key.material()))
    }
}
