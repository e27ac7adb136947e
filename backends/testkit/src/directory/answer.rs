//! Answers, as a server sends them.

use lber::structure::{PL, StructureTag};
use lber::universal::Types;

use super::ber::{self, application, context, enumerated, integer, octets, sequence};
use super::message::Control;

/// Password policy for LDAP directories: request and response (draft-behera-ldap-password-policy section 6).
pub(super) const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
const NETSCAPE_EXPIRED: &str = "2.16.840.1.113730.3.4.4";
const NETSCAPE_EXPIRING: &str = "2.16.840.1.113730.3.4.5";

pub(super) const BIND: u64 = 1;
pub(super) const SEARCH_DONE: u64 = 5;
pub(super) const EXTENDED: u64 = 24;

/// What a bind is answered with: a result code (RFC 4511 section 4.1.9), a text, and controls.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer {
    pub(super) code: u32,
    pub(super) text: String,
    pub(super) referrals: Vec<String>,
    pub(super) controls: Vec<Control>,
}

impl Answer {
    /// Success.
    pub fn success() -> Self {
        Self::code(0)
    }

    /// A result code without a text.
    pub fn code(code: u32) -> Self {
        Self { code, text: String::new(), referrals: Vec::new(), controls: Vec::new() }
    }

    /// As Active Directory refuses a bind: code 49 and, in the text, its own code in hexadecimal. `52e` is a wrong
    /// password, `533` a disabled account, `701` an expired one, `532` an expired password, `773` one that must be
    /// changed, `775` a locked account.
    pub fn active_directory(data: &str) -> Self {
        Self::code(49).text(format!(
            "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {data}, v3839\0"
        ))
    }

    /// With a diagnostic message.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With a control.
    pub fn control(mut self, oid: &str, value: Option<Vec<u8>>) -> Self {
        self.controls.push(Control { oid: oid.to_owned(), critical: false, value });
        self
    }

    /// With the password policy's error: 0 the password expired, 1 the account is locked, 2 the password must be
    /// changed. As with `slapd` it is sent to a client that asked with the request's control.
    pub fn password_policy_error(self, error: u32) -> Self {
        let value = sequence(vec![context(1, PL::P(ber::integer_octets(error)))]);
        self.control(PASSWORD_POLICY, Some(ber::encode(value)))
    }

    /// With the password policy's warning that the password expires in so many seconds.
    pub fn password_policy_expires_in(self, seconds: u32) -> Self {
        self.password_policy_warning(0, seconds)
    }

    /// With the password policy's warning that the password has expired and so many logins are left.
    pub fn password_policy_grace(self, logins: u32) -> Self {
        self.password_policy_warning(1, logins)
    }

    fn password_policy_warning(self, which: u64, number: u32) -> Self {
        let number = context(which, PL::P(ber::integer_octets(number)));
        let value = sequence(vec![context(0, PL::C(vec![number]))]);
        self.control(PASSWORD_POLICY, Some(ber::encode(value)))
    }

    /// With the control of the Netscape servers and their heirs that the password has expired.
    pub fn netscape_expired(self) -> Self {
        self.control(NETSCAPE_EXPIRED, Some(b"0".to_vec()))
    }

    /// With the control of the Netscape servers and their heirs that the password expires in so many seconds.
    pub fn netscape_expires_in(self, seconds: u32) -> Self {
        self.control(NETSCAPE_EXPIRING, Some(seconds.to_string().into_bytes()))
    }

    pub(super) fn referrals(mut self, urls: &[String]) -> Self {
        self.referrals = urls.to_vec();
        self
    }

    /// The operation of an answer: [`BIND`], [`SEARCH_DONE`] or [`EXTENDED`].
    pub(super) fn operation(&self, tag: u64) -> StructureTag {
        let mut parts = vec![enumerated(self.code), octets(""), octets(self.text.as_str())];
        if !self.referrals.is_empty() {
            let urls = self.referrals.iter().map(|url| octets(url.as_str())).collect();
            parts.push(context(3, PL::C(urls)));
        }
        application(tag, PL::C(parts))
    }

    pub(super) fn message(&self, id: u32, tag: u64) -> Vec<u8> {
        message(id, self.operation(tag), &self.controls)
    }
}

pub(super) fn message(id: u32, operation: StructureTag, controls: &[Control]) -> Vec<u8> {
    let mut parts = vec![integer(id), operation];
    if !controls.is_empty() {
        parts.push(context(0, PL::C(controls.iter().map(control).collect())));
    }
    ber::encode(sequence(parts))
}

fn control(control: &Control) -> StructureTag {
    let mut parts = vec![octets(control.oid.as_str())];
    if control.critical {
        parts.push(ber::universal(Types::Boolean, PL::P(vec![0xff])));
    }
    parts.extend(control.value.clone().map(octets));
    sequence(parts)
}

/// An entry of a search (RFC 4511 section 4.5.2).
pub(super) fn entry(dn: &str, attributes: Vec<(String, Vec<Vec<u8>>)>) -> StructureTag {
    let attributes = attributes
        .into_iter()
        .map(|(name, values)| {
            let values = values.into_iter().map(octets).collect();
            sequence(vec![octets(name), ber::universal(Types::Set, PL::C(values))])
        })
        .collect();
    application(4, PL::C(vec![octets(dn), sequence(attributes)]))
}

/// That more is elsewhere (RFC 4511 section 4.5.3).
pub(super) fn reference(urls: &[String]) -> StructureTag {
    application(19, PL::C(urls.iter().map(|url| octets(url.as_str())).collect()))
}

/// Who somebody is (RFC 4532).
pub(super) fn who_am_i(id: u32, name: &str) -> Vec<u8> {
    let who = if name.is_empty() { String::new() } else { format!("dn:{name}") };
    let parts = vec![enumerated(0), octets(""), octets(""), context(11, PL::P(who.into_bytes()))];
    message(id, application(EXTENDED, PL::C(parts)), &[])
}

/// The notice of disconnection (RFC 4511 section 4.4.1).
pub(super) fn disconnection() -> Vec<u8> {
    let oid = context(10, PL::P(b"1.3.6.1.4.1.1466.20036".to_vec()));
    let parts = vec![enumerated(52), octets(""), octets("the server goes down"), oid];
    message(0, application(EXTENDED, PL::C(parts)), &[])
}
