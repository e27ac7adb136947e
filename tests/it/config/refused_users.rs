//! Mistakes in `users`: above all those that would let in anybody.

use super::refusal::{FLAT, HASH, LISTED, SECRET, judge, line_of, mistake, refused_each};
use crate::process::{Server, Site, dockgate, run};

#[test]
fn users_that_let_in_anybody_by_mistake() {
    const HASHED: &str = "\"$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\"";
    refused_each(
        FLAT,
        &[
            mistake("null user", ["acl:\n", "  bob:\nacl:\n"], "bob", "write `{}` if any password is to do"),
            mistake(
                "tilde user",
                ["acl:\n", "  bob: ~\nacl:\n"],
                "bob",
                "write `{}` if any password is to do",
            ),
            mistake("null password", [HASHED, ""], "password:", "take the key away if any password is to do"),
            mistake(
                "null labels, no password",
                ["acl:\n", "  bob: {labels: }\nacl:\n"],
                "bob",
                "write `{}` if any is to do",
            ),
            mistake("empty hash", [HASHED, "\"\""], "password:", "make a bcrypt hash with `dockgate hash`"),
            mistake(
                "plain text",
                [HASHED, "canary-of-the-environment"],
                "password:",
                "perhaps the password itself",
            ),
            mistake(
                "a line of an htpasswd file",
                [HASHED, "\"alice:$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\""],
                "password:",
                "only what stands behind the `:`",
            ),
            mistake("a number", [HASHED, "12345678"], "password:", "perhaps the password itself"),
            mistake(
                "compose's dollars",
                [HASHED, "\"$$2y$$10$$mD2HjrwdrDbQBevHsQRoDOAeYYn\""],
                "password:",
                "write every `$` once",
            ),
            mistake(
                "cut hash",
                [HASHED, "\"$2y$10$mD2HjrwdrDbQBevHsQRoDOAeYYn\""],
                "password:",
                "60 characters, this has 34",
            ),
            mistake(
                "argon2i",
                [HASHED, "\"$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$MDEyMzQ1Njc4OWFiY2RlZg\""],
                "password:",
                "argon2i hashes are not supported",
            ),
            mistake(
                "htpasswd's MD5",
                [HASHED, "\"$apr1$abcdefgh$0123456789012345678901\""],
                "password:",
                "htpasswd -nB",
            ),
            mistake(
                "cost 15",
                [HASHED, "\"$2y$15$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\""],
                "password:",
                "bcrypt cost 15 is out of range",
            ),
            mistake(
                "$2x$",
                [HASHED, "\"$2x$10$mD2HjrwdrDbQBevHsQRoDOAeYYnbeK1TdoTK8jvVi9j/oqRkYEbvq\""],
                "password:",
                "a faulty program",
            ),
            mistake(
                "line break",
                ["  alice:", "  \"al\\nice\":"],
                "password:",
                "must not contain control characters",
            ),
            mistake("anonymous with a password", ["  alice:", "  \"\":"], "password:", "write `\"\": {}`"),
        ],
    );
}

#[test]
fn a_hash_in_a_file_of_its_own() {
    let site = Site::new();
    let in_file =
        |config: &str| config.replace(&format!("password: \"{HASH}\""), "password_file: alice.hash");
    let long = "x".repeat(65_537);
    let cases = [
        ("no file", None, "cannot read"),
        ("an empty file", Some(""), "is empty: write the secret"),
        ("the password itself", Some(SECRET), "perhaps the password itself"),
        ("binary garbage", Some("\0\0\0"), "not a password hash"),
        ("far too much", Some(&long), "is longer than 64 KiB"),
    ];
    for config in [in_file(FLAT), in_file(LISTED)] {
        site.write("auth.yml", &config);
        let place = format!("auth.yml:{}:", line_of(&config, "password_file"));
        for (name, content, cure) in cases {
            if let Some(content) = content {
                site.write("alice.hash", content);
            }
            let ended = run(dockgate().args(["check", "auth.yml"]).current_dir(site.path()));
            judge(&ended, &place, cure).unwrap_or_else(|why| panic!("{name}: {why}: {ended:#?}"));
        }
        site.write("alice.hash", format!("  {HASH}\n"));
        let server = Server::start(&site, "auth.yml");
        assert_eq!(server.ask(Some(("alice", "alpha-pass")), "repository:a:pull").granted(), "pull");
        assert_eq!(server.ask(Some(("alice", "")), "repository:a:pull").granted(), "401");
        std::fs::remove_file(site.file("alice.hash")).unwrap();
    }
    refused_each(
        FLAT,
        &[
            mistake(
                "both",
                ["    labels:", "    password_file: cert.pem\n    labels:"],
                "password_file",
                "keep one of them",
            ),
            mistake("null file", ["acl:\n", "  bob: {password_file: }\nacl:\n"], "bob", "expected text"),
        ],
    );
}
