use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

/// One request without a body on a connection of its own.
pub(crate) fn request(method: &str, host: &str, target: &str, authorization: Option<&str>) -> Response {
    let fields: Vec<_> = authorization.map(|value| ("Authorization", value)).into_iter().collect();
    send(method, host, target, &fields, "")
}

/// One request on a connection of its own.
pub(crate) fn send(method: &str, host: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Response {
    let mut stream = TcpStream::connect(host).unwrap_or_else(|error| panic!("{host} is not there: {error}"));
    stream.set_read_timeout(Some(ANSWERED_WITHIN)).unwrap();
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    // HTTP/1.0, so that the body is what follows until the connection ends, never chunked.
    let head =
        format!("{method} {target} HTTP/1.0\r\nHost: {host}\r\n{fields}Content-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{method} {host}{target}: {error}"));
    Response::read(&answer)
}

impl Response {
    /// Takes apart what came until the connection ended.
    #[track_caller]
    pub(crate) fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not HTTP: {answer:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head:?}"));
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every field of that name: there may be several cookies.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// Percent-encodes a value for a query.
pub(crate) fn encode(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
