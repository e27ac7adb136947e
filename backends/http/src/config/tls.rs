//! `tls:` — how both sides prove who they are.

use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::{BuildContext, BuildError, HttpSettings, HttpSettingsError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::key;

/// The section `tls`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct TlsConfig {
    /// A PEM file of authorities: only they vouch for the hook. Those of the site if not given.
    #[schemars(with = "Option<String>")]
    pub(super) ca_certificate: Option<Located<PathBuf>>,
    /// What the hook is shown when it asks who is there: a PEM file with a certificate and its chain; with `key`.
    #[schemars(with = "Option<String>")]
    pub(super) certificate: Option<Located<PathBuf>>,
    /// The PEM file of its private key.
    #[schemars(with = "Option<String>")]
    pub(super) key: Option<Located<PathBuf>>,
}

impl TlsConfig {
    /// Reads the files.
    pub(super) fn settings(&self, cx: &BuildContext, errors: &mut BuildError) -> HttpSettings {
        let mut settings = HttpSettings::new();
        if let (Some(one), None, other) | (None, Some(one), other) =
            (&self.certificate, &self.key, if self.key.is_none() { "key" } else { "certificate" })
        {
            let message = format!("`{other}` is missing: a certificate and its key go together");
            errors.add(Remark::new(one.location.clone(), below(other), message));
        }
        if cx.offline() {
            return settings;
        }
        if let Some(file) = &self.ca_certificate {
            match cx.read_certificates(&file.value) {
                Ok(pem) => settings = settings.trusting(pem),
                Err(message) => {
                    errors.add(Remark::new(file.location.clone(), below("ca_certificate"), message));
                }
            }
        }
        if let (Some(certificate), Some(private)) = (&self.certificate, &self.key) {
            let chain = cx.read_certificates(&certificate.value).map_err(|message| {
                errors.add(Remark::new(certificate.location.clone(), below("certificate"), message));
            });
            let private = cx.read_secret(&private.value).map_err(|message| {
                errors.add(Remark::new(private.location.clone(), below("key"), message));
            });
            if let (Ok(chain), Ok(private)) = (chain, private) {
                settings = settings.showing(chain, private);
            }
        }
        settings
    }

    /// What a client cannot be made of, with its place.
    pub(super) fn remark(&self, error: &HttpSettingsError) -> Remark {
        let (file, name) = match error {
            HttpSettingsError::Authorities(_) => (&self.ca_certificate, "ca_certificate"),
            HttpSettingsError::ClientCertificate(_) => (&self.certificate, "certificate"),
            _ => return Remark::on_section(error.to_string()),
        };
        match file {
            Some(file) => {
                let message = format!("cannot use {}: {error}", file.value.display());
                Remark::new(file.location.clone(), below(name), message)
            }
            None => Remark::on_section(error.to_string()),
        }
    }
}

fn below(name: &str) -> KeyPath {
    key("tls").key(name)
}
