//! Mistakes in `server`, `token`, `log` and `passwords`, and what all sections have in common.

use super::refusal::{FLAT, Mistake, mistake, refused_each};

#[test]
fn keys_that_nobody_knows() {
    refused_each(
        FLAT,
        &[
            mistake("unknown key", ["addr:", "adddr:"], "adddr", "did you mean `addr`?"),
            mistake("unknown section", ["token:\n", "tokens:\n"], "tokens", "did you mean `token`?"),
            mistake(
                "far from any section",
                ["server:\n", "qqqqqqqqqq: 1\nserver:\n"],
                "qqqq",
                "known here: `server`",
            ),
            mistake("unknown key of token", ["issuer:", "isuer:"], "isuer", "did you mean `issuer`?"),
            mistake("unknown key of a user", ["labels:", "label:"], "label:", "did you mean `labels`?"),
            mistake("unknown key of a rule", ["actions:", "action:"], "action:", "did you mean `actions`?"),
            mistake("unknown key of match", ["{account:", "{acount:"], "acount", "did you mean `account`?"),
            mistake(
                "unknown limit",
                ["token:\n", "  limits: {scope: 3}\ntoken:\n"],
                "limits",
                "did you mean `scopes`?",
            ),
            mistake("unknown key of log", ["token:\n", "log: {formt: json}\ntoken:\n"], "formt", "`format`"),
            mistake(
                "unknown key of passwords",
                ["token:\n", "passwords: {slot: 1}\ntoken:\n"],
                "slot",
                "`slots`",
            ),
        ],
    );
}

#[test]
fn values_of_the_wrong_type() {
    refused_each(
        FLAT,
        &[
            mistake("word for a number", ["900", "soon"], "soon", "expected a whole number, found `soon`"),
            mistake("quoted number", ["900", "\"900\""], "\"900\"", "expected a whole number"),
            mistake("fraction for a number", ["900", "1.5"], "1.5", "expected a whole number"),
            mistake("negative number", ["900", "-900"], "-900", "write a number from 0 to 4294967295"),
            mistake("huge number", ["900", "99999999999"], "99999999999", "out of range"),
            mistake("list for a text", ["\"test issuer\"", "[a]"], "issuer", "expected text, found a list"),
            mistake(
                "mapping for a text",
                ["\"127.0.0.1:0\"", "{a: b}"],
                "addr",
                "expected text, found a mapping",
            ),
            mistake(
                "text for a section",
                ["server:\n  addr: \"127.0.0.1:0\"", "server: x"],
                "server: x",
                "expected a mapping",
            ),
            mistake(
                "nothing in a section",
                ["server:\n  addr: \"127.0.0.1:0\"", "server:"],
                "server:",
                "expected a mapping",
            ),
            mistake(
                "list of users",
                ["  alice:\n    password", "  - alice:\n    password"],
                "- alice",
                "expected a mapping",
            ),
            mistake(
                "text for truth",
                ["  key: \"key.pem\"", "  key: \"key.pem\"\n  x5c: perhaps"],
                "perhaps",
                "true or false",
            ),
            mistake(
                "text for labels",
                ["{team: [\"dev\"]}", "{team: dev}"],
                "{team: dev}",
                "write `[developers]`",
            ),
            mistake("text for actions", ["[\"pull\"]", "pull"], "actions: pull", "expected a list"),
            mistake(
                "mapping of rules",
                ["  - match: {account: \"alice\"}\n    actions", "  match: {}\n  actions"],
                "match: {}",
                "expected a list",
            ),
            mistake(
                "unknown word",
                ["token:\n", "log: {level: inof}\ntoken:\n"],
                "inof",
                "did you mean `info`?",
            ),
            mistake(
                "unknown net",
                ["token:\n", "  net: udp\ntoken:\n"],
                "net: udp",
                "not one of `tcp`, `unix`",
            ),
            mistake("other version", ["token:\n", "acl_version: 3\ntoken:\n"], "acl_version", "2 is ours"),
        ],
    );
}

#[test]
fn addresses_that_make_no_sense() {
    const LIMITS: &str = "token:\n";
    refused_each(
        FLAT,
        &[
            mistake("no port", ["\"127.0.0.1:0\"", "\"5001\""], "5001", "write `:5001` or `HOST:5001`"),
            mistake(
                "no number for a port",
                ["\"127.0.0.1:0\"", "\":https\""],
                ":https",
                "a number from 0 to 65535",
            ),
            mistake("port too large", ["\"127.0.0.1:0\"", "\":65536\""], "65536", "a number from 0 to 65535"),
            mistake(
                "IPv6 without brackets",
                ["\"127.0.0.1:0\"", "\"::1:5001\""],
                "::1:5001",
                "write `[::1]:5001`",
            ),
            mistake(
                "empty addr",
                ["\"127.0.0.1:0\"", "\"\""],
                "addr",
                "an address is needed, such as `:5001`",
            ),
            mistake("null addr", ["\"127.0.0.1:0\"", "~"], "addr", "expected text"),
            mistake("no addr", ["  addr: \"127.0.0.1:0\"", "  net: tcp"], "net", "the key `addr` is missing"),
            mistake(
                "relative prefix",
                [LIMITS, "  path_prefix: auth\ntoken:\n"],
                "path_prefix",
                "must begin with `/`",
            ),
            mistake(
                "prefix with dots",
                [LIMITS, "  path_prefix: /../a\ntoken:\n"],
                "path_prefix",
                "only path segments",
            ),
            mistake(
                "prefix with a query",
                [LIMITS, "  path_prefix: \"/a?b\"\ntoken:\n"],
                "path_prefix",
                "only path segments",
            ),
        ],
    );
}

#[test]
fn tokens_that_make_no_sense() {
    const LIMITS: &str = "token:\n";
    refused_each(
        FLAT,
        &[
            mistake(
                "empty issuer",
                ["\"test issuer\"", "\" \""],
                "issuer",
                "the same text as the registry's `issuer`",
            ),
            mistake(
                "no issuer",
                ["  issuer: \"test issuer\"\n", ""],
                "expiration",
                "the key `issuer` is missing",
            ),
            mistake(
                "no expiration",
                ["  expiration: 900\n", ""],
                "issuer",
                "the key `expiration` is missing",
            ),
            mistake("expiration 0", ["900", "0"], "expiration: 0", "at least 1 second; 900 is usual"),
            mistake(
                "bad duration",
                [LIMITS, "  limits: {header_timeout: 10}\ntoken:\n"],
                "header_timeout",
                "such as `10s`",
            ),
            mistake(
                "negative duration",
                [LIMITS, "  limits: {drain_timeout: -1s}\ntoken:\n"],
                "drain_timeout",
                "`1m30s`",
            ),
            mistake(
                "half a token pair",
                ["  key: \"key.pem\"\n", ""],
                "certificate",
                "needs `key` beside it",
            ),
            mistake(
                "the other half",
                ["  certificate: \"cert.pem\"\n", ""],
                "  key:",
                "needs `certificate` beside it",
            ),
            mistake(
                "server certificate alone",
                [LIMITS, "  certificate: cert.pem\ntoken:\n"],
                "certificate",
                "needs `key` beside it",
            ),
            mistake(
                "server key alone",
                [LIMITS, "  key: key.pem\ntoken:\n"],
                "  key:",
                "needs `certificate` beside it",
            ),
            mistake(
                "nothing to sign with",
                ["  certificate: \"cert.pem\"\n  key: \"key.pem\"\n", ""],
                "token:",
                "make keys with `dockgate keys init DIR`",
            ),
            mistake(
                "no server section",
                ["server:\n  addr: \"127.0.0.1:0\"\n", ""],
                "token:",
                "the section `server:` is missing",
            ),
        ],
    );
}

#[test]
fn limits_that_leave_nobody_through() {
    const LIMITS: &str = "token:\n";
    refused_each(
        FLAT,
        &[
            mistake(
                "no scopes",
                [LIMITS, "  limits:\n    scopes: 0\ntoken:\n"],
                "scopes: 0",
                "write a number from",
            ),
            mistake(
                "no body",
                [LIMITS, "  limits:\n    body: 0\ntoken:\n"],
                "body: 0",
                "write a number from",
            ),
            mistake(
                "no connections",
                [LIMITS, "  limits:\n    connections: 0\ntoken:\n"],
                "connections: 0",
                "write a number from",
            ),
            mistake(
                "tiny header",
                [LIMITS, "  limits:\n    header: 100\ntoken:\n"],
                "header: 100",
                "write a number from 8192",
            ),
            mistake(
                "no account name",
                [LIMITS, "  limits:\n    name: 0\ntoken:\n"],
                "name: 0",
                "write a number from",
            ),
            mistake(
                "no password",
                [LIMITS, "  limits:\n    secret: 0\ntoken:\n"],
                "secret: 0",
                "write a number from",
            ),
            mistake(
                "no time for a head",
                [LIMITS, "  limits:\n    header_timeout: 0s\ntoken:\n"],
                "header_timeout",
                "",
            ),
            mistake(
                "no time for a request",
                [LIMITS, "  limits:\n    request_timeout: 0s\ntoken:\n"],
                "request_timeout",
                "",
            ),
            mistake(
                "no time for TLS",
                [LIMITS, "  limits:\n    handshake_timeout: 0s\ntoken:\n"],
                "handshake_timeout",
                "",
            ),
        ],
    );
}

/// Numbers that no machine has must not end the process in another way than with exit code 2.
#[test]
fn limits_beyond_measure() {
    const LIMITS: &str = "token:\n";
    refused_each(
        FLAT,
        &[
            mistake(
                "connections",
                [LIMITS, "  limits:\n    connections: 9223372036854775807\ntoken:\n"],
                "connections",
                "",
            ),
            mistake(
                "body",
                [LIMITS, "  limits:\n    body: 99999999999999999999\ntoken:\n"],
                "body",
                "a smaller number",
            ),
            mistake("queue", [LIMITS, "passwords:\n  queue: 4294967296\ntoken:\n"], "queue", "out of range"),
            mistake(
                "no slots",
                [LIMITS, "passwords:\n  slots: 0\ntoken:\n"],
                "slots",
                "a number from 1 to 1024",
            ),
            mistake(
                "slots",
                [LIMITS, "passwords:\n  slots: 1025\ntoken:\n"],
                "slots",
                "a number from 1 to 1024",
            ),
        ],
    );
}

/// A section `audit` before that of the users.
const fn audit(name: &'static str, bad: &'static str, cure: &'static str) -> Mistake {
    mistake(name, ["users:\n", bad], "audit:", cure)
}

#[test]
fn audit_logs_that_go_nowhere() {
    refused_each(
        FLAT,
        &[
            audit("nothing", "audit: {to: \"\"}\nusers:\n", "write `stdout` or the path of a file"),
            audit("a word that was meant as a place", "audit: {to: STDOUT}\nusers:\n", "write `stdout`"),
            audit("standard error", "audit: {to: stderr}\nusers:\n", "goes to `stdout` or to a file"),
            audit("a line in a path", "audit: {to: \"./a\\nb\"}\nusers:\n", "in one line"),
            audit("no byte at all in a path", "audit: {to: \"./a\\0b\"}\nusers:\n", "in one line"),
            audit("a directory", "audit: {to: .}\nusers:\n", "no ordinary file"),
            audit("a directory that is not there", "audit: {to: ./none/audit.log}\nusers:\n", "none"),
            audit("required of nobody", "audit: {required: true}\nusers:\n", "write `to`"),
        ],
    );
}
