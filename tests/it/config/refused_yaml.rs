//! Files that are no YAML, or none that we read.

use super::refusal::{FLAT, mistake, refused, refused_each};
use crate::process::Site;

#[test]
fn text_that_is_no_good_yaml() {
    refused_each(
        FLAT,
        &[
            mistake(
                "key twice",
                ["key: \"key.pem\"", "key: a\n  key: b"],
                "key: b",
                "stands twice, first in line 7",
            ),
            mistake(
                "user twice",
                ["acl:\n", "  alice: {}\nacl:\n"],
                "  alice: {}",
                "stands twice, first in line 9",
            ),
            mistake(
                "section twice",
                ["token:\n", "server: {}\ntoken:\n"],
                "server: {}",
                "stands twice, first in line 1",
            ),
            mistake("tabs", ["  addr:", "\taddr:"], "\taddr", "not indented with tabs: use spaces"),
            mistake("tabs in front of a list", ["  - match:", "\t- match:"], "\t- match", "use spaces"),
            mistake("unclosed quote", ["\"test issuer\"", "\"test issuer"], "expiration", "not valid YAML"),
            mistake("unclosed flow list", ["[\"pull\"]", "[\"pull\""], "[\"pull\"", "not valid YAML"),
            mistake(
                "colon within a value",
                ["\"test issuer\"", "test: issuer"],
                "test: issuer",
                "not valid YAML",
            ),
            mistake("several documents", ["token:\n", "---\ntoken:\n"], "---", "remove the `---`"),
            mistake("tag", ["\"test issuer\"", "!secret x"], "!secret", "remove it"),
            mistake("alias to nothing", ["\"test issuer\"", "*nobody"], "*nobody", "not valid YAML"),
            mistake("merged scalar", ["  addr:", "  <<: 3\n  addr:"], "<<: 3", "takes a mapping"),
            mistake(
                "list as a key",
                ["  addr:", "  ? [a]\n  : 1\n  addr:"],
                "? [a]",
                "a key must be a single word",
            ),
        ],
    );
}

/// The whole file, the line that is named, and what is said.
#[test]
fn files_that_are_no_configuration() {
    let site = Site::new();
    let deep = "[".repeat(5_000);
    let cases: [(&str, &[u8], usize, &str); 12] = [
        ("an empty file", b"", 1, "`dockgate quickstart` writes one to start from"),
        ("white space", b" \n\n  \n", 1, "the file is empty"),
        ("only comments", b"# server:\n#   addr: :5001\n", 1, "the file is empty"),
        ("only a document's start", b"---\n", 1, "the file is empty"),
        ("binary garbage", b"server:\n  a: b\n\x00\x01\x02\x7fELF", 3, "a binary file, not a configuration"),
        ("bytes that are not UTF-8", b"server:\n  addr: \"\xff\xfe\"\n", 2, "not UTF-8 text"),
        ("UTF-16", b"\xff\xfes\x00e\x00r\x00v\x00e\x00r\x00", 1, "not UTF-8 text"),
        (
            "a compressed file",
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
            1,
            "is it the configuration file?",
        ),
        ("a list", b"- server: {}\n", 1, "expected sections such as `server:` and `token:`, found a list"),
        ("a word", b"hello\n", 1, "expected sections"),
        ("a key file", b"-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n", 1, ""),
        ("bottomless nesting", deep.as_bytes(), 1, ""),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, config, line, cure)| {
            refused(&site, config, *line, cure).err().map(|why| format!("{name}: {why}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let mut bomb = FLAT.to_owned() + "x-0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
    for level in 1..12 {
        let below = vec![format!("*x{}", level - 1); 9].join(", ");
        bomb = format!("{bomb}x-{level}: &x{level} [{below}]\n");
    }
    let site = Site::new();
    site.write("auth.yml", &bomb);
    let ended =
        crate::process::run(crate::process::dockgate().args(["serve", "auth.yml"]).current_dir(site.path()));
    super::refusal::judge(&ended, "auth.yml:1", "aliases multiply the file beyond all measure: write it out")
        .unwrap();
}

#[test]
fn a_file_that_is_not_there_is_named_with_its_first_line() {
    let site = Site::new();
    std::fs::create_dir(site.file("directory")).unwrap();
    for (file, why) in [("missing.yml", "No such file"), ("directory", "Is a directory")] {
        for command in ["check", "serve"] {
            let ended = crate::process::run(
                crate::process::dockgate().args([command, file]).current_dir(site.path()),
            );
            super::refusal::judge(&ended, &format!("{file}:1:"), why)
                .unwrap_or_else(|wrong| panic!("{wrong}: {ended:?}"));
        }
    }
}
