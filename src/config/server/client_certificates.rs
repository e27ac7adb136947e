//! `client_certificates`: whose certificates a door with TLS asks for.

use std::path::PathBuf;

use dockgate_api::config::{KeyPath, Located, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

/// `client_certificates`: clients prove themselves with certificates of one's own authorities.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ClientCertificatesConfig {
    /// Whether a client must have one.
    #[serde(default)]
    pub mode: ClientCertificateMode,
    /// The authorities that issue clients' certificates (PEM), and no others. Needed, unless the mode is `off`.
    #[schemars(with = "Option<String>")]
    pub ca: Option<Located<PathBuf>>,
    /// What they have revoked (PEM): a list of each authority but those in `ca` that nobody issued.
    #[schemars(with = "Option<String>")]
    pub crl: Option<Located<PathBuf>>,
}

/// Whether a client must have a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificateMode {
    /// Who has none is not let in.
    #[default]
    Required,
    /// Who has one may show it, and it must be good then.
    Optional,
    /// None is asked for: for a door that does otherwise than the server.
    Off,
}

/// Whose certificates a door asks for.
#[derive(Clone, Debug)]
pub struct DoorClients<'a> {
    /// The authorities (PEM).
    pub ca: &'a Located<PathBuf>,
    /// What they have revoked (PEM).
    pub crl: Option<&'a Located<PathBuf>>,
    /// Whether a client must have one.
    pub is_required: bool,
    /// The key path above the two, such as `server.client_certificates`.
    pub path: KeyPath,
}

impl ClientCertificatesConfig {
    /// `path` is the door's.
    pub(super) fn clients(&self, path: &KeyPath) -> Option<DoorClients<'_>> {
        let ca = self.ca.as_ref().filter(|_| self.mode != ClientCertificateMode::Off)?;
        let is_required = self.mode == ClientCertificateMode::Required;
        Some(DoorClients { ca, crl: self.crl.as_ref(), is_required, path: path.key("client_certificates") })
    }
}

/// What is wrong with a door's, whose key path is given.
pub(super) fn validate(
    given: &Located<ClientCertificatesConfig>,
    speaks_tls: bool,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
) {
    if given.mode == ClientCertificateMode::Off {
        return;
    }
    let mut refuse = |message| problems.push(Problem::new(given.location.clone(), path.clone(), message));
    if !speaks_tls {
        refuse(
            "certificates are shown over TLS, which this door does not speak: write `certificate` and `key` beside it",
        );
    }
    if given.ca.is_none() {
        refuse("whose certificates? Write `ca: FILE`, the authorities that issue them and nothing else");
    }
}
