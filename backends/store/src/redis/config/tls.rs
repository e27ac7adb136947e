//! `tls:` — how both sides prove who they are.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::{KeyPath, Located, Remark};
use dockgate_api::secrecy::SecretString;
use dockgate_api::{BuildContext, BuildError};
use dockgate_tls::{ClientSettings, SettingsError};
use rustls_pki_types::ServerName;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::named::Names;
use crate::redis::settings::Tls;

/// `tls: true`, or a mapping that says more.
#[derive(JsonSchema)]
#[serde(untagged)]
pub(super) enum TlsConfig {
    /// Whether to speak it, with whom the site's authorities vouch for.
    Switch(bool),
    /// The same, and how.
    Keys(Box<TlsKeys>),
}

/// The section `tls`.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsKeys {
    /// A PEM file of authorities: only they vouch for Redis. Those of the site if not given.
    #[schemars(with = "Option<String>")]
    ca_certificate: Option<Located<PathBuf>>,
    /// What Redis is shown when it asks who is there: a PEM file with a certificate and its chain; with `key`.
    #[schemars(with = "Option<String>")]
    certificate: Option<Located<PathBuf>>,
    /// The PEM file of its private key.
    #[schemars(with = "Option<String>")]
    key: Option<Located<PathBuf>>,
    /// The name that the certificate of Redis must be for, if not the host of its address.
    server_name: Option<Located<String>>,
}

impl<'de> Deserialize<'de> for TlsConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = TlsConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, or a mapping with `ca_certificate`, `certificate`, `key` and `server_name`")
    }

    fn visit_bool<E>(self, is_on: bool) -> Result<TlsConfig, E> {
        Ok(TlsConfig::Switch(is_on))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TlsConfig, A::Error> {
        TlsKeys::deserialize(MapAccessDeserializer::new(map)).map(|keys| TlsConfig::Keys(Box::new(keys)))
    }
}

impl TlsConfig {
    /// Whether it is spoken.
    pub(super) fn is_on(&self) -> bool {
        !matches!(self, Self::Switch(false))
    }

    /// Reads the files.
    pub(super) fn settings(self, names: Names, cx: &BuildContext, errors: &mut BuildError) -> Option<Tls> {
        match self {
            Self::Switch(false) => None,
            Self::Switch(true) => TlsKeys::default().settings(names, cx, errors),
            Self::Keys(keys) => keys.settings(names, cx, errors),
        }
    }
}

impl TlsKeys {
    /// With whom the site's authorities vouch for, under this name.
    pub(super) fn named(server_name: Option<Located<String>>) -> Self {
        Self { server_name, ..Self::default() }
    }

    fn settings(self, names: Names, cx: &BuildContext, errors: &mut BuildError) -> Option<Tls> {
        if let Some(name) =
            self.server_name.as_ref().filter(|name| ServerName::try_from(name.as_str()).is_err())
        {
            let message = "write a host name or an address, as it stands in the certificate";
            errors.add(Remark::new(name.location.clone(), names.server_name(), message));
        }
        if let (Some(one), None, other) | (None, Some(one), other) =
            (&self.certificate, &self.key, if self.key.is_none() { "key" } else { "certificate" })
        {
            let message = format!("`{other}` is missing: a certificate and its key go together");
            errors.add(at(one, if other == "key" { "certificate" } else { "key" }, message));
        }
        if cx.offline() {
            return None;
        }
        let mut read = |file: &Option<Located<PathBuf>>, name| {
            let file = file.as_ref()?;
            cx.read_certificates(&file.value).map_err(|message| errors.add(at(file, name, message))).ok()
        };
        let authorities = read(&self.ca_certificate, "ca_certificate");
        let certificate = read(&self.certificate, "certificate");
        let key: Option<SecretString> = self.key.as_ref().and_then(|file| {
            cx.read_secret(&file.value).map_err(|message| errors.add(at(file, "key", message))).ok()
        });
        if !errors.is_empty() {
            return None;
        }
        let site = if authorities.is_none() { cx.authorities() } else { Vec::new() };
        let settings = ClientSettings {
            authorities: authorities.clone(),
            client_certificate: certificate.clone().zip(key.clone()),
            ..ClientSettings::default()
        };
        let made = settings.config(|| Arc::new(dockgate_tls::roots(site.clone())), &cx.clock());
        let config = made.map_err(|error| errors.add(self.refused(names, &error))).ok()?;
        Some(Tls {
            config: Arc::new(config),
            server_name: self.server_name.map(|name| name.value),
            made_of: (authorities, certificate, key, site),
        })
    }

    fn refused(&self, names: Names, error: &SettingsError) -> Remark {
        let (file, name) = match error {
            SettingsError::Authorities(_) => (&self.ca_certificate, "ca_certificate"),
            SettingsError::ClientCertificate(_) => (&self.certificate, "certificate"),
            SettingsError::Tls(_) => (&None, ""),
        };
        match file {
            Some(file) => at(file, name, format!("cannot use {}: {error}", file.value.display())),
            None => Remark::on_section(error.to_string()).below(&names.key("tls")),
        }
    }
}

/// Where this stands in the section `redis`.
fn tls() -> KeyPath {
    KeyPath::root().key("tls")
}

fn at<T>(value: &Located<T>, name: &str, message: impl Into<String>) -> Remark {
    Remark::new(value.location.clone(), tls().key(name), message)
}
