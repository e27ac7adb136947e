//! What a certificate says.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use dockgate_api::config::Moment;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// For whom a certificate is, by whom, and until when it lasts, as text for an administrator.
pub fn describe(der: &[u8]) -> String {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return "a certificate that cannot be read".to_owned();
    };
    let names = names(&certificate);
    let names = if names.is_empty() { "nobody (no subjectAltName)".to_owned() } else { names.join(", ") };
    let issuer = certificate.issuer();
    let end = moment(certificate.validity().not_after.timestamp());
    plain(&format!("for {names}; issued by {issuer}; valid until {end}"))
}

/// The most of a stranger's words that is shown, in characters.
const LONGEST: usize = 1000;

/// A stranger's words on one line.
pub(crate) fn plain(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The host names and addresses in it (RFC 5280 section 4.2.1.6).
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternatives)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = alternatives.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => address(octets),
        _ => None,
    });
    names.collect()
}

fn address(octets: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(octets).map(|octets| Ipv4Addr::from(octets).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(|octets| Ipv6Addr::from(octets).to_string())).ok()
}

/// Seconds since 1970.
fn moment(seconds: i64) -> Moment {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
    Moment(time.unwrap_or(epoch))
}
