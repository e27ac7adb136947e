//! What the administrator is told of connections.

use dockgate_api::Call;

use super::server::Server;
use crate::wire::{Connection, Found, Scope, Search, Security};

/// A connection that was made, what for, and how it is protected.
pub(super) fn note_connection(cx: &Call, connection: &Connection, purpose: &str) {
    cx.note(|| {
        let facts = connection.facts();
        let how = match (&facts.tls, facts.endpoint.security) {
            (Some(tls), Security::StartTls) => {
                format!("StartTLS, {}, certificate {}", tls.version, tls.certificate)
            }
            (Some(tls), _) => format!("{}, certificate {}", tls.version, tls.certificate),
            (None, _) => "no TLS".to_owned(),
        };
        format!("connected to {} at {} {purpose}: {how}", facts.endpoint, facts.address)
    });
}

/// What was searched for, and what it came to. That one entry was read by its name is told by whoever needed it.
pub(super) fn note_found(cx: &Call, server: &Server, search: &Search, found: &Found) {
    if search.scope == Scope::Base {
        return;
    }
    cx.note(|| {
        let entries = match (found.entries.len(), found.more) {
            (0, false) => "no entry".to_owned(),
            (1, false) => "1 entry".to_owned(),
            (number, false) => format!("{number} entries"),
            (number, true) => format!("more than {number} entries"),
        };
        let references = match found.references.len() {
            0 => String::new(),
            1 => " and 1 reference to another server".to_owned(),
            number => format!(" and {number} references to other servers"),
        };
        let Search { base, filter, .. } = search;
        format!("searched {} below `{base}` for {filter}: {entries}{references}", server.endpoint)
    });
}
