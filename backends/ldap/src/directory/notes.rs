//! What the administrator is told of connections.

use dockgate_api::Call;

use super::server::Server;
use crate::wire::{Connection, Found, Scope, Search, Security};

impl Server {
    pub(super) fn note_connected(&self, cx: &Call, connection: &Connection) {
        cx.note(|| {
            let facts = connection.facts();
            let how = match (&facts.tls, self.endpoint.security) {
                (Some(tls), Security::StartTls) => format!("StartTLS, {}, {}", tls.version, tls.certificate),
                (Some(tls), _) => format!("{}, {}", tls.version, tls.certificate),
                (None, _) => "without TLS".to_owned(),
            };
            format!("connected to {} at {}: {how}", facts.endpoint, facts.address)
        });
    }

    pub(super) fn note_use(&self, cx: &Call, reused: bool, whose: &str) {
        if reused {
            cx.note(|| format!("{} is asked over {whose} connection that was open", self.endpoint));
        }
    }
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
        format!("{} was searched, {scope} `{base}` for `{filter}`: {number} entries{more}{references}", server.endpoint)
    });
}
