//! Response controls that tell of the password's age.

pub(super) const CONTROL: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
const EXPIRED: &str = "2.16.840.1.113730.3.4.4";
const EXPIRING: &str = "2.16.840.1.113730.3.4.5";

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
                CONTROL => policy.add(value).ok_or(MALFORMED)?,
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
    fn add(&mut self, value: &[u8]) -> Option<()> {
        if value.is_empty() {
            return Some(());
        }
        let (mut inner, []) = element(value, 0x30)? else { return None };
        if inner.first() == Some(&0xa0) {
            let (warning, rest) = element(inner, 0xa0)?;
            let (number, []) = element(warning, *warning.first()?)? else { return None };
            match warning.first()? {
                0x80 => self.expires_in = Some(integer(number)?),
                0x81 => self.grace_logins = Some(integer(number)?),
                _ => return None,
            }
            inner = rest;
        }
        if !inner.is_empty() {
            let (number, []) = element(inner, 0x81)? else { return None };
            self.trouble = match integer(number)? {
                0 => Some(Trouble::Expired),
                1 => Some(Trouble::Locked),
                2 => Some(Trouble::MustChange),
                // The others are of changes of the password.
                _ => self.trouble,
            };
        }
        Some(())
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

/// The content of an element and what follows it (X.690 section 8.1, lengths below 64 KiB).
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte)), rest)
        }
        _ => return None,
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}

/// An `INTEGER` or `ENUMERATED` that is not negative.
fn integer(bytes: &[u8]) -> Option<u32> {
    let digits = match bytes {
        [] | [0x80..=0xff, ..] => return None,
        [0, rest @ ..] => rest,
        all => all,
    };
    (digits.len() <= 4).then(|| digits.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
}
