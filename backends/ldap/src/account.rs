//! From what a client wrote to the account.

use dockgate_api::BackendError;

use crate::dn::{Dn, same_text, same_type};
use crate::entry::Entry;

/// Bytes of an account, as at the server's door.
const LONGEST: usize = 256;

/// The Windows domains whose `DOMAIN\` is taken off an account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Domains(Vec<String>);

impl Domains {
    /// Names as a client may write them: `CORP`, `corp.example.com`.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The account without its domain; none if it is of a domain that is not known here, or has nothing behind the domain.
    /// Without known domains a `\` is a character like others.
    pub(crate) fn account<'a>(&self, typed: &'a str) -> Option<&'a str> {
        let Some((domain, account)) = typed.split_once('\\').filter(|_| !self.0.is_empty()) else {
            return Some(typed);
        };
        let is_ours = self.0.iter().any(|known| same_text(known, domain));
        (is_ours && !account.is_empty()).then_some(account)
    }
}

/// The account of an entry in its one spelling, so that rules, tokens and logs know everybody by one name.
///
/// That is the value of `attribute`. Without one it is a value of the attributes that the filter compares with the account
/// (`asserted`): the one that was typed, in the entry's spelling; or the entry's own, where the directory found it by other
/// means (it may take `ａlice` for `alice`). Only where the entry shows none of them it is what was typed. Of several values
/// the one in the entry's name counts, since its owner may be allowed to write others beside it; else the smallest.
///
/// # Errors
/// If the entry has no such attribute, or its value cannot be an account.
pub(crate) fn canonical(
    typed: &str,
    entry: &Entry,
    attribute: Option<&str>,
    asserted: &[String],
) -> Result<String, BackendError> {
    let Some(attribute) = attribute else {
        let of_typed = |attribute: &String| {
            let value = entry.texts(attribute).filter(|value| same_text(value, typed)).min()?;
            Some((attribute.clone(), value_in_name(entry, attribute).unwrap_or(value)))
        };
        let of_entry = |attribute: &String| Some((attribute.clone(), own_value(entry, attribute)?));
        let found = asserted.iter().find_map(of_typed).or_else(|| asserted.iter().find_map(of_entry));
        return match found {
            Some((attribute, value)) => sound(value, &format!("the attribute `{attribute}` of {}", entry.dn)),
            None => sound(typed, "what the client wrote"),
        };
    };
    let source = format!("the attribute `{attribute}` of {}", entry.dn);
    match own_value(entry, attribute) {
        Some(value) => sound(value, &source),
        None => Err(BackendError::Protocol(format!(
            "{source} has no value that could be the account: give it one, let the service account read it, or name another \
             attribute as `account_attribute`"
        ))),
    }
}

fn own_value<'a>(entry: &'a Entry, attribute: &str) -> Option<&'a str> {
    value_in_name(entry, attribute).or_else(|| entry.texts(attribute).min())
}

/// The value of an attribute by which the entry is called, as the entry spells it; none if it is called by another one.
pub(crate) fn value_in_name<'a>(entry: &'a Entry, attribute: &str) -> Option<&'a str> {
    let dn = Dn::parse(&entry.dn).ok();
    let is_in_name = |value: &&str| {
        let mut leaf = dn.iter().flat_map(Dn::leaf);
        leaf.any(|(kind, text)| same_type(kind, attribute) && same_text(text, value))
    };
    entry.texts(attribute).filter(is_in_name).min()
}

fn sound(account: &str, source: &str) -> Result<String, BackendError> {
    let wrong = if account.trim().is_empty() {
        "is empty"
    } else if account.len() > LONGEST {
        "is longer than 256 bytes"
    } else if account.chars().any(is_unprintable) {
        "has control characters or such as turn the direction of writing"
    } else {
        return Ok(account.to_owned());
    };
    Err(BackendError::Protocol(format!("{source} {wrong}: that cannot be an account")))
}

/// As at the server's door: what moves the cursor, ends a line, or turns the direction of what follows.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(dn: &str, values: &[(&str, &str)]) -> Entry {
        let mut entry = Entry::new(dn);
        for (attribute, value) in values {
            entry.add(attribute, [value.as_bytes().to_vec()]);
        }
        entry
    }

    fn asserted(attributes: &[&str]) -> Vec<String> {
        attributes.iter().map(|&attribute| attribute.to_owned()).collect()
    }

    #[test]
    fn domains() {
        let known = Domains::new(["CORP".to_owned(), "corp.example.com".to_owned()]);
        for (typed, account) in [
            ("alice", Some("alice")),
            ("CORP\\alice", Some("alice")),
            ("corp\\Alice", Some("Alice")),
            ("Corp.Example.COM\\alice", Some("alice")),
            ("OTHER\\alice", None),
            ("\\alice", None),
            ("CORP\\", None),
            ("CORP\\OTHER\\alice", Some("OTHER\\alice")),
            ("alice@corp.example.com", Some("alice@corp.example.com")),
            ("", Some("")),
        ] {
            assert_eq!(known.account(typed), account, "{typed}");
        }
        assert_eq!(Domains::default().account("CORP\\alice"), Some("CORP\\alice"));
    }

    #[test]
    fn the_attribute_that_is_named() {
        for (dn, values, account) in [
            ("cn=x", &[("uid", "Alice")][..], "Alice"),
            ("uid=bob,dc=x", &[("uid", "alice"), ("UID", "BOB")], "BOB"),
            ("userid=bob+cn=x,dc=x", &[("uid", "alice"), ("uid", "bob")], "bob"),
            ("cn=bob,dc=x", &[("uid", "bob"), ("uid", "alice")], "alice"),
            ("no name", &[("uid", "bob")], "bob"),
        ] {
            assert_eq!(
                canonical("typed", &entry(dn, values), Some("uid"), &[]).as_deref(),
                Ok(account),
                "{dn}"
            );
        }
        let nobody = canonical("typed", &entry("cn=x", &[("cn", "x")]), Some("uid"), &asserted(&["cn"]));
        let error = nobody.unwrap_err().to_string();
        assert!(
            error.contains("`uid` of cn=x has no value") && error.contains("account_attribute"),
            "{error}"
        );
    }

    #[test]
    fn the_attributes_that_the_filter_compares() {
        let both = asserted(&["uid", "mail"]);
        let alice = entry(
            "uid=Alice,dc=x",
            &[("uid", "Alice"), ("uid", "another"), ("mail", "Alice@example.com"), ("mail", "a@example.com")],
        );
        for (typed, account) in [
            ("alice", "Alice"),
            ("ALICE", "Alice"),
            (" alice ", "Alice"),
            ("alice@EXAMPLE.com", "Alice@example.com"),
            ("another", "Alice"),
            ("A@example.com", "a@example.com"),
            ("ａlice", "Alice"),
            ("álice", "Alice"),
        ] {
            assert_eq!(canonical(typed, &alice, None, &both).as_deref(), Ok(account), "{typed}");
        }
        assert_eq!(canonical("aLice", &entry("cn=x", &[("mail", "m")]), None, &both).as_deref(), Ok("m"));
        assert_eq!(canonical("aLice", &entry("cn=x", &[]), None, &both).as_deref(), Ok("aLice"));
        assert_eq!(canonical("aLice", &alice, None, &[]).as_deref(), Ok("aLice"));
    }

    #[test]
    fn what_cannot_be_an_account() {
        let long = "a".repeat(257);
        for value in
            ["", "  ", "a\nb", "a\0", "a\u{202e}b", "\u{2028}", "\u{202a}", "\u{200f}x", long.as_str()]
        {
            for attribute in [Some("uid"), None] {
                let answer =
                    canonical(value, &entry("cn=x", &[("uid", value)]), attribute, &asserted(&["uid"]));
                let error = answer.unwrap_err().to_string();
                assert!(error.contains("`uid` of cn=x") && error.contains("cannot be an account"), "{error}");
            }
            assert!(canonical(value, &entry("cn=x", &[]), None, &[]).is_err());
        }
        assert!(canonical(&"a".repeat(256), &entry("cn=x", &[]), None, &[]).is_ok());
        let mut bytes = Entry::new("cn=x");
        bytes.add("uid", [vec![0xff]]);
        assert!(canonical("x", &bytes, Some("uid"), &[]).is_err());
    }

    proptest! {
        #[test]
        fn spellings_are_one_account(name in "[a-z][a-z0-9. ]{0,20}[a-z]", upper in any::<bool>()) {
            let typed = if upper { name.to_ascii_uppercase() } else { format!(" {name}") };
            let entry = entry("cn=x,dc=x", &[("uid", &name), ("uid", "another")]);
            prop_assert_eq!(canonical(&typed, &entry, None, &asserted(&["uid"])).unwrap(), name);
        }
    }
}
