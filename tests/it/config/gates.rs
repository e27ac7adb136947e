//! What proxies ask the gates of the samples.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::process::{Response, Server, basic, encode};

/// What stands in `gate.secret`.
pub(super) const SECRET: &str = "6c1f0d2be7a94b5a8f3e2d1c0b9a8877";

const PASSWORD: &str = "alpha-pass";

/// Who asks for what, and the status of the answer.
pub(super) struct Asked {
    account: &'static str,
    method: &'static str,
    uri: &'static str,
    status: u16,
}

impl Asked {
    pub(super) const fn of(
        account: &'static str,
        method: &'static str,
        uri: &'static str,
        status: u16,
    ) -> Self {
        Self { account, method, uri, status }
    }
}

/// A proxy in front of a sample's server: how it says what its client wants.
pub(super) struct Front<'s> {
    server: &'s Server,
    method: &'static str,
    uri: &'static str,
}

impl<'s> Front<'s> {
    pub(super) fn nginx(server: &'s Server) -> Self {
        Self { server, method: "X-Original-Method", uri: "X-Original-URI" }
    }

    pub(super) fn caddy(server: &'s Server) -> Self {
        Self { server, method: "X-Forwarded-Method", uri: "X-Forwarded-Uri" }
    }

    /// What is asked about a request of a client, with headers of the client's own.
    fn about(&self, method: &str, uri: &str, of_client: &[(&str, &str)]) -> Response {
        let own = [
            ("X-Dockgate-Secret", SECRET),
            ("X-Forwarded-For", "203.0.113.9"),
            (self.method, method),
            (self.uri, uri),
        ];
        self.server.address().request("GET", "/forward-auth", &[&own, of_client].concat(), b"")
    }

    /// The same of somebody with a password, or of nobody.
    pub(super) fn asks(&self, account: &str, method: &str, uri: &str) -> Response {
        let login = basic(account, PASSWORD);
        let of_client = [("Authorization", login.as_str())];
        self.about(method, uri, if account.is_empty() { &[] } else { &of_client })
    }

    pub(super) fn answers(&self, asked: &[Asked]) {
        for Asked { account, method, uri, status } in asked {
            let answer = self.asks(account, method, uri);
            assert_eq!(answer.status, *status, "{account:?} {method} {uri}: {answer:?}");
            assert_eq!(answer.header("docker-distribution-api-version"), Some("registry/2.0"));
        }
    }

    /// The same with a token that the endpoint gives somebody.
    pub(super) fn with_token(
        &self,
        account: &str,
        service: &str,
        scope: &str,
        method: &str,
        uri: &str,
    ) -> Response {
        let target = format!("/auth?service={}&scope={}", encode(service), encode(scope));
        let login = Some(basic(account, PASSWORD)).filter(|_| !account.is_empty());
        let login = login.as_deref().map(|login| ("Authorization", login));
        let token = self.server.address().get(&target, login).token();
        self.about(method, uri, &[("Authorization", &format!("Bearer {token}"))])
    }

    /// Nobody passes for the proxy, or for its client; `uri` is what `account` may read.
    pub(super) fn is_not_fooled(&self, account: &str, uri: &str) {
        let login = basic(account, PASSWORD);
        let login = ("Authorization", login.as_str());
        assert_eq!(self.about("GET", uri, &[login]).status, 200, "a refusal proves nothing");
        let other_secret = SECRET.replace('6', "7");
        for wrong in [None, Some(""), Some(&SECRET[1..]), Some(other_secret.as_str())] {
            let secret = wrong.map(|secret| ("X-Dockgate-Secret", secret));
            let own = [("X-Forwarded-For", "203.0.113.9"), (self.method, "GET"), (self.uri, uri), login];
            let headers: Vec<_> = own.into_iter().chain(secret).collect();
            let answer = self.server.address().request("GET", "/forward-auth", &headers, b"");
            assert_eq!(answer.status, 403, "{wrong:?}");
        }
        for more in [
            ("X-Dockgate-Secret", SECRET),
            (self.method, "GET"),
            (self.uri, uri),
            login,
            ("X-Auth-User", "admin"),
            ("X_Auth_User", "admin"),
            ("X-Original-URL", uri),
            ("X-HTTP-Method-Override", "PUT"),
            ("Connection", "X-Dockgate-Secret"),
        ] {
            assert_eq!(self.about("GET", uri, &[login, more]).status, 403, "{more:?}");
        }
        for wrong in ["wrong", "", "alpha-pas", "alpha-pass "] {
            let login = basic(account, wrong);
            let answer = self.about("GET", uri, &[("Authorization", &login)]);
            assert_eq!((answer.status, answer.header("x-auth-user")), (401, Some("")), "{wrong:?}");
        }
        for path in
            ["/", "", "/v2/../etc", "/v2//app/tags/list", "/v2/a%2fb/tags/list", "http://registry/v2/"]
        {
            assert_eq!(self.about("GET", path, &[login]).status, 403, "{path}");
        }
    }

    /// A token that somebody made, or made more of, is none. `scope` is what nobody in particular asks for.
    pub(super) fn takes_no_forged_token(&self, scope: &str, uri: &str) {
        let target = format!("/auth?service=registry.example.com&scope={}", encode(scope));
        let token = self.server.address().get(&target, None).token();
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { panic!("{token}") };
        let said = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let more = said.replace("\"actions\":[]", "\"actions\":[\"pull\"]");
        assert_ne!(said, more, "there is nothing to make more of");
        let more = URL_SAFE_NO_PAD.encode(more);
        let unsigned = URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}");
        for forged in [
            format!("{header}.{more}.{signature}"),
            format!("{unsigned}.{more}."),
            format!("{unsigned}.{more}"),
            format!("{header}.{claims}.{signature}"),
            String::new(),
        ] {
            let answer = self.about("GET", uri, &[("Authorization", &format!("Bearer {forged}"))]);
            assert_eq!(answer.status, 401, "{forged}: {answer:?}");
        }
    }
}
