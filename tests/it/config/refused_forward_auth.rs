//! Mistakes in `forward_auth`.

use super::refusal::{FLAT, Mistake, mistake, refused_each};

const SECRET: &str = "secret: 0123456789abcdef0123456789abcdef";
const PROXIES: &str = "trusted_proxies: [192.0.2.1]";
const SECTION: &str = "forward_auth: {preset: nginx, service: registry, secret: 0123456789abcdef0123456789abcdef, \
                       trusted_proxies: [192.0.2.1], headers: {}, identity_headers: {X-Auth-User: account}}\n";

const fn section(name: &'static str, change: [&'static str; 2], cure: &'static str) -> Mistake {
    mistake(name, change, "forward_auth", cure)
}

#[test]
fn secrets_and_proxies() {
    refused_each(
        &format!("{FLAT}{SECTION}"),
        &[
            section("no secret", [SECRET, "mode: basic"], "make one with `openssl rand -hex 32`"),
            section("a short secret", [SECRET, "secret: 0123456789abcdef0123456789abcde"], "shorter than 32"),
            section(
                "a secret with a space",
                [SECRET, "secret: \"0123456789abcdef 0123456789abcdef\""],
                "a secret that goes into a header",
            ),
            section(
                "a short one from before",
                [SECRET, "secret: 0123456789abcdef0123456789abcdef, previous_secret: short"],
                "shorter than 32",
            ),
            section(
                "no proxies",
                [PROXIES, "mode: basic"],
                "`trusted_proxies` is missing: list the addresses",
            ),
            section("everybody", [PROXIES, "trusted_proxies: [\"::/0\"]"], "your proxies' own"),
            section("no service", ["service: registry", "service: \"\""], "nothing is no service"),
            section(
                "a service in two lines",
                ["service: registry", "service: \"a\\nb\""],
                "a name is one line of letters",
            ),
            section("no preset", ["preset: nginx, ", ""], "the key `preset` is missing"),
            section("an unknown preset", ["preset: nginx", "preset: apache"], "ingress-nginx"),
            section(
                "tokens from nowhere",
                [PROXIES, "trusted_proxies: [192.0.2.1], mode: bearer"],
                "`public_url` is missing: with `mode: bearer`",
            ),
        ],
    );
}

#[test]
fn names_of_headers() {
    const NONE: &str = "headers: {},";
    const USER: &str = "X-Auth-User: account";
    refused_each(
        &format!("{FLAT}{SECTION}"),
        &[
            section(
                "underscores",
                [NONE, "headers: {uri: X_Original_URI},"],
                "write one such as `X-Original-URI`",
            ),
            section("no name", [NONE, "headers: {client: \"X Y\"},"], "this is no header's name"),
            section(
                "one name for two",
                [NONE, "headers: {uri: X-Said, method: x-said},"],
                "give each a name of its own",
            ),
            section(
                "the client's own word",
                [NONE, "headers: {secret: Authorization},"],
                "clients write this header",
            ),
            section("what the gate reads", [USER, "X-Original-URI: account"], "the gate reads this header"),
            section(
                "what an answer says",
                [USER, "WWW-Authenticate: account"],
                "this header says something else",
            ),
            section(
                "a header that is none",
                [USER, "\"X User\": account"],
                "write one such as `X-Auth-User`",
            ),
            section(
                "underscores for a registry",
                [USER, "X_User: account"],
                "write one such as `X-Auth-User`",
            ),
            section("one header for two", [USER, "X-User: account, x-user: groups"], "is there already"),
        ],
    );
}
