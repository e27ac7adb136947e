//! What the directory has to do for a push and a pull, by variant.

use std::fmt::Write as _;
use std::time::Duration;

use super::directory::{directory, start};
use super::{Site, TESTUSER};
use crate::client::Client as _;
use crate::clients::skopeo::Skopeo;
use crate::components::SKOPEO;
use crate::directory::slapd::Slapd;
use crate::harness::{poll, table};
use crate::image::Image;

const README: &str = "examples/articles/registry-docs-push-group/README.md";
/// Nobody asks for it but this test, and nobody in particular.
const MARK: &str = "/v2/marked/tags/list";
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// How often something was asked.
#[derive(Clone, Copy)]
struct Asked {
    requests: usize,
    logins: usize,
    searches: usize,
}

impl Asked {
    fn until_now(site: &Site, slapd: &Slapd) -> Self {
        let accesses = accesses(site);
        let log = slapd.log();
        let bind = format!("BIND dn=\"uid={},", TESTUSER.name);
        Self {
            requests: accesses.lines().filter(|line| !line.contains(MARK)).count(),
            // A bind that succeeds has a second line, without a method.
            logins: log.lines().filter(|line| line.contains(&bind) && line.contains("method=128")).count(),
            searches: log.lines().filter(|line| line.contains("SRCH base=")).count(),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            logins: self.logins - before.logins,
            searches: self.searches - before.searches,
        }
    }
}

/// nginx's access log. A line may be later than its answer, and no line is later than that of a later request.
fn accesses(site: &Site) -> String {
    let log = || site.set_up.read("nginx/access.log");
    let marks = |log: &str| log.lines().filter(|line| line.contains(MARK)).count();
    let before = marks(&log());
    assert_eq!(site.curl(None, "GET", MARK, "Accept: */*"), 401);
    let marked = poll(WRITTEN_WITHIN, || (marks(&log()) > before).then(log));
    marked.unwrap_or_else(|| panic!("nginx does not log:\n{}", site.nginx.log()))
}

#[test]
fn what_a_push_asks_of_the_directory() {
    let mut rows = String::from(
        "| skopeo, two layers | requests to nginx | logins at the directory | searches there |\n|---|---|---|---|\n",
    );
    for (variant, title) in [("ldap", "basic"), ("ldap-bearer", "bearer")] {
        let Some(slapd) = directory() else { return };
        let Some(site) = start(&slapd, variant, &[SKOPEO]) else { return };
        let testuser: Skopeo = site.client_of(&TESTUSER);
        let image = Image::of(&["one", "two"]);
        let mut measure = |what: &str, does: &dyn Fn()| {
            let before = Asked::until_now(&site, &slapd);
            does();
            let Asked { requests, logins, searches } = Asked::until_now(&site, &slapd).since(before);
            writeln!(rows, "| {what}, `{variant}.yml` ({title}) | {requests} | {logins} | {searches} |")
                .unwrap();
        };
        measure("push", &|| drop(testuser.push(&image, "test:1").succeeds()));
        measure("pull", &|| assert_eq!(testuser.pulled("test:1"), image));
    }
    table::check(README, "ldap-cost", &rows);
}
