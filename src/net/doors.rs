//! The doors for clients, with what each needs to be opened.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use dockgate_api::config::{KeyPath, Located, Problem};
use rustls::server::danger::ClientCertVerifier;

use super::owners::Owners;
use super::tls::{self, ClientTrust, Finding, Tls};
use crate::acme::Resolver;
use crate::config::Source;
use crate::config::server::{
    DoorAddress, DoorCertificate, DoorClients, DoorTls, ProxySenders, ServerConfig, TlsOptions,
};

/// A door for clients that is not open yet.
#[derive(Clone, Debug)]
pub struct Door {
    /// Where it is.
    pub address: DoorAddress,
    /// With it HTTPS is spoken, without it plain HTTP.
    pub tls: Option<Tls>,
    /// Whose connections begin with a PROXY header.
    pub proxies: Option<Arc<ProxySenders>>,
}

/// Reads what the doors need, in the order of the file. What is wrong with them, and what is to be said of them, goes to
/// the lists. A certificate that has expired keeps a server from starting, but where doors are `serving` with it already
/// it is no reason to leave out what else has changed. What an authority issues, `issued` shows.
pub fn load(
    source: &Source,
    server: &ServerConfig,
    serving: &[Door],
    issued: Option<&Arc<Resolver>>,
    now: SystemTime,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Vec<Door> {
    let (options, suites) = (server.tls_options(), server.tls_cipher_suites.first());
    let mut certificates = Certificates { source, options, suites, serving, now, known: HashMap::new() };
    let doors: Vec<Door> = server
        .public_doors()
        .into_iter()
        .map(|door| Door {
            tls: door.tls.and_then(|given| match given {
                DoorTls::Files(files) => certificates.of(&files, door.clients.as_ref(), problems, warnings),
                DoorTls::Issued => {
                    let clients = door.clients.as_ref();
                    certificates.issued(issued, &door.address, clients, problems, warnings)
                }
            }),
            address: door.address,
            proxies: door.proxies.map(Arc::new),
        })
        .collect();
    let others = server.metrics_door().into_iter().chain(server.admin_door());
    for address in doors.iter().map(|door| &door.address).chain(&others.collect::<Vec<_>>()) {
        problems.extend(Owners::of(&address.socket).err());
    }
    doors
}

/// The files of a door: certificate and key; authorities and revoked ones of clients, and whether clients need one.
type Files = ([PathBuf; 2], Option<(PathBuf, Option<PathBuf>, bool)>);

/// Certificates that several doors may have in common.
struct Certificates<'a> {
    source: &'a Source,
    options: TlsOptions,
    suites: Option<&'a Located<String>>,
    serving: &'a [Door],
    now: SystemTime,
    known: HashMap<Files, Option<Tls>>,
}

impl Certificates<'_> {
    fn of(
        &mut self,
        files: &DoorCertificate<'_>,
        given: Option<&DoorClients<'_>>,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<Tls> {
        let [certificate, key] =
            [files.certificate, files.key].map(|given| self.source.resolve(&given.value));
        let clients = given.map(|clients| {
            let crl = clients.crl.map(|crl| self.source.resolve(&crl.value));
            (self.source.resolve(&clients.ca.value), crl, clients.is_required)
        });
        let named = ([certificate, key], clients);
        if let Some(known) = self.known.get(&named) {
            return known.clone();
        }
        let [certificate, key] = &named.0;
        let Ok(clients) = self.clients(given).map_err(|problem| problems.push(problem)) else {
            self.known.insert(named, None);
            return None;
        };
        let at = |given: &Located<PathBuf>, name: &str, message: String| {
            Problem::new(given.location.clone(), files.path.key(name), message)
        };
        let loaded = match tls::load(certificate, key, &self.options, clients) {
            Ok(tls) => {
                let leaf = tls.certificate.as_ref();
                if let Some(finding) = leaf.and_then(|leaf| leaf.finding(self.now)) {
                    let said = at(files.certificate, "certificate", finding.message());
                    let is_new = finding == Finding::Expired && !self.is_serving(&tls);
                    if is_new { problems.push(said) } else { warnings.push(said) }
                }
                self.say_if_no_suite_fits(&tls, warnings);
                Some(tls)
            }
            Err(error) if error.key_at_fault => {
                problems.push(at(files.key, "key", error.message));
                None
            }
            Err(error) => {
                problems.push(at(files.certificate, "certificate", error.message));
                None
            }
        };
        self.known.insert(named, loaded.clone());
        loaded
    }

    /// Which certificates of clients a door takes, if it asks for any.
    fn clients(
        &self,
        given: Option<&DoorClients<'_>>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, Problem> {
        let Some(given) = given else { return Ok(None) };
        let ca = self.source.resolve(&given.ca.value);
        let crl = given.crl.map(|crl| self.source.resolve(&crl.value));
        let trust = ClientTrust { ca: &ca, crl: crl.as_deref(), is_required: given.is_required };
        trust.verifier(Arc::new(self.options.provider())).map(Some).map_err(|error| {
            let (place, key) = match given.crl {
                Some(crl) if error.crl_at_fault => (crl, "crl"),
                _ => (given.ca, "ca"),
            };
            Problem::new(place.location.clone(), given.path.key(key), error.message)
        })
    }

    /// The certificate that an authority issues. The authority itself comes without a certificate when it looks at the proof.
    fn issued(
        &self,
        resolver: Option<&Arc<Resolver>>,
        door: &DoorAddress,
        given: Option<&DoorClients<'_>>,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Option<Tls> {
        let resolver = resolver?;
        if let Some(given) = given.filter(|given| given.is_required) {
            let message = "the authority that issues the server's certificate comes without one of its own: write `mode: \
                           optional`, and let rules and `mtls_auth` ask for it";
            problems.push(Problem::new(given.ca.location.clone(), given.path.key("mode"), message));
            return None;
        }
        let clients = self.clients(given).map_err(|problem| problems.push(problem)).ok()?;
        let made = tls::issued(Arc::clone(resolver) as _, &self.options, clients);
        let made = made.map_err(|why| problems.push(door.problem(why))).ok()?;
        self.say_if_no_suite_fits(&made, warnings);
        Some(made)
    }

    fn say_if_no_suite_fits(&self, tls: &Tls, warnings: &mut Vec<Problem>) {
        let (false, Some(first)) = (tls.suites_fit, self.suites) else { return };
        let message = "none of these fits the kind of the certificate's key (RSA or ECDSA): clients of TLS 1.2 cannot \
                       connect. Add one that does, or write `tls_min_version: TLS13` in its place";
        let path = KeyPath::root().key("server").key("tls_cipher_suites");
        warnings.push(Problem::new(first.location.clone(), path, message));
    }

    fn is_serving(&self, tls: &Tls) -> bool {
        let mut serving = self.serving.iter().filter_map(|door| door.tls.as_ref());
        serving.any(|serving| serving.certificate == tls.certificate)
    }
}
