//! The `Authorization` header (RFC 7617).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use dockgate_api::secrecy::SecretString;

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
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(BadHeader::Malformed);
    }
    let value = value.to_str().map_err(|_| BadHeader::Malformed)?;
    let (scheme, encoded) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(BadHeader::Scheme);
    }
    let decoded = BASE64.decode(encoded.trim()).map_err(|_| BadHeader::Malformed)?;
    let decoded = String::from_utf8(decoded).map_err(|_| BadHeader::Malformed)?;
    let (account, password) = decoded.split_once(':').ok_or(BadHeader::Malformed)?;
    Ok(Some(Basic { account: account.to_owned(), password: SecretString::from(password.to_owned()) }))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use dockgate_api::secrecy::ExposeSecret;
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
