//! A request as a client writes it.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, header};

use super::accounts::basic;

/// A request to a server without a socket.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    query: Vec<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    client: Option<IpAddr>,
}

impl Ask {
    /// Anything.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            client: Some(Ipv4Addr::LOCALHOST.into()),
        }
    }

    /// A GET.
    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A GET of a token for `test-service`.
    pub(crate) fn auth() -> Self {
        Self::auth_for("test-service")
    }

    /// A GET of a token for a service.
    pub(crate) fn auth_for(service: &str) -> Self {
        Self::get("/auth").query("service", service)
    }

    /// A POST of a form.
    pub(crate) fn post(fields: &[(&str, &str)]) -> Self {
        Self::new("POST", "/auth")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(fields))
    }

    /// The same at another path.
    pub(crate) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The same with a parameter in the query.
    pub(crate) fn query(self, name: &str, value: &str) -> Self {
        self.raw_query(&format!("{}={}", encode(name), encode(value)))
    }

    /// The same with a piece of query as it is.
    pub(crate) fn raw_query(mut self, piece: &str) -> Self {
        self.query.push(piece.to_owned());
        self
    }

    /// The same with a scope in the query.
    pub(crate) fn scope(self, scope: &str) -> Self {
        self.query("scope", scope)
    }

    /// The same with Basic credentials.
    pub(crate) fn basic(self, (account, password): (&str, &str)) -> Self {
        self.header(header::AUTHORIZATION.as_str(), &basic(account, password))
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        self
    }

    /// The same with a body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same from another address; none for a unix socket.
    pub(crate) fn from(mut self, client: Option<IpAddr>) -> Self {
        self.client = client;
        self
    }

    pub(super) fn client(&self) -> Option<IpAddr> {
        self.client
    }

    pub(super) fn request(&self) -> Request<Body> {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query.join("&")) };
        let mut request = Request::builder().method(self.method.clone()).uri(format!("{}{query}", self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body.clone())).unwrap()
    }
}

/// Text in a query or a form.
pub(crate) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A form.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
