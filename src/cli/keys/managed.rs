//! `dockgate keys init | renew | issue-leaf | next-ca | switch-ca DIR`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::{date, failed, say};
use crate::outside::Outside;
use crate::token::managed::{ManagedError, ManagedKeys, NextCa};

const DAY: u64 = 24 * 60 * 60;

pub(super) fn init(directory: &Path, outside: &Outside) -> ExitCode {
    done(ManagedKeys::init(directory, outside.clock.now()), |_| {
        // Files in a configuration are relative to it, or to where the server is started: an absolute path suits both.
        let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
        let shown = absolute.display();
        format!(
            "Made {shown}. Next:\n  \
             1. write `managed_keys: {shown}` under `token:` in the configuration\n  \
             2. give {shown}/bundle.pem to every registry as its `rootcertbundle`, and start the registry\n\
             The signing key then renews itself; no registry is told again for years. Keep {shown}/ca.key to yourself: who \
             has it can sign tokens."
        )
    })
}

pub(super) fn renew(directory: &Path, outside: &Outside) -> ExitCode {
    let renewed = ManagedKeys::open(directory).and_then(|keys| keys.renew(outside.clock.now()));
    done(renewed, |leaf| {
        format!(
            "{} has a new signing key, good until {}. Running servers take it up by themselves.",
            directory.display(),
            date(leaf.not_after())
        )
    })
}

pub(super) fn issue_leaf(directory: &Path, into: &Path, days: u32, outside: &Outside) -> ExitCode {
    let life = Duration::from_secs(u64::from(days) * DAY);
    let issued =
        ManagedKeys::open(directory).and_then(|keys| keys.issue_leaf(into, life, outside.clock.now()));
    done(issued, |issued| {
        let notices: String = issued.notices.iter().map(|notice| format!("{notice}\n")).collect();
        let (shown, end) = (into.display(), date(issued.certificate.not_after()));
        format!(
            "{notices}{shown} has a signing key, good until {end}, and no authority's key. Copy it to the server (mode 0600) \
             and write `managed_keys` for it; registries are given {shown}/bundle.pem.\n\
             Before {end} run this again and copy it again: running servers take it up by themselves."
        )
    })
}

pub(super) fn next_ca(directory: &Path, outside: &Outside) -> ExitCode {
    let next = ManagedKeys::open(directory).and_then(|keys| keys.publish_next_ca(outside.clock.now()));
    done(next, |next: &NextCa| {
        format!(
            "{} is in {}/bundle.pem: give that file to every registry, and restart them. It takes over on {}, or with \
             `dockgate keys switch-ca`.",
            next.certificate.subject(),
            directory.display(),
            date(next.takes_over)
        )
    })
}

pub(super) fn switch_ca(directory: &Path, at_once: bool, outside: &Outside) -> ExitCode {
    let now = outside.clock.now();
    let switched = ManagedKeys::open(directory).and_then(|keys| keys.switch_ca(now, at_once));
    done(switched, |next: &NextCa| {
        format!(
            "{} issues from now on; it was published on {}. Registries that were not given bundle.pem since then refuse \
             all tokens.",
            next.certificate.subject(),
            date(next.published)
        )
    })
}

fn done<T>(result: Result<T, ManagedError>, message: impl FnOnce(&T) -> String) -> ExitCode {
    match result {
        Ok(made) => {
            say(&message(&made));
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error.to_string()),
    }
}
