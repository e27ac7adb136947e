//! From the configuration to a certificate that is looked after. Needs no network.

use std::path::Path;
use std::sync::Arc;

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use dockgate_api::config::{Located, Problem};
use dockgate_api::{HttpClient, HttpSettings, HttpSettingsError, Outbound, read_file};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use super::cache::Cache;
use super::certificate::Certificate;
use super::resolver::Resolver;
use super::{Acme, Settings};
use crate::config::Source;
use crate::config::server::{ExternalAccount, ServerConfig, WantedCertificate};
use crate::outside::Outside;

/// In bytes; far longer than any key of an account.
const LONGEST_KEY: u64 = 64 * 1024;
/// Long enough for the authorities of a whole system.
const LONGEST_BUNDLE: u64 = 1024 * 1024;

/// What a configuration makes of its section.
pub struct Loaded {
    /// The certificate: that of the configuration before, if it is the same.
    pub acme: Arc<Acme>,
    /// Asks the authority as this configuration says, once it is the one that counts.
    pub client: Arc<dyn HttpClient>,
}

/// Reads what is kept and makes what renews it. What is wrong goes to the lists.
pub fn load(
    source: &Source,
    server: &ServerConfig,
    before: Option<&Arc<Acme>>,
    outbound: &dyn Outbound,
    outside: &Outside,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<Loaded> {
    let wanted = server.wanted_certificate()?;
    let refused_before = problems.len();
    let external_account =
        wanted.external_account.and_then(|given| external_account(source, given, &wanted, problems));
    let settings = Settings {
        directory: wanted.directory.to_owned(),
        email: wanted.email.map(str::to_owned),
        hosts: wanted.hosts.clone(),
        external_account,
    };
    let directory = source.resolve(wanted.cache_dir);
    let cache = Cache::new(directory, wanted.directory, wanted.email, &wanted.hosts);
    let at_directory = |message: String| {
        Problem::new(wanted.cache_dir.location.clone(), wanted.path.key("cache_dir"), message)
    };
    problems.extend(cache.check().err().map(at_directory));
    let client = client(source, &wanted, outbound, problems);
    if problems.len() > refused_before {
        return None;
    }
    let client = client?;
    if let Some(same) = before.filter(|before| before.settings == settings && before.cache == cache) {
        return Some(Loaded { acme: Arc::clone(same), client });
    }
    let kept = match Cache::read(&cache.certificate()) {
        Ok(None) => None,
        Ok(Some(pem)) => match Certificate::read(pem, &wanted.hosts) {
            Ok(kept) => Some(kept),
            Err(why) => {
                let path = cache.certificate();
                let message =
                    format!("{} cannot be used ({why}): another certificate is ordered", path.display());
                warnings.push(at_directory(message));
                None
            }
        },
        Err(error) => {
            let path = cache.certificate();
            let message = format!("cannot read {} ({error}): give it to the server's user", path.display());
            problems.push(at_directory(message));
            return None;
        }
    };
    let resolver = Arc::new(Resolver::new(wanted.hosts, cache.clone(), kept));
    let acme = Arc::new(Acme::new(settings, cache, resolver, Arc::clone(&client), outside));
    Some(Loaded { acme, client })
}

/// The files that the section names beside the directory.
pub(crate) fn files(server: &ServerConfig) -> impl Iterator<Item = &Path> {
    let wanted = server.wanted_certificate();
    let files = wanted
        .map(|wanted| [wanted.ca, wanted.external_account.map(|given| given.key_file)].into_iter().flatten());
    files.into_iter().flatten().map(|given| given.value.as_path())
}

/// The authority's key for an account that exists there.
fn external_account(
    source: &Source,
    given: ExternalAccount<'_>,
    wanted: &WantedCertificate<'_>,
    problems: &mut Vec<Problem>,
) -> Option<(String, Vec<u8>)> {
    let file = source.resolve(given.key_file);
    let shown = file.display();
    let key = match read_file(&file, LONGEST_KEY) {
        Err(error) => Err(format!("cannot read {shown}: {error}")),
        Ok(text) => {
            let text = text.trim_ascii();
            let decoded = BASE64URL_NOPAD.decode(text).or_else(|_| BASE64URL.decode(text));
            let decoded = decoded.ok().filter(|key| !key.is_empty());
            decoded.ok_or_else(|| {
                format!("{shown} holds no key in base64url: write it as the authority shows it")
            })
        }
    };
    match key {
        Ok(key) => Some((given.key_id.value.clone(), key)),
        Err(message) => {
            let path = wanted.path.key("external_account").key("key_file");
            problems.push(Problem::new(given.key_file.location.clone(), path, message));
            None
        }
    }
}

/// Trusts those that the site trusts, and for this directory `ca` too.
fn client(
    source: &Source,
    wanted: &WantedCertificate<'_>,
    outbound: &dyn Outbound,
    problems: &mut Vec<Problem>,
) -> Option<Arc<dyn HttpClient>> {
    let mut refuse = |message: String, given: Option<&Located<_>>| {
        let (location, path) = match given {
            Some(given) => (&given.location, wanted.path.key("ca")),
            None => (wanted.location, wanted.path.clone()),
        };
        problems.push(Problem::new(location.clone(), path, message));
    };
    let mut settings = HttpSettings::new();
    if let Some(ca) = wanted.ca {
        let file = source.resolve(ca);
        let given = read_file(&file, LONGEST_BUNDLE)
            .map_err(|error| format!("cannot read {}: {error}", file.display()));
        match given.and_then(|pem| dockgate_tls::authorities(&pem)) {
            Ok(given) => settings = settings.trusting(pem(&given, outbound.authorities())),
            Err(message) => {
                refuse(message, Some(ca));
                return None;
            }
        }
    }
    let made = outbound.client(settings);
    made.map_err(|error| match error {
        HttpSettingsError::Authorities(why) => refuse(why, wanted.ca),
        other => refuse(other.to_string(), None),
    })
    .ok()
}

fn pem(given: &[CertificateDer<'_>], others: Vec<Vec<u8>>) -> Vec<u8> {
    // One that can vouch for nobody is refused where somebody named it; a system's store may hold some.
    let others = others
        .into_iter()
        .filter(|der| RootCertStore::empty().add(CertificateDer::from(der.as_slice())).is_ok());
    let all = given.iter().map(|certificate| certificate.to_vec()).chain(others);
    let lines = all.map(|der| {
        let text = data_encoding::BASE64.encode(&der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    });
    lines.collect::<String>().into_bytes()
}
