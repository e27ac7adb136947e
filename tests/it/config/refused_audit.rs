//! Mistakes in `audit`.

use super::refusal::{FLAT, LISTED, mistake, refused_each};
use crate::process::{Site, dockgate, run};

#[test]
fn places_where_no_line_can_be_written() {
    refused_each(
        LISTED,
        &[
            mistake("unknown key", ["token:\n", "audit: {too: x}\ntoken:\n"], "too", "did you mean `to`?"),
            mistake("nowhere", ["token:\n", "audit: {to: \"\"}\ntoken:\n"], "to:", "write `stdout`"),
            mistake("standard error", ["token:\n", "audit: {to: stderr}\ntoken:\n"], "stderr", "`stdout`"),
            mistake("shouted", ["token:\n", "audit: {to: STDOUT}\ntoken:\n"], "STDOUT", "write `stdout`"),
            mistake("a service", ["token:\n", "audit: {to: syslog}\ntoken:\n"], "syslog", "`./audit.log`"),
            mistake(
                "required without a place",
                ["token:\n", "audit: {required: true}\ntoken:\n"],
                "required",
                "write `to`",
            ),
            mistake(
                "no directory",
                ["token:\n", "audit: {to: none/audit.log}\ntoken:\n"],
                "none/audit",
                "make it, writable",
            ),
            mistake("a directory", ["token:\n", "audit: {to: \".\"}\ntoken:\n"], "to:", "no ordinary file"),
            mistake(
                "no truth value",
                ["token:\n", "audit: {to: stdout, required: maybe}\ntoken:\n"],
                "maybe",
                "true",
            ),
        ],
    );
}

/// Who checks may be another user than who serves: a file of the wrong owner would be worse than none. And a change that
/// is proposed is checked where the directory is not.
#[test]
fn to_check_makes_no_file_and_offline_needs_no_directory() {
    let site = Site::with(&format!("audit: {{to: audit.log}}\n{FLAT}"));
    let check = |arguments: &[&str]| {
        run(dockgate().arg("check").args(arguments).arg("auth.yml").current_dir(site.path()))
    };
    assert_eq!(check(&[]).code, Some(0));
    assert!(!site.file("audit.log").exists());
    site.write("auth.yml", format!("audit: {{to: none/audit.log}}\n{FLAT}"));
    let (at_hand, offline) = (check(&[]), check(&["--offline"]));
    assert_eq!((at_hand.code, offline.code), (Some(2), Some(0)), "{at_hand:?} {offline:?}");
}
