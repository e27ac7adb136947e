//! What the administrator is told of connections.

use dockgate_api::Call;

use super::server::Server;
use crate::wire::{Connection, Found, Scope, Search, Security};

/// Which connection is used, and how it is protected.
pub(super) fn note_connection(cx: &Call, connection: &Connection, what: &str) {
    cx.note(|| {
        let facts = connection.facts();
        let how = match (&facts.tls, facts.endpoint.security) {
            (Some(tls), Security::StartTls) => format!("StartTLS, {}, {}", tls.version, tls.certificate),
            (Some(tls), _) => format!("{}, {}", tls.version, tls.certificate),
            (None, _) => "without TLS".to_owned(),
        };
        format!("{what} {} at {}: {how}", facts.endpoint, facts.address)
    });
}

/// What was searched for, and what it came to.
pub(super) fn note_found(cx: &Call, server: &Server, search: &Search, found: &Found) {
    cx.note(|| {
        let Search { base, filter, .. } = search;
        let scope = match search.scope {
            Scope::Base => "the entry",
            Scope::Subtree => "the tree below",
        };
        let number = found.entries.len();
        let more = if found.more { " and more" } else { "" };
        let references = match found.references.len() {
            0 => String::new(),
            references => format!(", {references} references to other servers"),
        };
        format!(
            "{} was searched, {scope} `{base}` for `{filter}`: {number} entries{more}{references}",
            server.endpoint
        )
    });
}
