//! Forms that come back from our pages.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::body::Body;
use axum::http::{HeaderMap, header};

use super::{PublicUrl, Session, Trouble, Visit};
use crate::http::{BadBody, is_form, read_body};

/// A form of somebody who is signed in, sent by one of our pages.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

/// The field that every form has.
const CSRF: &str = "csrf";

impl Form {
    /// Reads a form and looks whether it is ours. What is not asked for later is ignored.
    ///
    /// # Errors
    /// If it is not ours, or cannot be read.
    pub(crate) async fn read(visit: &Visit, session: &Session, body: Body) -> Result<Self, Trouble> {
        if !is_from_here(&visit.headers, &visit.here) {
            return Err(Trouble::Forged);
        }
        if !is_form(&visit.headers) {
            return Err(Trouble::BadRequest("A form was expected."));
        }
        let body = read_body(body, visit.state.limits()).await.map_err(|bad| match bad {
            BadBody::TooLarge => Trouble::TooLarge,
            BadBody::TooSlow => Trouble::TooSlow,
            BadBody::Broken => Trouble::BadRequest("The form ended early."),
        })?;
        let fields = form_urlencoded::parse(&body);
        let form = Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect());
        let sent = form.one(CSRF)?.ok_or(Trouble::Forged)?;
        verify_slices_are_equal(sent.as_bytes(), session.csrf().as_bytes()).map_err(|_| Trouble::Forged)?;
        Ok(form)
    }

    /// A field that may stand once; none if it is not there.
    ///
    /// # Errors
    /// If it stands twice: which of them counts would be anybody's guess.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Trouble> {
        let mut values = self.0.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Trouble::BadRequest("A field stands twice in the form.")),
        }
    }
}

/// What browsers say of where a form comes from, if they do (Fetch Metadata; RFC 6454, section 7). Our pages send no
/// referrer, and a form's origin is `null` then: that says nothing. The token in the form decides in any case.
fn is_from_here(headers: &HeaderMap, here: &PublicUrl) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    headers.get(header::ORIGIN).is_none_or(|origin| origin == "null" || *origin == here.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_form_comes_from() {
        let here = PublicUrl::parse("https://auth.example.com/x").unwrap();
        let from = |lines: &[(&'static str, &str)]| {
            let lines = lines
                .iter()
                .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().unwrap()));
            is_from_here(&lines.collect(), &here)
        };
        assert!(from(&[]), "an old browser");
        assert!(from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(from(&[("origin", "null")]), "our pages send no referrer");
        assert!(from(&[("origin", "https://auth.example.com")]));
        for other in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://auth.example.com")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example.com")],
            &[("origin", "http://auth.example.com")],
        ] {
            assert!(!from(other), "{other:?}");
        }
    }

    #[test]
    fn a_field_stands_once() {
        let form = Form(vec![("a".into(), "1".into()), ("b".into(), "2".into()), ("b".into(), "3".into())]);
        assert_eq!(form.one("a").unwrap(), Some("1"));
        assert_eq!(form.one("c").unwrap(), None);
        assert!(form.one("b").is_err());
    }
}
