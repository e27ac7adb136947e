//! Why there is no new certificate, in words for the log.

use std::time::SystemTime;

use instant_acme::{Error, Problem};

use crate::scope::is_unprintable;

/// Of what an authority says, in characters.
const LONGEST: usize = 600;
const ERRORS: &str = "urn:ietf:params:acme:error:";

/// An order that came to nothing.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// For the log.
    pub(super) reason: String,
    pub(super) kind: Kind,
    /// The authority does not want to be asked before.
    pub(super) not_before: Option<SystemTime>,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody was reached, or something went wrong on the way: to try again costs nothing.
    Passing,
    /// The authority said no: most authorities count how often they do.
    Refused,
    /// The authority says that it was asked too often.
    TooOften,
    /// The account is not known there any more.
    NoAccount,
}

impl Failure {
    /// Something of ours.
    pub(super) fn ours(reason: &str) -> Self {
        Self { reason: plain(reason), kind: Kind::Passing, not_before: None }
    }

    /// The authority looked at a host and was not convinced.
    pub(super) fn of_host(host: &str, problem: &Problem) -> Self {
        let Self { reason, kind, not_before } = Self::said(problem);
        Self { reason: plain(&format!("{host}: {reason}")), kind, not_before }
    }

    pub(super) fn refused(reason: &str) -> Self {
        Self { reason: plain(reason), kind: Kind::Refused, not_before: None }
    }

    fn said(problem: &Problem) -> Self {
        let word = problem.r#type.as_deref().unwrap_or_default();
        let word = word.strip_prefix(ERRORS).unwrap_or(word);
        let kind = match word {
            "badNonce" | "serverInternal" => Kind::Passing,
            "rateLimited" => Kind::TooOften,
            "accountDoesNotExist" => Kind::NoAccount,
            _ => Kind::Refused,
        };
        let detail = problem.detail.as_deref().unwrap_or("the authority gives no reason");
        let mut reason = if word.is_empty() { detail.to_owned() } else { format!("{detail} ({word})") };
        for part in &problem.subproblems {
            let host = part.identifier.as_ref().map(|name| name.authorized(false).to_string());
            let (host, detail) = (host.unwrap_or_default(), part.detail.as_deref().unwrap_or_default());
            reason.push_str(&format!("; {host}: {detail}"));
        }
        Self { reason: plain(&reason), kind, not_before: None }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::said(&problem),
            Error::Timeout(_) => Self::ours("the authority does not come to an end with the order in time"),
            Error::Json(error) => Self::ours(&format!("the authority's answer cannot be read: {error}")),
            other => Self::ours(&other.to_string()),
        }
    }
}

/// One line of bounded length, whatever the authority says.
fn plain(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars().take(LONGEST) {
        if is_unprintable(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Failure {
        Failure::from(Error::Api(serde_json::from_str(text).unwrap()))
    }

    #[test]
    fn what_an_authority_says_is_one_line() {
        let failure = said(
            r#"{"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "no\n2026 ERROR forged",
                "subproblems": [{"identifier": {"type": "dns", "value": "a.example"}, "detail": "policy"}]}"#,
        );
        assert_eq!(failure.kind, Kind::Refused);
        assert_eq!(failure.reason, r"no\n2026 ERROR forged (rejectedIdentifier); a.example: policy");
        let long = said(&format!(r#"{{"detail": "{}"}}"#, "x".repeat(10_000)));
        assert_eq!(long.reason.len(), LONGEST);
    }

    #[test]
    fn what_passes_and_what_does_not() {
        for (word, kind) in [
            ("badNonce", Kind::Passing),
            ("serverInternal", Kind::Passing),
            ("rateLimited", Kind::TooOften),
            ("accountDoesNotExist", Kind::NoAccount),
            ("unauthorized", Kind::Refused),
        ] {
            assert_eq!(said(&format!(r#"{{"type": "{ERRORS}{word}"}}"#)).kind, kind, "{word}");
        }
        assert_eq!(Failure::from(Error::Str("x")).kind, Kind::Passing);
    }
}
