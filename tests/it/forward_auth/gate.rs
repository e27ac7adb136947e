//! A server with a gate, and what a proxy asks it.

use crate::process::{Response, Server, Site, basic};

pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// `alice` (badmin) may pull and push below `team/`, `bob` (the same) may pull there, everybody may pull `public/…`.
const USERS_AND_RULES: &str = "
users:
  alice: {password: \"$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC\", labels: {groups: [dev, ops]}}
  bob: {password: \"$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC\"}
  \"\": {}
acl:
- {match: {account: alice, name: \"team/**\"}, actions: [pull, push]}
- {match: {account: bob, name: \"team/**\"}, actions: [pull]}
- {match: {name: \"public/*\"}, actions: [pull]}
acl_version: 2
";

pub(super) struct Gate {
    pub(super) server: Server,
    pub(super) site: Site,
}

impl Gate {
    /// `section` is what stands in `forward_auth` beside the service, the secret and the proxies.
    pub(super) fn start(section: &str) -> Self {
        let site = Site::with(&format!(
            "server: {{addr: \"127.0.0.1:0\"}}
token: {{issuer: a, expiration: 300, certificate: cert.pem, key: key.pem}}
forward_auth: {{service: registry, secret: {SECRET}, trusted_proxies: [127.0.0.1], {section}}}
{USERS_AND_RULES}"
        ));
        let server = Server::start(&site, "auth.yml");
        Self { server, site }
    }

    /// What nginx asks, as its sample configuration says, with further headers.
    pub(super) fn nginx(&self, method: &str, uri: &str, more: &[(&str, &str)]) -> Response {
        let mut headers = vec![
            ("X-Dockgate-Secret", SECRET),
            ("X-Original-Method", method),
            ("X-Original-URI", uri),
            ("X-Forwarded-For", "203.0.113.9"),
        ];
        headers.extend(more);
        self.server.address().request("GET", "/forward-auth", &headers, b"")
    }

    /// The same as somebody.
    pub(super) fn by(&self, account: &str, method: &str, uri: &str) -> Response {
        self.nginx(method, uri, &[("Authorization", &basic(account, "badmin"))])
    }
}
