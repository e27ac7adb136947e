//! The lines of the recording, and how each is sent again.

use std::path::Path;

use axum::body::Body;
use axum::http::header;
use serde_json::Value;

use crate::support::{ALICE, BOB, basic, encode};

/// One recorded request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) line: usize,
    pub(super) client: String,
    pub(super) operation: String,
    variant: String,
    pub(super) method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    status_given: u64,
    pub(super) account: Account,
}

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    Nobody,
    Alice,
    Bob,
}

impl Account {
    fn of(name: &str) -> Self {
        match name {
            "alice" => Self::Alice,
            "bob" => Self::Bob,
            other => panic!("somebody new in the recording: {other}"),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nobody => "",
            Self::Alice => ALICE.0,
            Self::Bob => BOB.0,
        }
    }

    fn password(self) -> &'static str {
        match self {
            Self::Nobody => panic!("nobody has no password"),
            Self::Alice => ALICE.1,
            Self::Bob => BOB.1,
        }
    }
}

/// What we answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// A token, as recorded.
    Token,
    /// 401 for a wrong password, as recorded.
    BadCredentials,
    /// 401 `invalid_grant`: we give no refresh tokens yet, so that none can be right.
    NoRefreshTokensYet,
    /// A token where the recording server played at being broken, or refused a right password.
    ServedWhereTheyFailed,
    /// The head of such an answer, as recorded.
    HeadOfAToken,
}

/// Every line, in order.
pub(super) fn recorded() -> Vec<Request> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/client_requests.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().enumerate().map(|(index, line)| Request::read(index + 1, line)).collect()
}

impl Request {
    fn read(line: usize, text: &str) -> Self {
        let json: Value = serde_json::from_str(text).unwrap();
        let get = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let headers = json["headers"].as_object().unwrap();
        let mut request = Self {
            line,
            client: get("client"),
            operation: get("operation"),
            variant: get("variant"),
            method: get("method"),
            path: get("path"),
            query: get("query"),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: json["body"].as_str().map(str::to_owned),
            status_given: json["status_given"].as_u64().unwrap(),
            account: Account::Nobody,
        };
        request.account = request.who();
        request
    }

    fn who(&self) -> Account {
        if let Some(masked) = self.header("authorization") {
            return Account::of(
                masked.strip_prefix("Basic <").and_then(|rest| rest.strip_suffix(":***>")).unwrap(),
            );
        }
        let body = self.body.as_deref().unwrap_or_default();
        let name = form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "username");
        name.map_or(Account::Nobody, |(_, name)| Account::of(&name))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn outcome(&self) -> Outcome {
        let broken_on_purpose = self.variant.contains("answered") || self.variant.contains("server answers");
        if self.method == "HEAD" {
            Outcome::HeadOfAToken
        } else if self.is_refresh() {
            Outcome::NoRefreshTokensYet
        } else if broken_on_purpose && self.status_given != 200 {
            Outcome::ServedWhereTheyFailed
        } else if self.status_given == 401 {
            Outcome::BadCredentials
        } else {
            assert_eq!(self.status_given, 200, "line {} is of no known kind", self.line);
            Outcome::Token
        }
    }

    /// skopeo sends its refresh token in a chunked body, which the first recording did not keep.
    fn is_refresh(&self) -> bool {
        match &self.body {
            Some(body) => body.contains("grant_type=refresh_token"),
            None => self.method == "POST" && self.header("transfer-encoding") == Some("chunked"),
        }
    }

    /// The same request with what was masked: a wrong password where one was recorded, else the right one.
    pub(super) fn again(&self, outcome: Outcome) -> axum::http::Request<Body> {
        let password = || if outcome == Outcome::BadCredentials { "wrong" } else { self.account.password() };
        let mut request = axum::http::Request::builder().method(self.method.as_str());
        request = request.uri(if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        });
        let framing = ["content-length", "transfer-encoding"];
        for (name, value) in self
            .headers
            .iter()
            .filter(|(name, _)| !framing.iter().any(|other| name.eq_ignore_ascii_case(other)))
        {
            let credentials = name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str());
            request = if credentials {
                request.header(name, basic(self.account.name(), password()))
            } else {
                request.header(name, value)
            };
        }
        let body = match self.body.as_deref() {
            Some(body) if body.contains("password=***") => {
                body.replace("password=***", &format!("password={}", encode(password())))
            }
            Some(body) => body.to_owned(),
            None if self.is_refresh() => {
                "grant_type=refresh_token&refresh_token=lost&client_id=containers%2Fimage".to_owned()
            }
            None => String::new(),
        };
        request.body(Body::from(body)).unwrap()
    }

    /// What it asks, a resource with its actions each, in order; read by this test's own lights.
    pub(super) fn asked(&self) -> Vec<(String, Vec<&str>)> {
        let body = self.body.as_deref().unwrap_or_default();
        let mut asked: Vec<(String, Vec<&str>)> = Vec::new();
        let pairs =
            form_urlencoded::parse(self.query.as_bytes()).chain(form_urlencoded::parse(body.as_bytes()));
        for (_, value) in pairs.filter(|(name, _)| name == "scope") {
            for scope in value.split(' ') {
                let (resource, actions) = scope.rsplit_once(':').unwrap();
                let known = ["pull", "push", "delete", "*"];
                let actions =
                    known.into_iter().filter(|known| actions.split(',').any(|action| action == *known));
                match asked.iter_mut().find(|(other, _)| other == resource) {
                    Some((_, all)) => {
                        for action in actions {
                            if !all.contains(&action) {
                                all.push(action);
                            }
                        }
                    }
                    None => asked.push((resource.to_owned(), actions.collect())),
                }
            }
        }
        asked
    }
}
