//! How the provider is reached.

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::Located;
use dockgate_api::{BuildContext, BuildError, HttpSettings, HttpSettingsError};

use super::at;
use crate::oidc::web::Web;

/// The client for a provider, trusting the site's authorities or those of one file alone.
pub(crate) fn web(
    ca_certificate: Option<Located<PathBuf>>,
    timeout: Duration,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<Web> {
    let mut settings = HttpSettings::new();
    if let Some(file) = ca_certificate.as_ref().filter(|_| !cx.offline()) {
        match cx.read_certificates(&file.value) {
            Ok(pem) => settings = settings.trusting(pem),
            Err(message) => errors.add(at(file, "ca_certificate", message)),
        }
    }
    let client = cx.http_client(settings).map_err(|error| {
        errors.add(match (&error, &ca_certificate) {
            (HttpSettingsError::Authorities(_), Some(file)) => {
                at(file, "ca_certificate", format!("cannot use {}: {error}", file.value.display()))
            }
            _ => dockgate_api::config::Remark::on_section(error.to_string()),
        });
    });
    Some(Web { client: client.ok()?, timeout })
}
