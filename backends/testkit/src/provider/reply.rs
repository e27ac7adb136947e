//! An answer.

use serde_json::Value;

/// What a provider answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::of(status, "application/json; charset=utf-8", value.to_string())
    }

    /// A form, as GitHub's token endpoint answers if nothing else is asked for.
    pub fn form(status: u16, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::of(status, "application/x-www-form-urlencoded; charset=utf-8", body)
    }

    /// A page.
    pub fn html(status: u16, page: &str) -> Self {
        Self::of(status, "text/html; charset=utf-8", page)
    }

    /// The browser goes elsewhere.
    pub fn redirect(to: &str) -> Self {
        Self::status(302).with("location", to)
    }

    /// Words where JSON is expected, as a proxy in between says them.
    pub fn garbage() -> Self {
        Self::of(200, "application/json", "<html>upstream says: {")
    }

    /// So many bytes of JSON that never ends.
    pub fn huge(bytes: usize) -> Self {
        Self::of(200, "application/json", format!("[\"{}", "a".repeat(bytes)))
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn of(status: u16, kind: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into().into_bytes(),
        }
    }
}
