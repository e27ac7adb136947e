//! Whether a chain of certificates leads from a leaf to one that a registry trusts, as Go's `x509.Certificate.Verify`
//! sees it.

use std::time::SystemTime;

use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

use crate::token::keys::Certificate;

/// Chains that are longer are nobody's.
const LONGEST: usize = 10;
/// Authorities that vouch for each other all round would keep one busy for ever; Go has such a bound too.
const MOST_SIGNATURES: usize = 100;

/// How far a leaf gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// To a trusted certificate; all on the way are valid.
    Trusted,
    /// To one, over a certificate that has ended or not begun: its subject.
    OutOfTime(String),
    /// To none.
    Nowhere,
}

/// A trusted certificate counts wherever in the chain it stands: a leaf in the bundle vouches for itself.
pub(super) fn path(
    leaf: &Certificate,
    intermediates: &[&Certificate],
    trusted: &[Certificate],
    now: SystemTime,
) -> Path {
    let mut chain = vec![leaf];
    let mut signatures = 0;
    step(&mut chain, &mut signatures, intermediates, trusted, now)
}

fn step<'a>(
    chain: &mut Vec<&'a Certificate>,
    signatures: &mut usize,
    intermediates: &[&'a Certificate],
    trusted: &'a [Certificate],
    now: SystemTime,
) -> Path {
    let Some(&last) = chain.last() else { return Path::Nowhere };
    if trusted.iter().any(|root| root.der() == last.der()) {
        let wrong = chain.iter().find(|certificate| !certificate.is_valid_at(now));
        return wrong.map_or(Path::Trusted, |certificate| Path::OutOfTime(certificate.subject().to_owned()));
    }
    if chain.len() >= LONGEST {
        return Path::Nowhere;
    }
    let mut best = Path::Nowhere;
    let authorities = trusted.iter().filter(|held| held.may_issue() || is_of_version_1(held));
    let below = intermediates.iter().copied().filter(|sent| sent.may_issue());
    for issuer in authorities.chain(below) {
        if !last.is_issued_by(issuer) || !allows_below(issuer, chain.len() - 1) {
            continue;
        }
        if chain.iter().any(|seen| is_taken_for(issuer, seen)) {
            continue;
        }
        *signatures += 1;
        if *signatures > MOST_SIGNATURES {
            return best;
        }
        chain.push(issuer);
        let found = step(chain, signatures, intermediates, trusted, now);
        chain.pop();
        match found {
            Path::Trusted => return Path::Trusted,
            Path::OutOfTime(_) => best = found,
            Path::Nowhere => {}
        }
    }
    best
}

/// Whether both are one to Go, which puts no certificate into a chain twice: subject, key and alternative names decide.
/// So a self-signed certificate never vouches for its successor with the same key.
fn is_taken_for(one: &Certificate, other: &Certificate) -> bool {
    match (X509Certificate::from_der(one.der()), X509Certificate::from_der(other.der())) {
        (Ok((_, one)), Ok((_, other))) => {
            one.subject().as_raw() == other.subject().as_raw()
                && one.public_key().raw == other.public_key().raw
                && alternative_names(&one) == alternative_names(&other)
        }
        _ => false,
    }
}

/// Whether an authority may stand above so many others (RFC 5280 section 4.2.1.9).
fn allows_below(issuer: &Certificate, authorities: usize) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(issuer.der()) else { return false };
    let constraints = parsed.basic_constraints().ok().flatten();
    let most = constraints.and_then(|found| found.value.path_len_constraint);
    most.is_none_or(|most| usize::try_from(most).is_ok_and(|most| authorities <= most))
}

/// Version 1 has no extensions that could say who is an authority: a trusted one is. `openssl x509 -req -signkey` makes
/// such certificates.
fn is_of_version_1(certificate: &Certificate) -> bool {
    X509Certificate::from_der(certificate.der()).is_ok_and(|(_, parsed)| parsed.version() == X509Version::V1)
}

fn alternative_names<'a>(certificate: &X509Certificate<'a>) -> Option<&'a [u8]> {
    let mut extensions = certificate.extensions().iter();
    extensions.find(|extension| extension.oid == OID_X509_EXT_SUBJECT_ALT_NAME).map(|found| found.value)
}
