//! The form that a program sends.

use axum::body::Body;
use dockgate_api::secrecy::SecretString;

use super::answer::Refused;
use crate::http::{is_form, read_body};
use crate::login::Visit;
use crate::scope::is_unprintable;

/// In characters.
const LONGEST_NAME: usize = 64;

/// Its fields; none of them is shown, for some are secrets.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) async fn read(visit: &Visit, body: Body) -> Result<Self, Refused> {
        if !is_form(&visit.headers) {
            return Err(Refused::Request("the body must be application/x-www-form-urlencoded"));
        }
        let body = read_body(body, visit.state.limits()).await?;
        Ok(Self::parse(&body))
    }

    fn parse(body: &[u8]) -> Self {
        let fields = form_urlencoded::parse(body);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A field; an empty one is none (RFC 6749, section 3.1).
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Refused> {
        let mut values = self.0.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Refused::Request("a parameter stands twice")),
        }
    }

    pub(super) fn secret(&self, name: &str, lacking: &'static str) -> Result<SecretString, Refused> {
        let value = self.one(name)?.ok_or(Refused::Request(lacking))?;
        Ok(SecretString::from(value.to_owned()))
    }

    /// What a program calls itself: one short line, for people to read.
    pub(super) fn name(&self, name: &str) -> Result<Option<String>, Refused> {
        let Some(value) = self.one(name)?.map(str::trim).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        if value.chars().count() > LONGEST_NAME || value.contains(is_unprintable) {
            return Err(Refused::Request("client_id and client_name are one line of at most 64 letters"));
        }
        Ok(Some(value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        let named = |body: &str| Params::parse(body.as_bytes()).name("client_name");
        assert_eq!(named("client_name=+a%27s+laptop+").unwrap().as_deref(), Some("a's laptop"));
        assert_eq!(named("client_name=+").unwrap(), None);
        for body in [
            "client_name=a&client_name=b",
            "client_name=a%0Ab",
            "client_name=%E2%80%AEb",
            &format!("client_name={}", "a".repeat(65)),
        ] {
            assert!(named(body).is_err(), "{body}");
        }
    }
}
