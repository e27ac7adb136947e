//! `audit.required`: no token without its line.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::rotation::{CONFIG, SCOPE};
use super::{lines, whole};
use crate::process::{Server, Site, poll};
use crate::support::PATIENCE;

fn site(required: bool) -> Site {
    Site::with(&format!("audit: {{to: audit.log, required: {required}}}\n{CONFIG}"))
}

/// Puts something in the place of the file that no line can be written to.
fn break_it(site: &Site) {
    std::fs::remove_file(site.file("audit.log")).unwrap();
    std::fs::create_dir(site.file("audit.log")).unwrap();
}

#[test]
fn what_cannot_be_written_down_is_not_handed_out() {
    let site = site(true);
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.ask(None, SCOPE).status, 200);
    assert_eq!(std::fs::read_to_string(site.file("audit.log")).unwrap().lines().count(), 1, "written before");
    break_it(&site);
    for _ in 0..3 {
        let answer = server.ask(None, SCOPE);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(
            answer.head.to_ascii_lowercase().contains("retry-after: 5") && !answer.body.contains("token\"")
        );
    }
    std::fs::remove_dir(site.file("audit.log")).unwrap();
    assert_eq!(server.ask(None, SCOPE).status, 200);
    let log = server.stop(Signal::TERM).stderr;
    assert_eq!(log.matches("the audit log cannot be written").count(), 1, "{log}");
    assert_eq!(log.matches("the audit log can be written again").count(), 1, "{log}");
    assert_eq!(log.matches("audit lines were lost").count(), 1, "once, not at every try: {log}");
    // Who reads the audit log alone learns of the gap too.
    let lines = lines(&site.file("audit.log"), 2);
    assert_eq!(
        (&lines[0]["event"], &lines[1]["event"], &lines[1]["lines"]),
        (&"token".into(), &"lost".into(), &3.into())
    );
}

#[test]
fn where_it_is_not_required_tokens_go_on() {
    let site = site(false);
    let server = Server::start(&site, "auth.yml");
    assert_eq!(server.ask(None, SCOPE).status, 200);
    lines(&site.file("audit.log"), 1);
    break_it(&site);
    assert_eq!(server.ask(None, SCOPE).status, 200);
    server.said("the audit log cannot be written", 1);
}

/// The server is killed while tokens are handed out: whoever has one stands in the file.
#[test]
fn a_kill_loses_no_line_of_a_token_that_somebody_has() {
    let site = site(true);
    let server = Server::start(&site, "auth.yml");
    let (file, address) = (site.file("audit.log"), server.address().clone());
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let address = address.clone();
            std::thread::spawn(move || {
                let mut ids = Vec::new();
                // Until the server is gone, which ends some request in its middle.
                while let Ok(answer) = std::panic::catch_unwind(|| address.get("/auth?service=r", None)) {
                    if answer.status == 200 && answer.body.ends_with('}') {
                        ids.push(answer.claims()["jti"].as_str().unwrap().to_owned());
                    }
                }
                ids
            })
        })
        .collect();
    let busy = || std::fs::read_to_string(&file).is_ok_and(|text| text.lines().count() > 200);
    assert!(poll(PATIENCE, || busy().then_some(())).is_some());
    assert_eq!(server.stop(Signal::KILL).code, None);
    let got: Vec<String> = askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect();
    assert!(got.len() >= 100, "{}", got.len());
    let text = std::fs::read_to_string(&file).unwrap();
    let whole_lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let written: BTreeSet<String> =
        whole_lines.map(|line| whole(line)["jti"].as_str().unwrap().to_owned()).collect();
    let missing: Vec<&String> = got.iter().filter(|id| !written.contains(*id)).collect();
    assert!(missing.is_empty(), "{missing:?} of {}", got.len());
}
