//! Why a handshake came to nothing, in words.

use std::error::Error;
use std::io;
use std::time::SystemTime;

use dockgate_api::config::Moment;
use rustls::{AlertDescription, CertificateError, PeerIncompatible};
use rustls_pki_types::UnixTime;

use crate::certificate::plain;

/// What webpki says of a server whose certificate may sign others, as those of `openssl req -x509` may.
const OF_AN_AUTHORITY: &str = "CaUsedAsEndEntity";
/// What it says of one that is older than subjectAltName.
const OF_AN_OLD_VERSION: &str = "UnsupportedCertVersion";

/// What an administrator can do about it: keys of the configuration differ from one client to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cures<'a> {
    /// About a server that nobody vouches for.
    pub authority: &'a str,
    /// About a certificate for other names than expected; empty if there is no way but another certificate.
    pub name: &'a str,
    /// About a server that wants to see a certificate.
    pub certificate: &'a str,
}

/// What to tell of a failed handshake, or of a connection that TLS ended: nothing if TLS had no part in it. The text is for
/// the end of a sentence that names the server.
pub fn failure(error: &(dyn Error + 'static), cures: &Cures<'_>) -> Option<String> {
    if chain(error).any(is_abrupt) {
        return Some("it closed the connection without an end of TLS".to_owned());
    }
    let tls = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>())?;
    Some(match tls {
        rustls::Error::InvalidCertificate(error) => certificate(error, cures),
        rustls::Error::AlertReceived(alert) => told(*alert, cures),
        rustls::Error::InvalidMessage(_) => "what it says is no TLS: is this port one for it?".to_owned(),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "it speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        rustls::Error::PeerIncompatible(error) => {
            format!("no way of speaking TLS is common to both: {error:?}")
        }
        other => format!("TLS failed: {other}"),
    })
}

/// What rustls says of a connection that was closed without `close_notify`, with a link to its own pages.
fn is_abrupt(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| {
        error.kind() == io::ErrorKind::UnexpectedEof && error.to_string().contains("close_notify")
    })
}

/// The server's certificate is not taken.
fn certificate(error: &CertificateError, cures: &Cures<'_>) -> String {
    match error {
        // The second: by one of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("its certificate is signed by nobody who is trusted here: {}", cures.authority)
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let expected = expected.to_str();
            let cure = if cures.name.is_empty() { String::new() } else { format!(": {}", cures.name) };
            if presented.is_empty() {
                return format!(
                    "its certificate is not valid for name `{expected}`, nor for any other: it has no subjectAltName (a \
                     common name in its subject does not count)"
                );
            }
            let presented: Vec<_> = presented.iter().map(|name| format!("`{}`", bare(name))).collect();
            format!(
                "its certificate is not valid for name `{expected}`, only for {}{cure}",
                presented.join(", ")
            )
        }
        CertificateError::ExpiredContext { time, not_after } => {
            format!(
                "its certificate expired: it was valid until {}, and now is {}",
                at(*not_after),
                at(*time)
            )
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("its certificate is not valid before {}, and now is {}", at(*not_before), at(*time))
        }
        CertificateError::InvalidPurposeContext { .. } | CertificateError::InvalidPurpose => {
            "its certificate is not meant for servers (extendedKeyUsage): make it one with `serverAuth`"
                .to_owned()
        }
        CertificateError::Other(other) if other.to_string() == OF_AN_AUTHORITY => {
            "it shows an authority's own certificate: make it one with `CA:FALSE`".to_owned()
        }
        CertificateError::Other(other) if other.to_string().starts_with(OF_AN_OLD_VERSION) => {
            "its certificate is of an old version, without subjectAltName: make it one of version 3"
                .to_owned()
        }
        other => format!("its certificate cannot be used: {other}"),
    }
}

/// What the server said of us.
fn told(alert: AlertDescription, cures: &Cures<'_>) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            format!("it wants to see a certificate: {}", cures.certificate)
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => {
            format!("it does not take our certificate ({alert:?}): {}", cures.certificate)
        }
        AlertDescription::ProtocolVersion => "it speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => format!(
            "it refuses the handshake ({alert:?}): it has no cipher in common with us, or wants to see a certificate"
        ),
        AlertDescription::UnrecognisedName => "it does not know the name that it was asked for".to_owned(),
        other => format!("it ended TLS ({other:?})"),
    }
}

/// `DnsName("dc1.example.com")`, as webpki shows names, is the name alone.
fn bare(shown: &str) -> String {
    let inside = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    plain(inside.map_or(shown, |inside| inside.trim_matches('"')))
}

fn at(time: UnixTime) -> Moment {
    let since = std::time::Duration::from_secs(time.as_secs());
    Moment(SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH))
}

/// The innermost reason: those around it only say that something failed.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// An error and what is below it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    // An `io::Error` hides what it was made of from `source`.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}
