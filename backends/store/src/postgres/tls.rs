//! `store.postgres.tls`: how the server proves who it is, and how we do.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::secrecy::SecretString;
use dockgate_api::{BuildContext, BuildError};
use dockgate_tls::{ClientSettings, SettingsError};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use schemars::JsonSchema;
use serde::Deserialize;

use super::config::{Reach, at, section};
use super::settings::Hidden;

/// `store.postgres.tls`.
#[derive(Deserialize, JsonSchema)]
pub(super) struct TlsConfig {
    /// `verify-full` if not given.
    #[serde(default)]
    mode: Mode,
    /// A PEM file of authorities that vouch for the server; the site's if not given.
    #[schemars(with = "Option<String>")]
    ca_certificate: Option<Located<PathBuf>>,
    /// What the server is shown when it asks who connects: a PEM file with a certificate and its chain; with `key`.
    #[schemars(with = "Option<String>")]
    certificate: Option<Located<PathBuf>>,
    /// The PEM file of its private key.
    #[schemars(with = "Option<String>")]
    key: Option<Located<PathBuf>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// The server's certificate must be signed by an authority and be for its name.
    #[default]
    VerifyFull,
    /// What is said is encrypted, whoever hears it.
    Require,
}

/// How TLS is spoken: PEM, as the driver wants it.
#[derive(PartialEq)]
pub(super) struct Tls {
    pub(super) verifies: bool,
    pub(super) authorities: Vec<u8>,
    pub(super) pair: Option<(Vec<u8>, Hidden)>,
}

/// None where the server is on this machine and nothing is said.
pub(super) fn build(
    config: Option<Located<TlsConfig>>,
    reach: Reach,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<Tls> {
    let given = match (config, reach) {
        (None, Reach::Socket | Reach::Loopback) => return None,
        (None, Reach::Network) => {
            TlsConfig { mode: Mode::VerifyFull, ca_certificate: None, certificate: None, key: None }
        }
        (Some(config), Reach::Socket) => {
            errors.add(at(
                &config,
                "tls",
                "there is no TLS on a Unix socket: take this away, or name a host",
            ));
            return None;
        }
        (Some(config), _) => {
            if config.value.mode == Mode::Require {
                let message = "any certificate is believed: whoever is on the way reads what is stored, and answers in the \
                               server's place. Write `verify-full`, and name the authority with `ca_certificate`";
                cx.warn(at(&config, "tls.mode", message).below(&section()));
            }
            config.value
        }
    };
    if cx.offline() {
        return None;
    }
    let mut named = None;
    if let Some(file) = &given.ca_certificate {
        let pem = cx.read_certificates(&file.value);
        named = pem.map_err(|message| errors.add(at(file, "tls.ca_certificate", message))).ok();
    }
    let pair = pair(given.certificate.as_ref(), given.key.as_ref(), cx, errors);
    if !errors.is_empty() {
        return None;
    }
    // The driver makes its own of the same files: this is for what is wrong with them, with the place.
    let tried = ClientSettings {
        authorities: named.clone(),
        client_certificate: pair.clone(),
        ..ClientSettings::default()
    };
    let tried = tried.config(|| Arc::new(dockgate_tls::roots(cx.authorities())), &cx.clock());
    if let Err(error) = tried {
        let (file, key) = match &error {
            SettingsError::Authorities(_) => (&given.ca_certificate, "tls.ca_certificate"),
            SettingsError::ClientCertificate(_) => (&given.certificate, "tls.certificate"),
            SettingsError::Tls(_) => (&None, ""),
        };
        errors.add(match file {
            Some(file) => at(file, key, format!("cannot use {}: {error}", file.value.display())),
            None => Remark::on_section(error.to_string()).below(&KeyPath::root().key("tls")),
        });
        return None;
    }
    Some(Tls {
        verifies: given.mode == Mode::VerifyFull,
        authorities: named.unwrap_or_else(|| pem(cx.authorities())),
        pair: pair.map(|(chain, key)| (chain, Hidden(key))),
    })
}

/// The client's own certificate, as PEM, and its key.
fn pair(
    certificate: Option<&Located<PathBuf>>,
    private: Option<&Located<PathBuf>>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<(Vec<u8>, SecretString)> {
    let (certificate, private) = match (certificate, private) {
        (Some(certificate), Some(private)) => (certificate, private),
        (None, None) => return None,
        (Some(one), None) => {
            errors.add(at(one, "tls.certificate", "`key` is missing: both go together"));
            return None;
        }
        (None, Some(one)) => {
            errors.add(at(one, "tls.key", "`certificate` is missing: both go together"));
            return None;
        }
    };
    let chain = cx.read_certificates(&certificate.value);
    let chain = chain.map_err(|message| errors.add(at(certificate, "tls.certificate", message)));
    let key = cx.read_secret(&private.value);
    let key = key.map_err(|message| errors.add(at(private, "tls.key", message)));
    Some((chain.ok()?, key.ok()?))
}

/// Those that can vouch: the driver takes none of them if one cannot.
fn pem(authorities: Vec<Vec<u8>>) -> Vec<u8> {
    let mut text = String::new();
    for der in authorities {
        let encoded = STANDARD.encode(&der);
        if RootCertStore::empty().add(CertificateDer::from(der)).is_ok() {
            text.push_str("-----BEGIN CERTIFICATE-----\n");
            text.push_str(&encoded);
            text.push_str("\n-----END CERTIFICATE-----\n");
        }
    }
    text.into_bytes()
}
