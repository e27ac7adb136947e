//! Whether a chain of certificates leads from a leaf to one that a registry trusts, as Go's `x509.Certificate.Verify`
//! sees it.

use std::time::SystemTime;

use crate::token::keys::Certificate;

/// Chains that are longer are nobody's.
const LONGEST: usize = 10;

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
    step(&mut chain, intermediates, trusted, now)
}

fn step<'a>(
    chain: &mut Vec<&'a Certificate>,
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
    for issuer in trusted.iter().chain(intermediates.iter().copied()) {
        let repeats = chain.iter().any(|seen| seen.der() == issuer.der());
        if repeats || !issuer.may_issue() || !last.is_issued_by(issuer) {
            continue;
        }
        chain.push(issuer);
        let found = step(chain, intermediates, trusted, now);
        chain.pop();
        match found {
            Path::Trusted => return Path::Trusted,
            Path::OutOfTime(_) => best = found,
            Path::Nowhere => {}
        }
    }
    best
}
