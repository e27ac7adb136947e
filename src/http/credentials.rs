//! The `Authorization` header (RFC 7617).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use dockgate_api::Credential;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An account and its password, as a client sent them.
#[derive(Debug)]
pub(super) struct Basic {
    pub(super) account: String,
    pub(super) password: SecretString,
}

impl Basic {
    /// Who somebody claims to be, and what proves it: neither a name nor a password is nobody.
    pub(super) fn into_login(self) -> (String, Credential) {
        let is_nobody = self.account.is_empty() && self.password.expose_secret().is_empty();
        let credential = if is_nobody { Credential::None } else { Credential::Password(self.password) };
        (self.account, credential)
    }
}

/// What a request proves itself with.
#[derive(Debug)]
pub(super) enum Proof {
    /// With nothing.
    Nothing,
    /// With an account and its password.
    Basic(Basic),
    /// With a token (RFC 6750, section 2.1).
    Bearer(SecretString),
}

/// Why a header proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// It cannot be read.
    Malformed,
    /// It is of a scheme that is not accepted here.
    Scheme,
}

/// Reads Basic credentials, if the request carries any.
///
/// # Errors
/// A header that is there and cannot be read: the request must not pass for an anonymous one.
pub(super) fn basic(headers: &HeaderMap) -> Result<Option<Basic>, BadHeader> {
    match proof(headers)? {
        Proof::Nothing => Ok(None),
        Proof::Basic(basic) => Ok(Some(basic)),
        Proof::Bearer(_) => Err(BadHeader::Scheme),
    }
}

/// The same where a token proves something too.
///
/// # Errors
/// As [`basic`].
pub(super) fn proof(headers: &HeaderMap) -> Result<Proof, BadHeader> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(Proof::Nothing) };
    if values.next().is_some() {
        return Err(BadHeader::Malformed);
    }
    let value = value.to_str().map_err(|_| BadHeader::Malformed)?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Proof::Bearer(SecretString::from(rest.trim())));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        read_basic(rest).map(Proof::Basic)
    } else {
        Err(BadHeader::Scheme)
    }
}

fn read_basic(encoded: &str) -> Result<Basic, BadHeader> {
    let decoded = BASE64.decode(encoded.trim()).map_err(|_| BadHeader::Malformed)?;
    let decoded = String::from_utf8(decoded).map_err(|_| BadHeader::Malformed)?;
    let (account, password) = decoded.split_once(':').ok_or(BadHeader::Malformed)?;
    Ok(Basic { account: account.to_owned(), password: SecretString::from(password.to_owned()) })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Result<Option<(String, String)>, BadHeader> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let read = basic(&headers)?;
        Ok(read.map(|basic| (basic.account, basic.password.expose_secret().to_owned())))
    }

    #[test]
    fn headers_as_clients_send_them() {
        let pair = |account: &str, password: &str| Ok(Some((account.to_owned(), password.to_owned())));
        assert_eq!(read("Basic YWxpY2U6c2VjcmV0"), pair("alice", "secret"));
        assert_eq!(read("basic YWxpY2U6c2VjcmV0"), pair("alice", "secret"));
        assert_eq!(read("Basic YTpiOmM="), pair("a", "b:c"));
        assert_eq!(read("Basic YTpiOmM"), pair("a", "b:c"));
        assert_eq!(read("Basic w7w6w7w="), pair("ü", "ü"));
        assert_eq!(read("Basic Og=="), pair("", ""));
    }

    #[test]
    fn a_header_that_cannot_be_read_is_not_an_absent_one() {
        for bad in ["Basic", "Basic !", "Basic /////w==", "Basic YWJj", "Basic YTpi=YTpi"] {
            assert_eq!(read(bad), Err(BadHeader::Malformed), "{bad}");
        }
        assert_eq!(read("Bearer abc"), Err(BadHeader::Scheme));
        assert_eq!(read(""), Err(BadHeader::Scheme));
        assert!(basic(&HeaderMap::new()).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn never_panics(value in "[ -~\u{80}-\u{ff}]{0,60}") {
            let _ = read(&value);
        }
    }
}
