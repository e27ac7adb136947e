//! Certificates, made for the test.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;

static AUTHORITIES: AtomicU64 = AtomicU64::new(1);

/// An authority that signs certificates and that nobody else trusts.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, in PEM.
    pub certificate: String,
    /// The key, in PEM (PKCS #8).
    pub key: String,
    certificate_der: Vec<u8>,
    key_der: Vec<u8>,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        // Two of one name would be told apart by their signatures only.
        let number = AUTHORITIES.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("Authority {number} of a test"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(made(CertifiedIssuer::self_signed(params, made(KeyPair::generate()))))
    }

    /// Its own certificate, in PEM: what a client trusts.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Its own certificate, in DER.
    pub fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// For a server of these names: host names, and addresses in their text form.
    pub fn server(&self, names: &[&str]) -> Identity {
        self.sign(params(names), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For a server of these names, but only until the year 2001.
    pub fn expired_server(&self, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        self.sign(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// For a client of this name.
    pub fn client(&self, name: &str) -> Identity {
        self.sign(params(&[name]), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Identity {
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = made(KeyPair::generate());
        let certificate = made(params.signed_by(&key, &self.0));
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            certificate_der: certificate.der().to_vec(),
            key_der: key.serialize_der(),
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let mut params =
        made(CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()));
    if let Some(&name) = names.first() {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params
}

/// How a server speaks TLS; it demands a certificate of that authority, if there is one.
pub(super) fn server_config(
    identity: &Identity,
    clients: Option<CertificateDer<'static>>,
) -> Arc<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        made(ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions());
    let builder = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            made(roots.add(authority));
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(made(verifier.build()))
        }
        None => builder.with_no_client_auth(),
    };
    let certificate = CertificateDer::from(identity.certificate_der.clone());
    let key = made(PrivateKeyDer::try_from(identity.key_der.clone()));
    Arc::new(made(builder.with_single_cert(vec![certificate], key)))
}

fn made<T, E: fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(made) => made,
        Err(error) => panic!("a certificate for a test cannot be made: {error}"),
    }
}
