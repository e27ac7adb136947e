//! An OpenID provider of one test: npm's `oidc-provider`, a certified one, under `provider.mjs`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::components::{self, NODE, OIDC_PROVIDER};
use crate::directory::authority::Pair;
use crate::harness::http::send;
use crate::harness::process::Process;

/// What the tests are registered as at every provider.
pub(super) const CLIENT: &str = "dockgate";
pub(super) const CLIENT_SECRET: &str = "the client's secret, canary-of-the-client";

/// How it differs from one that hands out one refresh token, and tells claims at its userinfo endpoint.
#[derive(Clone, Default)]
pub(super) struct Options {
    /// Each use of a refresh token gives another, and ends the one before.
    pub(super) rotates: bool,
    /// The claims are in the ID token too.
    pub(super) claims_in_id_token: bool,
    /// It has a certificate, for `localhost`.
    pub(super) tls: Option<Pair>,
}

/// A provider that runs as long as this value lives.
pub(super) struct Provider {
    process: Process,
    pub(super) issuer: String,
    control: String,
    // Behind the process: fields drop in order, and it writes into it.
    _dir: TempDir,
}

impl Provider {
    /// With accounts `{"ID": {CLAIM: …}}`; any password is right. `None` if a component is missing: the test has
    /// nothing to say.
    pub(super) fn start(accounts: &Value, options: &Options) -> Option<Self> {
        if !components::installed(&[NODE, OIDC_PROVIDER]) {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("dockgate-provider-").tempdir().unwrap();
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let tls = options.tls.as_ref().map(|pair| json!({"certificate": pair.certificate, "key": pair.key}));
        let config = json!({
            "modules": root.join("target/components/npm/node_modules"),
            "host": if tls.is_some() { "localhost" } else { "127.0.0.1" },
            "tls": tls,
            "accounts": accounts,
            "claims": {
                "openid": ["sub", "hd", "realm_access"],
                "email": ["email", "email_verified"],
                "profile": ["name", "preferred_username"],
                "groups": ["groups"],
            },
            "claims_in_id_token": options.claims_in_id_token,
            "rotate_refresh_tokens": options.rotates,
        });
        fs::write(dir.path().join("provider.json"), config.to_string()).unwrap();
        let mut node = Command::new(NODE.program);
        node.arg(root.join("tests/real/browser/provider.mjs")).arg("provider.json");
        let process = Process::start(&mut node, dir.path(), "provider").ready("listening on");
        let log = process.log();
        let (_, ports) = log.split_once("listening on ").unwrap();
        let (port, control) = ports.trim().split_once(", controlled at ").unwrap();
        let host = if options.tls.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let [issuer, control] = [format!("{host}:{port}"), format!("127.0.0.1:{control}")];
        Some(Self { process, issuer, control, _dir: dir })
    }

    /// Who may send people here, and take them back: only there.
    pub(super) fn registers(&self, redirect_uris: &[String], after_sign_out: &[String]) {
        self.order(
            "/clients",
            &json!([{
                "client_id": CLIENT,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": redirect_uris,
                "post_logout_redirect_uris": after_sign_out,
            }]),
        );
    }

    /// What is said of somebody from now on; `null` suspends the account.
    pub(super) fn says(&self, account: &str, claims: &Value) {
        self.order("/accounts", &json!({ account: claims }));
    }

    /// Signs with a new key from now on, and publishes no other.
    pub(super) fn takes_another_key(&self) {
        self.order("/rotate", &json!({}));
    }

    /// Answers everything with 500, until it is told to be well again.
    pub(super) fn is_in_trouble(&self, trouble: bool) {
        self.order("/trouble", &json!({"status": if trouble { 500 } else { 0 }}));
    }

    /// What it was asked, as `METHOD PATH STATUS`.
    pub(super) fn requests(&self) -> Vec<String> {
        let requests = self.order("/requests", &json!({}));
        let line = |request: &Value| {
            let [method, path] = ["method", "path"].map(|name| request[name].as_str().unwrap());
            format!("{method} {path} {}", request["status"])
        };
        requests.as_array().unwrap().iter().map(line).collect()
    }

    pub(super) fn log(&self) -> String {
        self.process.log()
    }

    #[track_caller]
    fn order(&self, path: &str, what: &Value) -> Value {
        let fields = [("Content-Type", "application/json")];
        let answer = send("POST", &self.control, path, &fields, &what.to_string());
        assert_eq!(answer.status, 200, "{answer:?}\n{}", self.log());
        answer.json()
    }
}
