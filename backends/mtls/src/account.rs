//! Whose account a certificate is.

use dockgate_rules::go_regex;
use regex::{Regex, RegexBuilder};
use x509_parser::prelude::X509Certificate;

use crate::field::Field;

/// The largest automaton of a pattern, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// Where the account stands.
#[derive(Debug)]
pub(crate) struct AccountRule {
    pub(crate) from: Field,
    pub(crate) pattern: Option<Pattern>,
}

/// What a value must look like, and which part of it counts.
#[derive(Debug)]
pub(crate) struct Pattern(Regex);

/// What a certificate says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// One account.
    Account(String),
    /// Nothing of what the rule looks at.
    Nothing,
    /// More than one, or something that is no name.
    Impossible(&'static str),
}

impl Pattern {
    /// A regular expression of RE2 that a whole value must match. Its group, or without one all of it, is the account.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let translated = go_regex::translate(text).map_err(|error| error.to_string())?;
        let regex = RegexBuilder::new(&format!(r"\A(?:{translated})\z")).size_limit(SIZE_LIMIT).build();
        let regex = regex.map_err(|_| "this is too large a pattern".to_owned())?;
        match regex.captures_len() {
            1 | 2 => Ok(Self(regex)),
            _ => Err("which group is the account? Leave one, and write the others as `(?:…)`".to_owned()),
        }
    }

    fn account(&self, value: &str) -> Option<String> {
        let captures = self.0.captures(value)?;
        let group = if self.0.captures_len() == 2 { captures.get(1)? } else { captures.get(0)? };
        Some(group.as_str().to_owned())
    }
}

impl AccountRule {
    /// Whose account it is.
    pub(crate) fn find(&self, certificate: &X509Certificate<'_>) -> Found {
        let values = match self.from.values(certificate) {
            Ok(values) => values,
            Err(why) => return Found::Impossible(why),
        };
        // Of two common names each reader takes another one for the name (RFC 6125 section 1.8).
        if self.from == Field::SubjectCn && values.len() > 1 {
            return Found::Impossible("the certificate has several common names");
        }
        let accounts = values.into_iter().filter_map(|value| match &self.pattern {
            Some(pattern) => pattern.account(&value),
            None => Some(value),
        });
        let mut accounts: Vec<String> = accounts.collect();
        accounts.sort_unstable();
        accounts.dedup();
        match accounts.as_slice() {
            [] => Found::Nothing,
            [account] if account.is_empty() => Found::Impossible("the pattern leaves nothing of the name"),
            [account] => Found::Account(account.clone()),
            _ => Found::Impossible("the certificate names several accounts"),
        }
    }
}
