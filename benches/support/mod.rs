//! A server without a socket, made of a real configuration whose files are in a temporary directory.

mod provider;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dockgate::Backends;
use dockgate::access::{Grant, Question};
use dockgate::config::Source;
use dockgate::http::{ClientAddress, Routes};
use dockgate::lockout::Standing;
use dockgate::outside::{Outside, SystemRandom};
use dockgate::scope::RequestedScopes;
use dockgate::state::{self, Lasting, State};
use dockgate::token::Issued;
use dockgate_api::secrecy::SecretString;
use dockgate_api::{Call, Credential, Login, RequestId};
use dockgate_passwords::hash_bcrypt;
use http_body_util::BodyExt as _;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SignatureAlgorithm};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use provider::ProviderConfig;

const ACCOUNT: &str = "alice";
const PASSWORD: &str = "correct horse battery staple";
const SERVICE: &str = "registry.example.test";
const SCOPE: &str = "repository:team/app:pull,push";

/// What a key is made for, by the name of its algorithm.
pub(crate) const ALGORITHMS: [(&str, &SignatureAlgorithm); 4] = [
    ("ES256", &rcgen::PKCS_ECDSA_P256_SHA256),
    ("RS256", &rcgen::PKCS_RSA_SHA256),
    ("EdDSA", &rcgen::PKCS_ED25519),
    ("ES384", &rcgen::PKCS_ECDSA_P384_SHA384),
];

/// A server whose one account has logged in before.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    outside: Outside,
    pub(crate) state: Arc<State>,
    routes: Routes,
    pub(crate) request: Parts,
    _files: TempDir,
}

impl Server {
    /// With a new key and a hundred rules, the last of which grants what is asked.
    pub(crate) fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        Self::with(algorithm, "")
    }

    /// The same with more keys of `token`.
    pub(crate) fn with(algorithm: &'static SignatureAlgorithm, token: &str) -> Self {
        Self::of(algorithm, token, "")
    }

    /// The same with more sections too.
    pub(crate) fn of(algorithm: &'static SignatureAlgorithm, token: &str, sections: &str) -> Self {
        let server = Self::made(algorithm, &(configuration(100, token) + sections), request(PASSWORD));
        server.log_in();
        server
    }

    /// A server of a configuration's text, whose client asks this.
    pub(crate) fn made(algorithm: &'static SignatureAlgorithm, text: &str, request: Parts) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outside = Outside::real();
        let files = tempfile::tempdir().unwrap();
        let key = KeyPair::generate_for(algorithm).unwrap();
        std::fs::write(files.path().join("cert.pem"), certificate(&key, outside.clock.now())).unwrap();
        std::fs::write(files.path().join("key.pem"), key.serialize_pem()).unwrap();

        let source = Source::parse("bench.yml", text, files.path(), &|_| None).unwrap();
        let loaded = {
            let _entered = runtime.enter();
            let backends = Backends::builtin().authenticator::<ProviderConfig>("provider");
            state::build(&source, &backends, &outside, &Lasting::default())
        };
        let shown = |problems: Vec<_>| format!("{problems:?}");
        let state = Arc::new(loaded.map_err(shown).unwrap().state);
        let routes = Routes::new(Arc::clone(&state));
        Self { runtime, outside, state, routes, request, _files: files }
    }

    /// One question.
    pub(crate) fn call(&self) -> Call {
        let deadline = Instant::now() + Duration::from_secs(30);
        Call::new(self.outside.clock.now(), deadline, RequestId::from_bits(1))
    }

    /// What a client asks.
    pub(crate) fn request(&self) -> Request<Body> {
        Request::from_parts(self.request.clone(), Body::empty())
    }

    /// From a request to the whole answer.
    pub(crate) fn answer(&self, request: Request<Body>) -> bytes::Bytes {
        self.runtime.block_on(async {
            let answer = self.routes.answer(client(), request).await;
            answer.into_body().collect().await.unwrap().to_bytes()
        })
    }

    /// What is decided of the same question, before anything is signed.
    pub(crate) fn grant(&self) -> Grant {
        let login = Login::new(ACCOUNT, Credential::password(PASSWORD)).for_service(SERVICE);
        let scopes = RequestedScopes::parse([SCOPE], 1).unwrap();
        let question = Question { login, scopes, standing: Standing::Own };
        self.runtime.block_on(self.state.access().answer(&self.call(), &question)).unwrap()
    }

    /// A token for a grant.
    pub(crate) fn issue(&self, grant: &Grant) -> Issued {
        let now = self.outside.clock.now();
        self.state.signing().issuer.issue(grant, now, self.outside.random.as_ref()).unwrap()
    }

    /// Fills the memo, and makes sure that what is measured is a token with rights.
    pub(crate) fn log_in(&self) {
        let answer: Value = serde_json::from_slice(&self.answer(self.request())).unwrap();
        let token = answer.get("token").and_then(Value::as_str).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims.pointer("/access/0/actions"), Some(&serde_json::json!(["pull", "push"])));
    }
}

fn client() -> ClientAddress {
    ClientAddress::of(Ipv4Addr::LOCALHOST.into())
}

pub(crate) fn request(password: &str) -> Parts {
    let pair = STANDARD.encode(format!("{ACCOUNT}:{password}"));
    let request = Request::get(format!("/auth?account={ACCOUNT}&service={SERVICE}&scope={SCOPE}"))
        .header("Host", "127.0.0.1:5001")
        .header("User-Agent", "docker/28.3.2 go/go1.24.5")
        .header("Authorization", format!("Basic {pair}"));
    request.body(()).unwrap().into_parts().0
}

pub(crate) fn configuration(rules: usize, token: &str) -> String {
    let secret = SecretString::from(PASSWORD);
    let hash = hash_bcrypt(&secret, dockgate_passwords::LOWEST_COST, &SystemRandom::default()).unwrap();
    let other = |n: usize| match n % 4 {
        0 => format!("  - {{match: {{account: \"dev{n}\"}}, actions: [\"*\"]}}\n"),
        1 => format!("  - {{match: {{name: \"group{n}/*\"}}, actions: [\"pull\"]}}\n"),
        2 => {
            format!("  - {{match: {{account: \"/^ci-{n}-[0-9]+$/\", name: \"b/*\"}}, actions: [\"pull\"]}}\n")
        }
        _ => format!(
            "  - {{match: {{account: \"ops*\", name: \"${{account}}/t{n}\"}}, actions: [\"pull\"]}}\n"
        ),
    };
    let others: String = (1..rules).map(other).collect();
    format!(
        "server: {{addr: \"127.0.0.1:0\"}}\n\
         token: {{issuer: bench, expiration: 900, certificate: cert.pem, key: key.pem{token}}}\n\
         authn:\n  - users:\n      {ACCOUNT}: {{password: \"{hash}\"}}\n\
         authz:\n- acl:\n{others}  - {{match: {{account: \"/^a.+e$/\", name: \"team/*\"}}, actions: [\"*\"]}}\n"
    )
}

fn certificate(key: &KeyPair, now: SystemTime) -> String {
    let day = Duration::from_secs(24 * 60 * 60);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "bench");
    (params.not_before, params.not_after) = ((now - day).into(), (now + 30 * day).into());
    params.self_signed(key).unwrap().pem()
}
