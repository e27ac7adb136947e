//! The article's own variant: a password file.

use std::fs;

use super::{DONE_WITHIN, MAKE_PASSWORDS, Site, TESTUSER, set_up};
use crate::accounts::Account;
use crate::client::{Client, with_clients};
use crate::components::{Component, HTPASSWD};
use crate::harness::poll;

const READER: Account = Account { name: "reader", password: "readerpassword", hash: "" };

/// What one form of the article has in its file, for `testpassword`.
const OF_THE_ARTICLE: &str = "testuser:$2y$05$.nIfPAEgpWCh.rpts/XHX.UOfCRNtvMmYjh6sY/AZBmeg/dQyN62q\n";

with_clients!([skopeo Skopeo, podman Podman, crane Crane, docker Docker], only_the_group_pushes);

fn start(clients: &[Component]) -> Option<Site> {
    let set_up = set_up(clients, &[HTPASSWD])?;
    set_up.follow(MAKE_PASSWORDS);
    Some(Site::start(set_up, "htpasswd", &[]))
}

fn only_the_group_pushes<C: Client>() {
    let Some(site) = start(C::COMPONENTS) else { return };
    site.only_the_group_pushes::<C>(&READER);
}

/// Its line goes into either file, and says what may be done with it while everything runs.
#[test]
fn the_articles_own_file_will_do() {
    let Some(site) = start(&[]) else { return };
    let upload = || site.curl(Some(&TESTUSER), "POST", "/v2/test/blobs/uploads/", "Accept: */*");
    let becomes = |status: u16| {
        let became = poll(DONE_WITHIN, || (upload() == status).then_some(()));
        assert!(became.is_some(), "{status}:\n{}", site.gate.log());
    };
    fs::write(site.set_up.path("config/push.htpasswd"), OF_THE_ARTICLE).unwrap();
    becomes(202);
    fs::write(site.set_up.path("config/pull.htpasswd"), OF_THE_ARTICLE).unwrap();
    fs::write(site.set_up.path("config/push.htpasswd"), "# nobody\n").unwrap();
    becomes(403);
    fs::write(site.set_up.path("config/pull.htpasswd"), "# nobody\n").unwrap();
    becomes(401);
}

/// The registry takes everything from everybody: its way in is nginx.
#[test]
fn the_registry_has_no_port_of_the_machines() {
    let Some(set_up) = set_up(&[], &[]) else { return };
    let composed = set_up.composed();
    assert_eq!(composed.matches("    ports:\n").count(), 1, "{composed}");
    assert!(
        composed.contains("    ports:\n    - published: 5043\n      target: 443\n    restart:"),
        "{composed}"
    );
    for network in ["gate", "registry"] {
        assert!(composed.contains(&format!("  {network}:\n    internal: true\n")), "{network}: {composed}");
    }
}
