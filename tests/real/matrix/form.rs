//! How a token names the key that signed it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::algorithm::Algorithm;
use super::jwk::{Jwk, b64};
use super::key::{Key, Keyring};

/// The `kid` of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kid {
    None,
    Libtrust,
    Rfc7638,
    /// What registry 3.0.0 takes for the RFC 7638 thumbprint of an EC key.
    BasePoint,
    /// What registry 3.1 takes for the RFC 7638 thumbprint of an EC key with leading zeros.
    WithoutLeadingZeros,
    /// Words that somebody chose for the key.
    Text,
}

impl Kid {
    pub(crate) fn of(self, key: Key, public: &Jwk) -> Option<String> {
        match self {
            Self::None => None,
            Self::Libtrust => Some(public.libtrust()),
            Self::Rfc7638 => Some(public.rfc7638()),
            Self::BasePoint => Some(public.of_base_point().expect("an EC key").to_owned()),
            Self::WithoutLeadingZeros => Some(public.without_leading_zeros()),
            Self::Text => Some(format!("the key {key:?} of the year")),
        }
    }
}

/// The `x5c` of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum X5c {
    None,
    Leaf,
    /// What leads from the leaf to the authority, without the authority.
    Chain,
    ChainWithRoot,
    /// The same certificates, the leaf last.
    Reversed,
    /// Somebody else's certificate, which the registry trusts.
    Stolen(Key),
}

impl X5c {
    fn certificates(self, key: Key, keys: &Keyring) -> Option<Vec<String>> {
        let mut chain = keys.chain(key);
        match self {
            Self::None => return None,
            Self::Leaf => chain.truncate(1),
            Self::Chain => drop(chain.pop()),
            Self::ChainWithRoot => {}
            Self::Reversed => {
                chain.pop();
                chain.reverse();
            }
            Self::Stolen(other) => chain = vec![keys.of(other)],
        }
        Some(chain.iter().map(|held| STANDARD.encode(&held.certificate)).collect())
    }

    /// The certificate file with which the server sends that, in PEM. `None` if there is none: it never sends a
    /// foreign certificate or a wrong order. Nor does it send a root: that comes to [`X5c::Chain`].
    pub(crate) fn certificate_file(self, key: Key, keys: &Keyring) -> Option<String> {
        let mut chain = keys.chain(key);
        match self {
            Self::None | Self::Leaf => chain.truncate(1),
            Self::Chain => drop(chain.pop()),
            // The server finds the order by itself.
            Self::ChainWithRoot => chain.reverse(),
            Self::Reversed | Self::Stolen(_) => return None,
        }
        Some(chain.iter().map(|held| held.certificate_pem.as_str()).collect())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) key: Key,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Kid,
    pub(crate) x5c: X5c,
}

impl Form {
    pub(crate) fn header(self, keys: &Keyring) -> Value {
        let Self { key, algorithm, kid, x5c } = self;
        let mut header = json!({"typ": "JWT", "alg": algorithm.name()});
        if let Some(kid) = kid.of(key, &keys.of(key).public) {
            header["kid"] = json!(kid);
        }
        if let Some(certificates) = x5c.certificates(key, keys) {
            header["x5c"] = json!(certificates);
        }
        header
    }

    /// Claims with this header, signed.
    pub(crate) fn token(self, keys: &Keyring, claims: &Value) -> String {
        let [header, claims] = [&self.header(keys), claims].map(|json| b64(json.to_string().as_bytes()));
        let message = format!("{header}.{claims}");
        let signature = self.algorithm.sign(&keys.of(self.key).pkcs8, message.as_bytes());
        format!("{message}.{}", b64(&signature))
    }
}
