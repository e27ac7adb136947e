use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::error::X509Error;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

use super::error::KeyProblem;
use super::pem::Blocks;
use crate::token::public_key::{KeyMaterial, PublicKey};

const PEM_LINE: usize = 64;

/// A certificate of a signing key's chain.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    not_before: SystemTime,
    not_after: SystemTime,
    self_signed: bool,
}

impl Certificate {
    /// The DER encoding.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The PEM encoding (RFC 7468 section 5).
    pub fn pem(&self) -> String {
        let body = STANDARD.encode(&self.der);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        for (position, symbol) in body.chars().enumerate() {
            if position > 0 && position % PEM_LINE == 0 {
                pem.push('\n');
            }
            pem.push(symbol);
        }
        pem + "\n-----END CERTIFICATE-----\n"
    }

    /// The subject's distinguished name, for messages; control characters are replaced.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Start of validity.
    pub fn not_before(&self) -> SystemTime {
        self.not_before
    }

    /// End of validity.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// Whether its own key signed it: the registry then trusts it only if this very certificate is in its
    /// `rootcertbundle`.
    pub fn is_self_signed(&self) -> bool {
        self.self_signed
    }

    /// Every certificate of a PEM file, in its order, and whether a private key stands among them.
    ///
    /// # Errors
    /// There is none, or one of them cannot be read.
    pub fn read_all(pem: &[u8]) -> Result<(Vec<Self>, bool), KeyProblem> {
        let blocks = Blocks::read(pem)?;
        let parsed = parsed(&blocks)?;
        let certificates = parsed.into_iter().map(|(certificate, _)| certificate).collect();
        Ok((certificates, blocks.has_private_key()))
    }

    /// Its public key, if it is of a kind that tokens are signed with.
    pub fn public_key(&self) -> Option<PublicKey> {
        let (_, parsed) = X509Certificate::from_der(&self.der).ok()?;
        PublicKey::from_spki(parsed.public_key().raw).ok()
    }

    /// Whether its time has begun and not ended.
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// Whether it may sign other certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9).
    pub fn may_issue(&self) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(&self.der) else { return false };
        let signs = match parsed.key_usage() {
            Ok(usage) => usage.is_none_or(|usage| usage.value.key_cert_sign()),
            Err(_) => false,
        };
        parsed.is_ca() && signs
    }

    /// Whether it may identify a TLS server, as certificates of public authorities may.
    pub fn is_for_tls_servers(&self) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(&self.der) else { return false };
        parsed.extended_key_usage().ok().flatten().is_some_and(|usage| usage.value.server_auth)
    }

    /// Whether this issuer signed it.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        match (X509Certificate::from_der(&self.der), X509Certificate::from_der(&issuer.der)) {
            (Ok((_, own)), Ok((_, issuer))) => issued_by(&own, &issuer),
            _ => false,
        }
    }

    fn new(der: &[u8], parsed: &X509Certificate<'_>) -> Option<Self> {
        Some(Self {
            der: der.to_vec(),
            subject: subject(parsed),
            not_before: system_time(parsed.validity().not_before)?,
            not_after: system_time(parsed.validity().not_after)?,
            self_signed: issued_by(parsed, parsed),
        })
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .field("self_signed", &self.self_signed)
            .finish_non_exhaustive()
    }
}

/// The leaf and the certificates between it and its root.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) leaf: Certificate,
    pub(super) intermediates: Vec<Certificate>,
    /// Where the chain ends, if the file goes so far.
    pub(super) root: Option<Certificate>,
}

impl Chain {
    /// Finds the certificate of `key` in a PEM file and follows its issuers through the rest of the file.
    pub(super) fn read(pem: &[u8], key: &KeyMaterial) -> Result<Self, KeyProblem> {
        let blocks = Blocks::read(pem)?;
        let mut others = parsed(&blocks)?;

        let of_key = |(_, parsed): &(Certificate, X509Certificate<'_>)| {
            KeyMaterial::of(parsed.public_key()).as_ref() == Some(key)
        };
        // A renewed certificate may stand beside the old one.
        let of_this_key = others.iter().enumerate().filter(|(_, certificate)| of_key(certificate));
        let latest = of_this_key.max_by_key(|(_, (certificate, _))| certificate.not_after);
        let Some(position) = latest.map(|(position, _)| position) else {
            return Err(KeyProblem::NotOfThisKey(
                others.into_iter().map(|(found, _)| found.subject).collect(),
            ));
        };
        let (leaf, mut current) = others.remove(position);
        let (mut intermediates, mut root) = (Vec::new(), None);
        let mut complete = leaf.self_signed;
        while !complete {
            // Each step takes one away, so that certificates that issue each other end too.
            let Some(position) = others.iter().position(|(_, parsed)| issued_by(&current, parsed)) else {
                break;
            };
            let (issuer, parsed) = others.remove(position);
            complete = issuer.self_signed;
            current = parsed;
            if complete {
                root = Some(issuer);
            } else {
                intermediates.push(issuer);
            }
        }
        Ok(Self { leaf, intermediates, root })
    }
}

impl Chain {
    /// The authority that the file goes up to, if it is one for such keys: not one for TLS servers, which issues for
    /// everybody.
    pub(super) fn authority(&self) -> Option<&Certificate> {
        let top = self.root.as_ref().or(self.intermediates.last());
        top.filter(|authority| authority.may_issue() && !self.leaf.is_for_tls_servers())
    }
}

fn parsed(blocks: &Blocks) -> Result<Vec<(Certificate, X509Certificate<'_>)>, KeyProblem> {
    let certificates = blocks.certificates()?.into_iter().enumerate().map(|(position, der)| {
        let bad = || KeyProblem::BadCertificate(position + 1);
        match X509Certificate::from_der(der) {
            Ok(([], parsed)) => Ok((Certificate::new(der, &parsed).ok_or_else(bad)?, parsed)),
            _ => Err(bad()),
        }
    });
    certificates.collect()
}

/// Whether the issuer's name and key are those that signed the certificate. Names alone do not tell: a tutorial's CA
/// and leaf are often both called `localhost`.
fn issued_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == issuer.subject().as_raw()
        && match certificate.verify_signature(Some(issuer.public_key())) {
            // An algorithm that cannot be checked here: the name has to do.
            Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => true,
            Err(_) => false,
        }
}

fn subject(certificate: &X509Certificate<'_>) -> String {
    certificate.subject().to_string().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn system_time(time: ASN1Time) -> Option<SystemTime> {
    let seconds = time.timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}
