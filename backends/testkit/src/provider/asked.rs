//! A request, read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A request that a provider got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query, as it was sent.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Asked {
    /// A request for a URL or a path, without headers or body.
    pub fn new(method: &str, url: &str) -> Self {
        let host =
            if url.starts_with('/') { url } else { url.split_once("://").map_or(url, |(_, rest)| rest) };
        let target = host.find('/').and_then(|at| host.get(at..)).unwrap_or("/");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: pairs(query.as_bytes()),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A POST of a form.
    pub fn form(url: &str, fields: &[(&str, &str)]) -> Self {
        let mut asked = Self::new("POST", url);
        asked.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        asked.body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes();
        asked
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first parameter of this name in the query.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first field of this name in a form or in a JSON object.
    pub fn field(&self, name: &str) -> Option<String> {
        if self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            let json: Value = serde_json::from_slice(&self.body).ok()?;
            return json.get(name)?.as_str().map(str::to_owned);
        }
        pairs(&self.body).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The token of an `Authorization` header: `Bearer`, or GitHub's old `token`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        ["bearer", "token"].contains(&scheme.to_ascii_lowercase().as_str()).then_some(token)
    }

    /// Id and secret of the client: HTTP Basic, where each is form-encoded (RFC 6749, section 2.3.1), or fields of the form.
    pub fn client(&self) -> (String, Option<String>) {
        let basic = self.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let basic =
            basic.and_then(|text| STANDARD.decode(text).ok()).and_then(|raw| String::from_utf8(raw).ok());
        if let Some((id, secret)) = basic.as_deref().and_then(|text| text.split_once(':')) {
            return (decoded(id), Some(decoded(secret)));
        }
        (self.field("client_id").unwrap_or_default(), self.field("client_secret"))
    }

    /// The steps of the path, decoded: a group's path is one step even with a slash in it.
    pub(super) fn steps(&self) -> Vec<String> {
        self.path.split('/').filter(|step| !step.is_empty()).map(decoded_path).collect()
    }

    /// The target with other parameters in the query: the rest stays.
    pub(super) fn target_with(&self, name: &str, value: &str) -> String {
        let kept = self.query.iter().filter(|(known, _)| known != name);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair(name, value)
            .finish();
        format!("{}?{query}", self.path)
    }
}

/// What a form or a query holds.
pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn decoded(text: &str) -> String {
    pairs(format!("x={text}").as_bytes()).pop().map(|(_, value)| value).unwrap_or_default()
}

/// In a path a plus is a plus.
fn decoded_path(step: &str) -> String {
    decoded(&step.replace('+', "%2B").replace('&', "%26"))
}
