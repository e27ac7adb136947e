use rustls_pki_types::pem::{Error as PemError, PemObject as _, SectionKind};

use super::error::KeyProblem;

/// How a PEM block is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemDamage {
    /// The `BEGIN` line goes on: everything stands in one line, or line ends are written as `\n`.
    #[error("its line breaks are lost")]
    LineBreaksLost,
    /// No `END` line.
    #[error("its END line is missing")]
    NoEnd,
    /// The body is not base64.
    #[error("its body is not base64")]
    NotBase64,
}

/// The PEM blocks of a file, in order. Text around them is ignored, as RFC 7468 section 2 asks.
pub(super) struct Blocks {
    /// Label of every block, whole or not, known or not.
    labels: Vec<String>,
    sections: Vec<(SectionKind, Vec<u8>)>,
    damage: Option<PemDamage>,
    encrypted: bool,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const LONGEST_LABEL: usize = 40;

impl Blocks {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, KeyProblem> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(KeyProblem::Empty);
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(KeyProblem::Utf16);
        }
        let lines = || bytes.split(|&byte| byte == b'\n' || byte == b'\r');
        let begins: Vec<&[u8]> = lines().filter_map(|line| line.strip_prefix(BEGIN)).collect();
        let labels: Vec<String> = begins.iter().filter_map(|rest| label(rest)).collect();
        if labels.is_empty() {
            // 0x30 is the tag of a SEQUENCE, 0x8n its long length: so start certificates and RSA keys; short EC
            // keys have the length in one byte.
            let der = matches!(bytes, [0x30, 0x80..=0x83, ..] | [0x30, _, 0x02, 0x01, ..]);
            return Err(if der { KeyProblem::Der } else { KeyProblem::NotPem });
        }
        let encrypted = labels.iter().any(|label| label == "ENCRYPTED PRIVATE KEY")
            || lines()
                .any(|line| line.starts_with(b"Proc-Type:") && line.trim_ascii_end().ends_with(b"ENCRYPTED"));

        let one_line = begins.iter().any(|rest| !is_whole(rest));
        let damage = one_line.then_some(PemDamage::LineBreaksLost);
        let mut blocks = Self { labels, sections: Vec::new(), damage, encrypted };
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
            match section {
                Ok(section) => blocks.sections.push(section),
                // The library's error can quote the line, and so the key: only its kind is kept.
                Err(error) => blocks.damage = blocks.damage.or(Some(damage_of(&error))),
            }
        }
        Ok(blocks)
    }

    /// The first private key, as Go's `LoadX509KeyPair` takes it.
    pub(super) fn private_key(&self) -> Result<&[u8], KeyProblem> {
        let is_key = |kind| {
            matches!(kind, SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey)
        };
        if let Some((_, der)) = self.sections.iter().find(|(kind, _)| is_key(*kind)) {
            return Ok(der);
        }
        Err(match self.damage {
            _ if self.encrypted => KeyProblem::Encrypted,
            _ if self.has("OPENSSH PRIVATE KEY") => KeyProblem::OpenSsh,
            Some(damage) if self.has_private_key() => KeyProblem::Damaged(damage),
            _ if self.has("CERTIFICATE") => KeyProblem::CertificateAsKey,
            _ => KeyProblem::NoKey(self.labels.clone()),
        })
    }

    /// Every certificate, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<&[u8]>, KeyProblem> {
        let found: Vec<&[u8]> = self
            .sections
            .iter()
            .filter(|(kind, _)| *kind == SectionKind::Certificate)
            .map(|(_, der)| der.as_slice())
            .collect();
        let labelled = self.labels.iter().filter(|label| *label == "CERTIFICATE").count();
        if found.len() != labelled {
            return Err(KeyProblem::Damaged(self.damage.unwrap_or(PemDamage::NoEnd)));
        }
        if !found.is_empty() {
            return Ok(found);
        }
        Err(if self.has("TRUSTED CERTIFICATE") {
            KeyProblem::TrustedCertificate
        } else if self.has_private_key() {
            KeyProblem::KeyAsCertificate
        } else {
            KeyProblem::NoCertificate(self.labels.clone())
        })
    }

    fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|found| found == label)
    }

    pub(super) fn has_private_key(&self) -> bool {
        self.labels.iter().any(|label| label.ends_with("PRIVATE KEY"))
    }
}

/// The label in the rest of a BEGIN line. What follows it is left out: in a file without line breaks it is the key.
fn label(rest: &[u8]) -> Option<String> {
    let is_label = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    let label: Vec<u8> = rest.iter().copied().take_while(is_label).take(LONGEST_LABEL).collect();
    String::from_utf8(label).ok()
}

/// Whether the BEGIN line ends where its label ends.
fn is_whole(rest: &[u8]) -> bool {
    rest.trim_ascii_end().strip_suffix(b"-----").is_some_and(|label| !label.contains(&b'-'))
}

fn damage_of(error: &PemError) -> PemDamage {
    match error {
        PemError::IllegalSectionStart { .. } => PemDamage::LineBreaksLost,
        PemError::MissingSectionEnd { .. } => PemDamage::NoEnd,
        _ => PemDamage::NotBase64,
    }
}
