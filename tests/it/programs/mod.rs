//! Programs decide in the real binary: `ext_auth` and `ext_authz`.

mod crowds;
mod drop_in;
mod ends;
mod said;

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};

use crate::process::{Site, poll};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

const HEAD: &str = "server: {addr: \"127.0.0.1:0\"}\n\
                    token: {issuer: a, expiration: 900, certificate: cert.pem, key: key.pem}\n";

/// A site with chains, and programs that are called by their names.
fn site(chains: &str, programs: &[(&str, &str)]) -> Site {
    let site = Site::with(&format!("{HEAD}{chains}"));
    for (name, lines) in programs {
        site.program(name, &format!("#!/bin/sh\n{lines}\n"));
    }
    site
}

/// The process ids that programs wrote into a file, one a line.
fn written(site: &Site, file: &str) -> Vec<Pid> {
    let text = fs::read_to_string(site.file(file)).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.filter_map(|line| Pid::from_raw(line.trim().parse().ok()?)).collect()
}

/// Once so many have been written.
#[track_caller]
fn wait_for(site: &Site, file: &str, number: usize) -> Vec<Pid> {
    let found = poll(PATIENCE, || Some(written(site, file)).filter(|found| found.len() >= number));
    found.unwrap_or_else(|| panic!("not {number} processes in {file}: {:?}", written(site, file)))
}

/// Neither running nor a zombie.
#[track_caller]
fn all_gone(processes: &[Pid]) {
    let there = || processes.iter().filter(|process| test_kill_process(**process).is_ok()).count();
    assert!(poll(PATIENCE, || (there() == 0).then_some(())).is_some(), "{} are still there", there());
}

/// The children of a process, dead ones too.
fn children(pid: u32) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let listed = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")));
    let ids: Vec<String> = listed.flatten().collect();
    ids.iter().flat_map(|ids| ids.split_whitespace().map(str::to_owned)).collect()
}
