//! What a certificate says of its owner.

use schemars::JsonSchema;
use serde::Deserialize;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;
use x509_parser::x509::AttributeTypeAndValue;

/// The longest value that is taken for a name, in bytes.
const LONGEST: usize = 256;

/// A field of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    /// The common name of the subject.
    SubjectCn,
    /// The subject's organizational units.
    SubjectOu,
    /// The subject's organizations.
    SubjectO,
    /// Mail addresses among the alternative names.
    SanEmail,
    /// Host names among the alternative names.
    SanDns,
    /// URIs among the alternative names, such as a SPIFFE id.
    SanUri,
}

impl Field {
    /// Its values, in their order, each once.
    ///
    /// # Errors
    /// Why one of them cannot be anybody's name: then nobody should believe the others.
    pub(crate) fn values(self, certificate: &X509Certificate<'_>) -> Result<Vec<String>, &'static str> {
        let subject = certificate.subject();
        let mut values = match self {
            Self::SubjectCn => texts(subject.iter_common_name())?,
            Self::SubjectOu => texts(subject.iter_organizational_unit())?,
            Self::SubjectO => texts(subject.iter_organization())?,
            Self::SanEmail | Self::SanDns | Self::SanUri => self.alternatives(certificate)?,
        };
        if values.iter().any(|value| is_impossible(value)) {
            return Err("a name in the certificate is empty, too long, or holds characters that no name has");
        }
        let mut seen = Vec::with_capacity(values.len());
        values.retain(|value| {
            let is_new = !seen.contains(value);
            seen.extend(is_new.then(|| value.clone()));
            is_new
        });
        Ok(values)
    }

    fn alternatives(self, certificate: &X509Certificate<'_>) -> Result<Vec<String>, &'static str> {
        let found = certificate.subject_alternative_name();
        let found = found.map_err(|_| "the alternative names of the certificate cannot be read")?;
        let Some(names) = found else { return Ok(Vec::new()) };
        let names = names.value.general_names.iter().filter_map(|name| match (self, name) {
            (Self::SanEmail, GeneralName::RFC822Name(text))
            | (Self::SanDns, GeneralName::DNSName(text))
            | (Self::SanUri, GeneralName::URI(text)) => Some((*text).to_owned()),
            _ => None,
        });
        Ok(names.collect())
    }
}

fn texts<'a>(
    attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>,
) -> Result<Vec<String>, &'static str> {
    let text = |attribute: &AttributeTypeAndValue<'_>| attribute.as_str().map(str::to_owned);
    attributes
        .map(text)
        .collect::<Result<_, _>>()
        .map_err(|_| "a name in the certificate is in an encoding that is not read")
}

/// What would be shown as something else than it is, or end where it does not end.
fn is_impossible(value: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    value.is_empty() || value.len() > LONGEST || value.trim() != value || value.chars().any(is_hidden)
}
