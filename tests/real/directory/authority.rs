//! Who vouches for the directories, and for clients of those that ask.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

use crate::keys::ec_key;

/// An authority of one test; its files live as long as it does, or a server that it vouches for.
#[derive(Clone)]
pub(crate) struct Authority {
    issuer: Arc<Issuer<'static, KeyPair>>,
    /// Its own certificate, PEM.
    pub(crate) certificate: PathBuf,
    dir: Arc<TempDir>,
}

/// Two PEM files.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("dockgate-authority-").tempdir().unwrap();
        let mut params = named("authority of a directory", []);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = ec_key();
        let certificate = dir.path().join("ca.crt");
        fs::write(&certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Arc::new(Issuer::new(params, key)), certificate, dir: Arc::new(dir) }
    }

    /// For a server on this machine, and for it under `names`: names of hosts or addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Pair {
        // OpenLDAP's client makes the host's name of `localhost`.
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let own = ["localhost", host.trim(), "127.0.0.1"];
        self.server_named_only(&[&own, names].concat())
    }

    /// For a server under `names` and no other.
    pub(crate) fn server_named_only(&self, names: &[&str]) -> Pair {
        self.issue(named("directory", names.iter().copied()), ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(crate) fn client(&self, name: &str) -> Pair {
        self.issue(named(name, []), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Pair {
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = ec_key();
        let dir = tempfile::tempdir_in(self.dir.path()).unwrap().keep();
        let pair = Pair { certificate: dir.join("server.crt"), key: dir.join("server.key") };
        fs::write(&pair.certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        write_secret(&pair.key, &key.serialize_pem());
        pair
    }
}

/// Samba takes no key that others may read.
fn write_secret(file: &Path, content: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(file).unwrap();
    file.write_all(content.as_bytes()).unwrap();
}

fn named<'a>(name: &str, alternatives: impl IntoIterator<Item = &'a str>) -> CertificateParams {
    let alternatives: Vec<String> = alternatives.into_iter().map(str::to_owned).collect();
    let mut params = CertificateParams::new(alternatives).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
