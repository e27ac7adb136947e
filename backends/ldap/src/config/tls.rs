//! How TLS is spoken, and how both sides prove who they are.

use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::Located;
use dockgate_api::{BuildContext, BuildError};
use dockgate_tls::{ClientSettings, SettingsError};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;

use super::{at, given};

/// The keys.
pub(super) struct TlsKeys {
    pub(super) insecure: Option<Located<bool>>,
    pub(super) ca_certificate: Option<Located<PathBuf>>,
    pub(super) client_certificate: Option<Located<PathBuf>>,
    pub(super) client_key: Option<Located<PathBuf>>,
    pub(super) server_name: Option<Located<String>>,
}

/// How TLS is spoken, where it is, and the name that certificates must be for.
pub(super) type Tls = (Option<Arc<ClientConfig>>, Option<String>);

impl TlsKeys {
    /// Reads the files, where TLS is spoken at all; what it is told where it is not, docker_auth ignores.
    pub(super) fn build(self, is_protected: bool, cx: &BuildContext, errors: &mut BuildError) -> Tls {
        let file = |file: Option<Located<PathBuf>>| file.filter(|file| !file.value.as_os_str().is_empty());
        let ca_certificate = file(self.ca_certificate);
        let (certificate, private) = (file(self.client_certificate), file(self.client_key));
        let server_name = given(self.server_name);
        if !is_protected {
            let told = ca_certificate.as_ref().map(|file| (file, "ca_certificate"));
            if let Some((file, name)) = told.or(certificate.as_ref().map(|file| (file, "client_certificate")))
            {
                let message = "does nothing where there is no TLS: write `tls: starttls` or `tls: always`";
                cx.warn(at(file, name, message));
            }
            return (None, None);
        }
        let insecure = self.insecure.as_ref().is_some_and(|insecure| insecure.value);
        if let Some(written) = self.insecure.filter(|insecure| insecure.value) {
            let message = "every certificate is believed: whoever is on the way reads the passwords, and can answer in the \
                           directory's place. Name the authority with `ca_certificate`";
            cx.warn(at(&written, "insecure_tls_skip_verify", message));
        }
        if let Some(name) = server_name.as_ref().filter(|name| ServerName::try_from(name.as_str()).is_err()) {
            errors.add(at(
                name,
                "server_name",
                "write a host name or an address, as it stands in the certificate",
            ));
        }
        let mut settings = ClientSettings { insecure, ..ClientSettings::default() };
        if cx.offline() {
            return (None, server_name.map(|name| name.value));
        }
        if let Some(file) = &ca_certificate {
            match cx.read_certificates(&file.value) {
                Ok(pem) => settings.authorities = Some(pem),
                Err(message) => errors.add(at(file, "ca_certificate", message)),
            }
        }
        settings.client_certificate = pair(certificate.as_ref(), private.as_ref(), cx, errors);
        if !errors.is_empty() {
            return (None, None);
        }
        let made = settings.config(|| Arc::new(dockgate_tls::roots(cx.authorities())), &cx.clock());
        let config = made.map_err(|error| {
            let (file, name) = match &error {
                SettingsError::Authorities(_) => (&ca_certificate, "ca_certificate"),
                SettingsError::ClientCertificate(_) => (&certificate, "client_certificate"),
                SettingsError::Tls(_) => (&None, ""),
            };
            errors.add(match file {
                Some(file) => at(file, name, format!("cannot use {}: {error}", file.value.display())),
                None => dockgate_api::config::Remark::on_section(error.to_string()),
            });
        });
        (config.ok().map(Arc::new), server_name.map(|name| name.value))
    }
}

/// The client's own certificate, as PEM, and its key.
type Pair = (Vec<u8>, dockgate_api::secrecy::SecretString);

fn pair(
    certificate: Option<&Located<PathBuf>>,
    private: Option<&Located<PathBuf>>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<Pair> {
    let (certificate, private) = match (certificate, private) {
        (Some(certificate), Some(private)) => (certificate, private),
        (None, None) => return None,
        (Some(one), None) => {
            errors.add(at(one, "client_certificate", "`client_key` is missing: both go together"));
            return None;
        }
        (None, Some(one)) => {
            errors.add(at(one, "client_key", "`client_certificate` is missing: both go together"));
            return None;
        }
    };
    let chain = cx.read_certificates(&certificate.value);
    let chain = chain.map_err(|message| errors.add(at(certificate, "client_certificate", message)));
    let private_key = cx.read_secret(&private.value);
    let private_key = private_key.map_err(|message| errors.add(at(private, "client_key", message)));
    Some((chain.ok()?, private_key.ok()?))
}
