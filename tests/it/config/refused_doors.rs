//! Mistakes in `server`: doors, sockets, proxies, origins.

use super::refusal::{FLAT, Mistake, mistake, refused_each};

const ADDR: &str = "  addr: \"127.0.0.1:0\"\n";

/// A line or more in place of the address.
const fn server(name: &'static str, bad: &'static str, at: &'static str, cure: &'static str) -> Mistake {
    mistake(name, [ADDR, bad], at, cure)
}

/// A line or more of `server` beside the address.
const fn beside(name: &'static str, bad: &'static str, at: &'static str, cure: &'static str) -> Mistake {
    mistake(name, ["token:\n", bad], at, cure)
}

#[test]
fn sockets() {
    refused_each(
        FLAT,
        &[
            beside(
                "mode of a port",
                "  socket: {mode: \"0660\"}\ntoken:\n",
                "mode",
                "only a unix socket has a mode",
            ),
            server(
                "a mode that is none",
                "  addr: a.sock\n  net: unix\n  socket: {mode: 0888}\n",
                "mode",
                "octal",
            ),
            server(
                "a mode in words",
                "  addr: a.sock\n  net: unix\n  socket: {mode: rw-rw----}\n",
                "mode",
                "octal",
            ),
            server(
                "a mode beyond permissions",
                "  addr: a.sock\n  net: unix\n  socket: {mode: \"4755\"}\n",
                "mode",
                "octal",
            ),
            server("a port for a socket", "  addr: \":5001\"\n  net: unix\n", "5001", "has a path"),
            server("a socket for a port", "  addr: /run/dockgate.sock\n", "/run", "write `net: unix`"),
            server("a line in a path", "  addr: \"a\\nb.sock\"\n  net: unix\n", "\"a", "in one line"),
            beside("a line in an admin's", "  admin: {socket: \"a\\nb\"}\ntoken:\n", "\"a", "in one line"),
            server("a directory", "  addr: run/\n  net: unix\n", "run/", "add the socket's own name"),
            server(
                "a long path",
                "  addr: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789.socket0\n  net: unix\n",
                "addr:",
                "has at most 107 bytes, this one 108",
            ),
        ],
    );
}

#[test]
fn proxy_headers() {
    refused_each(
        FLAT,
        &[
            beside("of nobody", "  proxy_protocol: {}\ntoken:\n", "proxy_protocol", "`from: [10.0.7.3]`"),
            beside(
                "of everybody",
                "  proxy_protocol: {from: [\"::/0\"]}\ntoken:\n",
                "::/0",
                "your proxies' own",
            ),
            beside(
                "of a name",
                "  proxy_protocol: {from: [lb.example.com]}\ntoken:\n",
                "lb.",
                "is no IP address",
            ),
            beside(
                "of more than is written",
                "  proxy_protocol: {from: [10.0.7.3/8]}\ntoken:\n",
                "10.0.7.3/8",
                "10.0.0.0/8",
            ),
            beside("as a flag", "  proxy_protocol: true\ntoken:\n", "proxy_protocol: true", "expected"),
            beside(
                "of an address on a socket",
                "  listeners:\n    - addr: a.sock\n      net: unix\n      proxy_protocol: {from: [10.0.7.3]}\ntoken:\n",
                "proxy_protocol",
                "write `proxy_protocol: {}`",
            ),
            beside(
                "beside a header without a list",
                "  real_ip_header: X-Real-IP\n  proxy_protocol: {from: [10.0.7.3]}\ntoken:\n",
                "proxy_protocol",
                "needs `trusted_proxies`",
            ),
        ],
    );
}

#[test]
fn certificates_of_clients() {
    refused_each(
        FLAT,
        &[
            beside(
                "without TLS",
                "  client_certificates: {ca: cert.pem}\ntoken:\n",
                "client_certificates",
                "write `certificate` and `key`",
            ),
            beside(
                "of nobody",
                "  certificate: cert.pem\n  key: key.pem\n  client_certificates: {mode: optional}\ntoken:\n",
                "client_certificates",
                "`ca: FILE`",
            ),
            beside(
                "in another mode",
                "  certificate: cert.pem\n  key: key.pem\n  client_certificates: {ca: cert.pem, mode: on}\ntoken:\n",
                "client_certificates",
                "optional",
            ),
            beside(
                "of a file that is not there",
                "  certificate: cert.pem\n  key: key.pem\n  client_certificates:\n    ca: nobody.pem\ntoken:\n",
                "nobody.pem",
                "cannot use nobody.pem",
            ),
            beside(
                "of a key",
                "  certificate: cert.pem\n  key: key.pem\n  client_certificates:\n    ca: key.pem\ntoken:\n",
                "    ca: key.pem",
                "no certificate in it",
            ),
            beside(
                "revoked by a certificate",
                "  certificate: cert.pem\n  key: key.pem\n  client_certificates:\n    ca: cert.pem\n    crl: cert.pem\ntoken:\n",
                "    crl: cert.pem",
                "no list of revoked certificates",
            ),
            beside(
                "at a door without TLS",
                "  certificate: cert.pem\n  key: key.pem\n  listeners:\n    - addr: \":1\"\n      tls: false\n      \
                 client_certificates: {ca: cert.pem}\ntoken:\n",
                "client_certificates",
                "does not speak",
            ),
        ],
    );
}

#[test]
fn further_doors() {
    refused_each(
        FLAT,
        &[
            beside("no address", "  listeners: [{net: tcp}]\ntoken:\n", "listeners", "addr"),
            beside("no port", "  listeners:\n    - addr: here\ntoken:\n", "here", "write `:5001`"),
            beside("no list", "  listeners: {addr: \":1\"}\ntoken:\n", "listeners", "expected a list"),
            beside("typo", "  listeners: [{addr: \":1\", sokket: {}}]\ntoken:\n", "listeners", "`socket`"),
            beside(
                "half a pair",
                "  listeners:\n    - addr: \":1\"\n      certificate: cert.pem\ntoken:\n",
                "      certificate: cert.pem",
                "needs `key` beside it",
            ),
            beside(
                "TLS without a certificate",
                "  listeners:\n    - addr: \":1\"\n      tls: true\ntoken:\n",
                "tls: true",
                "there is no certificate",
            ),
            beside(
                "no TLS with a certificate",
                "  listeners:\n    - {addr: \":1\", certificate: cert.pem, key: key.pem,\n      tls: false}\ntoken:\n",
                "tls: false",
                "take it away",
            ),
            beside(
                "one address twice",
                "  listeners:\n    - addr: \":1\"\n    - addr: \":2\"\n    - addr: \":1\" # again\ntoken:\n",
                "again",
                "`server.listeners[0].addr` in line 4 has this address already",
            ),
            beside(
                "metrics at a client's door",
                "  listeners: [{addr: \":1\"}]\n  metrics:\n    addr: \":1\" # again\ntoken:\n",
                "again",
                "`server.listeners[0].addr` in line 3 has this address already",
            ),
            beside(
                "admin at the metrics' socket",
                "  metrics: {addr: a/m.sock, net: unix}\n  admin:\n    socket: a/./m.sock\ntoken:\n",
                "socket: a/./m.sock",
                "`server.metrics.addr` in line 3 has this address already",
            ),
            beside("metrics outside", "metrics: {addr: \":1\"}\ntoken:\n", "metrics", "stands in `server`"),
            beside("metrics without a port", "  metrics: {addr: here}\ntoken:\n", "metrics", "write `:5001`"),
            beside("admin without a path", "  admin: {socket: \"\"}\ntoken:\n", "admin", "admin.sock"),
            beside("admin at a port", "  admin: {socket: \":9102\"}\ntoken:\n", "admin", "has a path"),
            beside(
                "admin's mode",
                "  admin: {socket: a, mode: 0666}\ntoken:\n",
                "admin",
                "unknown key `mode`",
            ),
        ],
    );
}

#[test]
fn proxies_and_pages() {
    refused_each(
        FLAT,
        &[
            beside(
                "no header's name",
                "  real_ip_header: \"X Forwarded\"\ntoken:\n",
                "real_ip_header",
                "write one such as `X-Forwarded-For`",
            ),
            beside(
                "trusted without a header",
                "  trusted_proxies: [10.0.0.1]\ntoken:\n",
                "trusted_proxies",
                "`real_ip_header` is missing",
            ),
            beside(
                "a host's name",
                "  real_ip_header: X-Real-IP\n  trusted_proxies: [proxy.example.com]\ntoken:\n",
                "proxy.example.com",
                "host names are not looked up",
            ),
            beside(
                "everybody is trusted",
                "  real_ip_header: X-Real-IP\n  trusted_proxies: [10.0.0.1, \"::/0\"]\ntoken:\n",
                "trusted_proxies",
                "this trusts everybody",
            ),
            beside(
                "position beside a list",
                "  real_ip_header: X-Real-IP\n  trusted_proxies: [10.0.0.1]\n  real_ip_pos: -1\ntoken:\n",
                "real_ip_pos",
                "take this key away",
            ),
            beside(
                "an address that is a network",
                "  real_ip_header: X-Real-IP\n  trusted_proxies: [10.0.7.0/28, 10.0.7.3/8]\ntoken:\n",
                "trusted_proxies",
                "the whole network `10.0.0.0/8`: write that, or the address alone, `10.0.7.3`",
            ),
            beside("wildcard", "  cors: {origins: [\"*\"]}\ntoken:\n", "cors", "each origin by itself"),
            beside(
                "an origin with a path",
                "  cors:\n    origins:\n      - https://ui.example.com/\ntoken:\n",
                "https",
                "`https://ui.example.com`: write it so",
            ),
            beside("an eternity", "  shutdown_delay: 11m\ntoken:\n", "shutdown_delay", "`0s` to `10m`"),
            beside("a word for yes", "  hsts: please\ntoken:\n", "hsts", "true or false"),
        ],
    );
}
