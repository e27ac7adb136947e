//! `outbound:` — how other servers are reached.

use std::path::{Path, PathBuf};

use dockgate_api::BuildContext;
use dockgate_api::config::{KeyPath, Located, Problem};
use rustls_pki_types::CertificateDer;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Source;

/// The `outbound` section. It counts for all connections that backends make.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OutboundConfig {
    /// A PEM file with authorities that are trusted beside the system's.
    #[schemars(with = "Option<String>")]
    pub ca_bundle: Option<Located<PathBuf>>,
}

impl OutboundConfig {
    /// Reads the authorities; none if there is no file. When the file changes later, the configuration is made anew.
    ///
    /// # Errors
    /// Why the file cannot be used, with its place in the configuration.
    pub fn authorities(
        &self,
        source: &Source,
        cx: &BuildContext,
    ) -> Result<Vec<CertificateDer<'static>>, Problem> {
        let Some(bundle) = &self.ca_bundle else { return Ok(Vec::new()) };
        read(source, cx, bundle).map_err(|message| {
            Problem::new(bundle.location.clone(), KeyPath::root().key("outbound").key("ca_bundle"), message)
        })
    }
}

fn read(source: &Source, cx: &BuildContext, bundle: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    if bundle.as_os_str().is_empty() {
        return Err("nothing is no file: name a PEM file, or take the key away".to_owned());
    }
    let pem = cx.read_certificates(source.resolve(bundle))?;
    dockgate_tls::authorities(&pem)
}
