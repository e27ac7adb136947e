//! The article's own variant: a password file.

use std::fs;

use super::{CLIENT, DONE_WITHIN, GATE, MAKE_PASSWORDS, Site, TESTUSER, set_up};
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

/// It is one nginx for all variants: whoever guesses at the place for tokens is its client, and not nginx.
#[test]
fn who_guesses_is_known_everywhere() {
    const WRONG: Account = Account { password: "wrong", ..TESTUSER };
    let Some(site) = start(&[]) else { return };
    assert_eq!(site.curl(Some(&WRONG), "GET", "/auth?service=myregistrydomain.com", "Accept: */*"), 401);
    let known = || site.gate.log().contains(&format!("client={CLIENT}")).then_some(());
    assert!(poll(DONE_WITHIN, known).is_some(), "{}", site.gate.log());
    for variant in ["htpasswd", "ldap", "ldap-bearer"] {
        let config = site.set_up.sample(&format!("config/{variant}.yml"));
        let server = config.split("\nforward_auth:").next().unwrap();
        assert!(server.contains("  real_ip_header: \"X-Forwarded-For\""), "{variant}: {server}");
        assert!(server.contains(&format!("  trusted_proxies: [\"{GATE}\"]")), "{variant}: {server}");
    }
}

/// What a connection that becomes something else would carry nobody is asked about.
#[test]
fn no_connection_becomes_something_else() {
    let Some(site) = start(&[]) else { return };
    let (place, user) = (format!("https://{}/v2/", site.host), "testuser:testpassword");
    // By HTTP/2 curl does not send it.
    let words = ["--http1.1", "--cacert", "nginx/domain.crt", "-u", user, &place];
    assert_eq!(site.set_up.curl(&words).status, 200);
    assert_eq!(site.set_up.curl(&[&words[..], &["-H", "Upgrade: websocket"]].concat()).status, 400);
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
