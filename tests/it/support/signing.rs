//! Key pairs to sign with.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use dockgate::token::PublicKey;
use dockgate_testkit::fakes::noon;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData as _};

/// Which pair.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SigningFiles {
    /// A new EC key, with a certificate that is valid for a hundred years.
    EcGenerated,
    /// A new EC key, with a certificate that ends so long after noon.
    EcEndingAfter(Duration),
    /// The RSA pair of `tests/data/keys`.
    Rsa,
}

impl SigningFiles {
    /// Writes `sign.crt` and `sign.key`.
    pub(super) fn write(self, directory: &Path) {
        let (certificate, key) = match self {
            Self::EcGenerated => pair("signing", &[], SystemTime::UNIX_EPOCH + years(130)),
            Self::EcEndingAfter(time) => pair("signing", &[], noon() + time),
            Self::Rsa => (fixture("rsa.crt"), fixture("rsa.pkcs1.pem")),
        };
        std::fs::write(directory.join("sign.crt"), certificate).unwrap();
        std::fs::write(directory.join("sign.key"), key).unwrap();
    }
}

/// A certificate for `localhost` and its key, PEM.
pub(crate) fn tls_pair() -> (String, String) {
    pair("localhost", &["localhost".to_owned()], SystemTime::UNIX_EPOCH + years(130))
}

/// A new key with its certificate, valid from 2000 on.
fn pair(common_name: &str, names: &[String], not_after: SystemTime) -> (String, String) {
    self_signed(common_name, names, SystemTime::UNIX_EPOCH + years(30)..not_after)
}

/// A new EC key of which registry 3 computes the right id: one in 128 begins with a zero byte, and is warned of.
pub(crate) fn ec_key() -> KeyPair {
    let mut keys = std::iter::repeat_with(|| KeyPair::generate().unwrap());
    let is_plain = |key: &KeyPair| {
        let public = PublicKey::from_spki(&key.subject_public_key_info()).unwrap();
        !public.has_leading_zero_coordinate()
    };
    keys.find(is_plain).unwrap()
}

/// A new EC key with its certificate, PEM.
pub(crate) fn self_signed(
    common_name: &str,
    names: &[String],
    validity: Range<SystemTime>,
) -> (String, String) {
    let key = ec_key();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    (params.not_before, params.not_after) = (validity.start.into(), validity.end.into());
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn years(number: u64) -> Duration {
    Duration::from_secs(number * 365 * 24 * 60 * 60)
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/keys").join(name)).unwrap()
}
