//! What a client presents.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// One attempt to say who one is.
#[non_exhaustive]
#[derive(Debug)]
pub struct Login {
    /// The account as the client wrote it, free of control characters. "" is the anonymous account, or with a
    /// certificate or token an account that is not claimed.
    pub account: String,
    /// The proof.
    pub credential: Credential,
    /// Where the client is, as far as it is known: a unix socket has no address.
    pub client_ip: Option<IpAddr>,
    /// The registry for which a token is wanted, "" if the client did not say.
    pub service: String,
    /// The certificate of the client's connection, if there is one. Backends are not asked about it here: the server asks
    /// them with [`Credential::ClientCertificate`] first.
    pub certificate: Option<Arc<ClientCertificate>>,
}

impl Login {
    /// A login from nowhere in particular.
    pub fn new(account: impl Into<String>, credential: Credential) -> Self {
        Self {
            account: account.into(),
            credential,
            client_ip: None,
            service: String::new(),
            certificate: None,
        }
    }

    /// The same with the client's address.
    #[must_use]
    pub fn from_ip(mut self, client_ip: Option<IpAddr>) -> Self {
        self.client_ip = client_ip;
        self
    }

    /// The same for a service.
    #[must_use]
    pub fn for_service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// The same over a connection whose client has a certificate.
    #[must_use]
    pub fn over(mut self, certificate: Option<Arc<ClientCertificate>>) -> Self {
        self.certificate = certificate;
        self
    }

    /// Whether the client itself says whose account it wants. A certificate or a token may say so instead.
    pub fn claims_account(&self) -> bool {
        !self.account.is_empty() || matches!(self.credential, Credential::None | Credential::Password(_))
    }

    /// Whether there is anything that could prove the claim: an empty password proves nothing.
    pub fn has_proof(&self) -> bool {
        match &self.credential {
            Credential::None => false,
            Credential::Password(password) => !password.expose_secret().is_empty(),
            Credential::ClientCertificate(_) | Credential::Bearer(_) => true,
        }
    }
}

/// How somebody proves who they are.
#[non_exhaustive]
pub enum Credential {
    /// Not at all: the anonymous account.
    None,
    /// A password, possibly empty; an empty one proves nothing.
    Password(SecretString),
    /// A certificate that the TLS handshake has verified.
    ClientCertificate(ClientCertificate),
    /// A token of somebody else's, such as a Kubernetes service account's.
    Bearer(SecretString),
}

impl Credential {
    /// A password.
    pub fn password(password: impl Into<String>) -> Self {
        Self::Password(SecretString::from(password.into()))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Password(_) => "Password(…)",
            Self::ClientCertificate(_) => "ClientCertificate(…)",
            Self::Bearer(_) => "Bearer(…)",
        })
    }
}

/// The certificate of a TLS client: chain and key usage are verified, what it says is for the backend to read.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The leaf as DER (RFC 5280).
    pub der: Vec<u8>,
}

impl ClientCertificate {
    /// A verified leaf certificate.
    pub fn new(der: Vec<u8>) -> Self {
        Self { der }
    }
}
