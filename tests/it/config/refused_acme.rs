//! Mistakes in `server.letsencrypt` and `server.acme`.

use super::refusal::{FLAT, Mistake, mistake, refused_each};
use crate::process::{Site, dockgate, run};

/// Lines of `server` beside the address.
const fn beside(name: &'static str, bad: &'static str, at: &'static str, cure: &'static str) -> Mistake {
    mistake(name, ["token:\n", bad], at, cure)
}

#[test]
fn sections() {
    refused_each(
        FLAT,
        &[
            beside(
                "no host",
                "  letsencrypt: {email: a@example.com, cache_dir: .}\ntoken:\n",
                "letsencrypt",
                "`host` is missing: write the name",
            ),
            beside(
                "no directory",
                "  letsencrypt: {host: auth.example.com}\ntoken:\n",
                "letsencrypt",
                "`cache_dir` is missing: name a directory",
            ),
            beside(
                "an address for a host",
                "  letsencrypt:\n    host: 192.0.2.1\n    cache_dir: .\ntoken:\n",
                "192.0.2.1",
                "this is an IP address",
            ),
            beside(
                "a wildcard",
                "  letsencrypt:\n    host: \"*.example.com\"\n    cache_dir: .\ntoken:\n",
                "*.example",
                "write each name of the server",
            ),
            beside(
                "no mail address",
                "  letsencrypt:\n    host: auth.example.com\n    email: admin\n    cache_dir: .\ntoken:\n",
                "email: admin",
                "this is no mail address",
            ),
            beside(
                "a directory that is not there",
                "  letsencrypt: {host: auth.example.com, cache_dir: missing}\ntoken:\n",
                "letsencrypt",
                "missing does not exist: make it, writable for the server's user alone",
            ),
            beside(
                "a file for a directory",
                "  letsencrypt: {host: auth.example.com, cache_dir: auth.yml}\ntoken:\n",
                "letsencrypt",
                "auth.yml is no directory",
            ),
        ],
    );
}

#[test]
fn sections_of_doors_and_of_ours() {
    refused_each(
        FLAT,
        &[
            beside(
                "a pair too",
                "  certificate: cert.pem\n  key: key.pem\n  letsencrypt: {host: auth.example.com, cache_dir: .}\ntoken:\n",
                "letsencrypt",
                "keep the pair, or take the two away",
            ),
            beside(
                "both forms",
                "  letsencrypt: {host: auth.example.com, cache_dir: .}\n  acme: {hosts: [auth.example.com], cache_dir: .}\n\
                 token:\n",
                "letsencrypt",
                "keep one of the two",
            ),
            mistake(
                "a unix socket alone",
                [
                    "  addr: \"127.0.0.1:0\"\n",
                    "  addr: a.sock\n  net: unix\n  letsencrypt: {host: auth.example.com, cache_dir: .}\n",
                ],
                "letsencrypt",
                "not by a unix socket",
            ),
            beside(
                "no hosts",
                "  acme: {hosts: [], cache_dir: .}\ntoken:\n",
                "acme",
                "is empty: write the names",
            ),
            beside(
                "one host twice",
                "  acme: {cache_dir: ., hosts: [a.example.com, A.example.com]}\ntoken:\n",
                "acme",
                "stands in the list already",
            ),
            beside(
                "no URL",
                "  acme: {cache_dir: ., hosts: [a.example.com], directory: \"http://ca/dir\"}\ntoken:\n",
                "acme",
                "write `https://HOST/PATH`",
            ),
            beside(
                "no authority",
                "  acme: {cache_dir: ., hosts: [a.example.com], ca: key.pem}\ntoken:\n",
                "acme",
                "no certificate in it",
            ),
            beside(
                "half of an account",
                "  acme: {cache_dir: ., hosts: [a.example.com], external_account: {key_id: a}}\ntoken:\n",
                "acme",
                "needs `key_id` and `key_file`",
            ),
            beside(
                "no key of an account",
                "  acme: {cache_dir: ., hosts: [a.example.com], external_account: {key_id: a, key_file: cert.pem}}\n\
                 token:\n",
                "acme",
                "holds no key in base64url",
            ),
        ],
    );
}

/// `check` does not even look for the authority: there is none under this name.
#[test]
fn what_check_says_of_a_good_one() {
    let acme =
        "  acme: {cache_dir: ., hosts: [Auth.example.com], directory: \"https://ca.invalid/dir\"}\ntoken:\n";
    let site = Site::with(&FLAT.replace("token:\n", acme));
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(0), "{checked:#?}");
    for line in [
        "note: auth.yml:3:9: server.acme: the authority connects to port 443 of auth.example.com: it must lead to \
         `127.0.0.1:0`, and TLS must end here\n",
        "listens on       127.0.0.1:0 (HTTPS)\n",
        "TLS certificate  of https://ca.invalid/dir for auth.example.com: none yet, asked for at the start\n",
        "fine, 0 warning(s)\n",
    ] {
        assert!(checked.stdout.contains(line), "{line}{}", checked.stdout);
    }
    let offline = FLAT.replace("token:\n", &acme.replace("cache_dir: .", "cache_dir: elsewhere"));
    let site = Site::with(&offline);
    let checked = run(dockgate().args(["check", "--offline", "auth.yml"]).current_dir(site.path()));
    assert_eq!(checked.code, Some(0), "{checked:#?}");
}

/// A template of docker_auth's writes keys with nothing behind them.
#[test]
fn nothing_is_absent() {
    let nothing =
        "  letsencrypt: {email: \"\", host: \"\", cache_dir: \"\"}\n  acme: {hosts: [], ca: ~}\ntoken:\n";
    let site = Site::with(&FLAT.replace("token:\n", nothing));
    let checked = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
    assert!(checked.stdout.contains("listens on       127.0.0.1:0 (HTTP)\n"), "{checked:#?}");
}
