//! TLS with a server whose certificate is told beforehand.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::LoadError;

/// Whom to trust, and whether a new connection goes on with the session of an earlier one.
#[derive(Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

/// How one server is spoken to.
#[derive(Clone)]
pub(crate) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Trust {
    /// Trust in the certificates of a file and in no others.
    ///
    /// # Errors
    /// The file cannot be read, or there is none in it.
    pub(crate) fn of_file(file: &Path, resume: bool) -> Result<Self, LoadError> {
        let refused = |what: &dyn fmt::Display| LoadError::usage(format!("--ca {}: {what}", file.display()));
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| refused(&error))? {
            let certificate = certificate.map_err(|error| refused(&error))?;
            roots.add(certificate).map_err(|error| refused(&error))?;
        }
        if roots.is_empty() {
            return Err(refused(&"no certificate in it (PEM is expected)"));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&error))?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        if !resume {
            config.resumption = Resumption::disabled();
        }
        Ok(Self(Arc::new(config)))
    }

    /// How a server of that name is spoken to.
    ///
    /// # Errors
    /// No certificate can hold the name.
    pub(crate) fn with(&self, name: &str) -> Result<Tls, LoadError> {
        let name = ServerName::try_from(name.to_owned());
        let name = name.map_err(|error| LoadError::usage(format!("no name of a server: {error}")))?;
        Ok(Tls { connector: TlsConnector::from(Arc::clone(&self.0)), name })
    }
}

impl Tls {
    pub(crate) async fn over(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.name).finish()
    }
}
