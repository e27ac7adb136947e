//! Mistakes in `store`, and in what needs one.

use super::refusal::{LISTED, Mistake, mistake, refused_each};

const SECRET: &str = "secret: 0123456789abcdef0123456789abcdef";

#[test]
fn what_is_no_store() {
    fn at(section: &str, cure: &'static str) -> Mistake {
        let section: &'static str = format!("store: {section}\ntoken:\n").replace("SECRET", SECRET).leak();
        mistake(section, ["token:\n", section], "store:", cure)
    }
    refused_each(
        LISTED,
        &[
            at("{}", "needs exactly one of `file`, `redis` and `postgres`: write `file: DIRECTORY`"),
            at("{file: a, redis: {addr: \"127.0.0.1:1\"}, SECRET}", "needs exactly one of"),
            at("store.db", "expected a mapping"),
            at("{sqlite: store.db}", "known here: `file`, `redis`, `postgres`"),
            at("{file: \"\"}", "store.file: needs a directory"),
            at("{file: not/there}", "the directory above it does not exist; make that"),
            at("{file: key.pem}", "is no directory, and the store needs one of its own"),
            at("{file: a, recheck: 1h}", "at most 15m: for so long somebody who is gone"),
            at("{file: a, secret: short}", "at least 32 characters: `openssl rand -hex 32` makes them"),
            at("{file: a, secret_before_file: key.pem}", "`secret` is missing"),
            at("{redis: {addr: \"127.0.0.1:1\"}}", "needs `secret_file: FILE`"),
            at("{redis: {addr: \"redis://u:p@h:1\"}, SECRET}", "this is a URL: write `addr: HOST:PORT`"),
            at("{redis: {}, SECRET}", "say where Redis is: `addr: HOST:PORT`"),
            at("{redis: {addr: \"127.0.0.1:1\", username: u}, SECRET}", "write `password_file: FILE`"),
            at("{redis: {addr: \"127.0.0.1:1\", password_file: no.such}, SECRET}", "cannot read"),
            at("{postgres: {host: db}, SECRET}", "the key `database` is missing"),
            at("{postgres: {host: \"postgres://db\", database: d, user: u}, SECRET}", "keys of their own"),
            at(
                "{postgres: {host: db, database: d, user: u, tls: {ca_certificate: no.pem}}, SECRET}",
                "store.postgres.tls.ca_certificate: cannot read",
            ),
        ],
    );
}

#[test]
fn refresh_tokens_that_nobody_could_keep() {
    fn at(refresh: &str, section: &str, cure: &'static str) -> Mistake {
        let bad: &'static str = format!("{section}token:\n  refresh: {refresh}\n").leak();
        mistake(bad, ["token:\n", bad], "refresh:", cure)
    }
    const STORE: &str = "store: {file: a}\n";
    refused_each(
        LISTED,
        &[
            at("{}", "", "needs a place to keep them: write `store: {file: DIRECTORY}`"),
            at("{lifetime: 3000d}", STORE, "write a span from `5m` to `730d`"),
            at("{idle: 1s}", STORE, "write a span from `5m` to `730d`"),
            at("true", STORE, "expected a mapping with keys such as `enabled`, `lifetime`, `idle`"),
            at("{lifetme: 90d}", STORE, "did you mean `lifetime`?"),
        ],
    );
}
