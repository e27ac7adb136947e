//! What clients and browsers reach: doors, their certificates, and the page where people sign in.

use std::path::PathBuf;
use std::sync::Arc;

use super::State;
use super::parts::Parts;
use crate::acme;
use crate::backends::Backends;
use crate::config::Source;
use crate::config::links::{self, ChainKind};
use crate::config::server::{DoorTls, ServerConfig};
use crate::login::{self, Login};
use crate::metrics::OfConfiguration;
use crate::net::{self, Door};
use crate::outside::Outside;

/// What is reached from outside.
pub(super) struct Front {
    pub(super) doors: Vec<Door>,
    pub(super) acme: Option<acme::Loaded>,
    pub(super) login: Option<Login>,
}

impl Front {
    /// Loads what the section `server` describes, and the page; none if there is no such section. What is wrong goes to
    /// `parts`, and to `named` the files whose change changes it.
    pub(super) fn load(
        before: Option<&State>,
        source: &Source,
        backends: &Backends,
        outside: &Outside,
        parts: &mut Parts,
        named: &mut Vec<PathBuf>,
    ) -> Option<Self> {
        let Parts { sections, outbound, problems, warnings, notes, .. } = parts;
        let server = sections.server.as_ref()?;
        notes.extend(server.way_from_the_authority());
        let acme_before = before.and_then(State::acme).map(|before| &before.acme);
        let acme = acme::load(source, server, acme_before, outbound.as_ref(), outside, problems, warnings);
        let serving = before.map(State::doors).unwrap_or_default();
        let issued = acme.as_ref().map(|loaded| loaded.acme.resolver());
        let now = outside.clock.now();
        let doors = net::load_doors(source, server, serving, issued, now, problems, warnings);
        named.extend(tls_files(source, server));
        named.extend(acme::files(server).map(|file| source.resolve(file)));

        let login = page(source, backends, outside, parts, named, false);
        Some(Self { doors, acme, login })
    }
}

/// The page where people sign in; none if no link of the chain signs anybody in. `offline` does without its files.
pub(super) fn page(
    source: &Source,
    backends: &Backends,
    outside: &Outside,
    parts: &mut Parts,
    named: &mut Vec<PathBuf>,
    offline: bool,
) -> Option<Login> {
    let Parts { sections, authn, store, problems, warnings, .. } = parts;
    let server = sections.server.as_ref()?;
    let known: Vec<&str> = backends.authenticators().keys().collect();
    let links = links::read(&source.root, ChainKind::Authn, &known, &mut Vec::new());
    let site = login::Site { source, server, links: &links, authn, has_store: store.is_some(), offline };
    let mut findings = login::Findings { problems, warnings, files: named };
    let metrics = OfConfiguration(Arc::clone(&outside.metrics));
    login::load(&sections.login, &site, &metrics, &mut findings)
}

/// The files of the doors' certificates.
fn tls_files(source: &Source, server: &ServerConfig) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for door in server.public_doors() {
        if let Some(DoorTls::Files(given)) = &door.tls {
            files.extend([&given.certificate.value, &given.key.value]);
        }
        if let Some(clients) = &door.clients {
            files.push(&clients.ca.value);
            files.extend(clients.crl.map(|crl| &crl.value));
        }
    }
    files.into_iter().map(|file| source.resolve(file)).collect()
}
