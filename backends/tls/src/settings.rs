//! What one client is made of.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Clock, HttpSettingsError};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::UnixTime;

use crate::authorities::authorities;
use crate::identity;
use crate::insecure::Everybody;

/// How TLS is spoken to a server. By default: with everybody for whom the site's authorities vouch, showing nothing.
#[derive(Default)]
pub struct ClientSettings {
    /// The only authorities that vouch for the server, as PEM; the site's if not given.
    pub authorities: Option<Vec<u8>>,
    /// What this side shows when it is asked who it is: a certificate chain as PEM, and its key.
    pub client_certificate: Option<(Vec<u8>, SecretString)>,
    /// Whether to believe everybody: whoever is on the way can then read and change what is said. Nobody's word is needed
    /// then, but authorities that are given must be such.
    pub insecure: bool,
    /// Protocols to choose from (RFC 7301).
    pub alpn: Vec<Vec<u8>>,
}

/// Which setting is at fault, and why. Never holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// [`ClientSettings::authorities`].
    Authorities(String),
    /// [`ClientSettings::client_certificate`].
    ClientCertificate(String),
    /// None of them: there is no TLS here.
    Tls(String),
}

impl ClientSettings {
    /// TLS 1.2 and 1.3, with the same ciphers as the server's own. `site` are the authorities that vouch if none are given;
    /// they are asked for only then. Certificates begin and end by `clock`.
    ///
    /// # Errors
    /// Which of the settings cannot be used.
    pub fn config(
        self,
        site: impl FnOnce() -> Arc<RootCertStore>,
        clock: &Arc<dyn Clock>,
    ) -> Result<ClientConfig, SettingsError> {
        let provider = Arc::new(default_provider());
        let builder =
            ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(Watch(Arc::clone(clock))))
                .with_safe_default_protocol_versions()
                .map_err(|error| SettingsError::Tls(error.to_string()))?;
        let given = self.authorities.map(|pem| authorities(&pem)).transpose();
        let given = given.map_err(SettingsError::Authorities)?;
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Everybody(provider)))
        } else {
            builder.with_root_certificates(given.map_or_else(site, |given| {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(given);
                Arc::new(roots)
            }))
        };
        let mut config = match self.client_certificate {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let (chain, key) = identity::pair(&chain, &key).map_err(SettingsError::ClientCertificate)?;
                let built = builder.with_client_auth_cert(chain, key);
                built.map_err(|error| SettingsError::ClientCertificate(identity::refused(error)))?
            }
        };
        config.alpn_protocols = self.alpn;
        Ok(config)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Authorities(why) | Self::ClientCertificate(why) | Self::Tls(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for SettingsError {}

impl From<SettingsError> for HttpSettingsError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Authorities(why) => Self::Authorities(why),
            SettingsError::ClientCertificate(why) => Self::ClientCertificate(why),
            SettingsError::Tls(why) => Self::Client(why),
        }
    }
}

/// Certificates begin and end by the server's own clock.
struct Watch(Arc<dyn Clock>);

impl TimeProvider for Watch {
    fn current_time(&self) -> Option<UnixTime> {
        self.0.now().duration_since(UNIX_EPOCH).ok().map(UnixTime::since_unix_epoch)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
