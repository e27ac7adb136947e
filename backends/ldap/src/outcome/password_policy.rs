//! Response controls that tell of the password's age.

use std::cell::Cell;

use crate::wire::PASSWORD_POLICY;
use crate::wire::ber::{Elements, Problem, SEQUENCE, number};

const EXPIRED: &str = "2.16.840.1.113730.3.4.4";
const EXPIRING: &str = "2.16.840.1.113730.3.4.5";

/// Tags within the control.
const WARNING: u8 = 0xa0;
const ERROR: u8 = 0x81;
/// More than a control has.
const MOST_ELEMENTS: usize = 4;

const MALFORMED: &str = "the control of the password policy cannot be read";

/// Why an account must not log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Expired,
    Locked,
    MustChange,
}

/// What all controls say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) trouble: Option<Trouble>,
    /// Seconds until the password expires.
    expires_in: Option<u32>,
    /// How often an expired password may still be used.
    grace_logins: Option<u32>,
}

impl Policy {
    /// # Errors
    /// If a control is not what it should be.
    pub(super) fn read(controls: &[(String, Option<Vec<u8>>)]) -> Result<Self, &'static str> {
        let mut policy = Self::default();
        for (oid, value) in controls {
            let value = value.as_deref().unwrap_or_default();
            match oid.as_str() {
                PASSWORD_POLICY => policy.add(value).map_err(|_| MALFORMED)?,
                EXPIRED => policy.trouble = policy.trouble.or(Some(Trouble::Expired)),
                EXPIRING => {
                    policy.expires_in =
                        std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
                }
                _ => {}
            }
        }
        Ok(policy)
    }

    /// A `PasswordPolicyResponseValue` (draft-behera-ldap-password-policy-10 section 6.2).
    fn add(&mut self, value: &[u8]) -> Result<(), Problem> {
        if value.is_empty() {
            return Ok(());
        }
        let left = Cell::new(MOST_ELEMENTS);
        let mut whole = Elements::of(value, &left);
        let mut parts = whole.inside(SEQUENCE)?;
        whole.end()?;
        if let Some(warning) = parts.maybe(WARNING)? {
            let mut warning = parts.within(warning);
            match warning.next()?.ok_or("a warning of nothing")? {
                (0x80, seconds) => self.expires_in = Some(number(seconds)?),
                (0x81, logins) => self.grace_logins = Some(number(logins)?),
                _ => return Err("a warning of another kind"),
            }
            warning.end()?;
        }
        if let Some(error) = parts.maybe(ERROR)? {
            self.trouble = match number(error)? {
                0 => Some(Trouble::Expired),
                1 => Some(Trouble::Locked),
                2 => Some(Trouble::MustChange),
                // The others are of changes of the password.
                _ => self.trouble,
            };
        }
        parts.end()
    }

    /// What the administrator may want to know of an account that may log in.
    pub(super) fn note(&self) -> Option<String> {
        match (self.grace_logins, self.expires_in) {
            (Some(left), _) => Some(format!("the password has expired; it can be used {left} more times")),
            (None, Some(seconds)) => Some(format!("the password expires in {seconds} seconds")),
            (None, None) => None,
        }
    }
}
