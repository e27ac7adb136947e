//! The store when the configuration changes: opened once, shared by both configurations, closed when neither has it.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::NOT_RELOADED;
use crate::process::{Address, Response, Server, Site, basic, dockgate, poll, run};
use crate::support::{ALICE, PATIENCE, users};

/// A configuration with refresh tokens in a store; how long tokens live tells it from others.
fn storing(store: &str, expiration: u32) -> String {
    format!(
        "server: {{addr: \"127.0.0.1:0\", metrics: {{addr: metrics.sock, net: unix}}}}\n\
         token: {{issuer: an issuer, expiration: {expiration}, certificate: cert.pem, key: key.pem, refresh: {{}}}}\n\
         store: {{{store}}}\n\
         users: {}\n\
         acl: [{{match: {{}}, actions: [pull]}}]\n",
        users("")
    )
}

struct Running {
    site: Site,
    server: Server,
    expiration: u32,
}

impl Running {
    fn with(store: &str) -> Self {
        let expiration = 900;
        let site = Site::with(&storing(store, expiration));
        let server = Server::start(&site, "auth.yml");
        Self { site, server, expiration }
    }

    #[track_caller]
    fn reload(&mut self, store: &str) {
        self.expiration += 1;
        self.site.write("auth.yml", storing(store, self.expiration));
        let taken = || (self.log_in()["expires_in"] == self.expiration).then_some(());
        assert!(poll(PATIENCE, taken).is_some(), "{}", self.server.stderr());
    }

    fn log_in(&self) -> Value {
        let authorization = basic(ALICE.0, ALICE.1);
        let header = Some(("Authorization", authorization.as_str()));
        self.server.address().get("/auth?service=registry&offline_token=true", header).json()
    }

    fn refresh_token(&self) -> String {
        self.log_in()["refresh_token"].as_str().unwrap().to_owned()
    }

    fn refresh(&self, token: &str) -> Response {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("service", "registry")];
        self.server.address().post_form("/auth", &[&form[..], &[("client_id", "docker")]].concat())
    }

    #[track_caller]
    fn is_good(&self, token: &str, good: bool) {
        let answer = self.refresh(token);
        assert_eq!(answer.status, if good { 200 } else { 401 }, "{answer:?}\n{}", self.server.stderr());
    }

    fn watching(&self) -> Address {
        self.server.said("listening for those who watch", 1);
        Address::Unix(self.site.file("metrics.sock"))
    }

    /// Waits until a series has a value like this.
    #[track_caller]
    fn counts(&self, series: &str, is_right: impl Fn(u64) -> bool) {
        let watching = self.watching();
        let page = || watching.get("/metrics", None).body;
        let value =
            |page: &str| page.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<u64>().ok());
        let shown = poll(PATIENCE, || value(&page()).filter(|value| is_right(*value)));
        assert!(shown.is_some(), "{series}\n{}", page());
    }

    /// Whether the server has the store in a directory open.
    fn holds(&self, place: &str) -> bool {
        let file = self.site.file(place).join("store.redb").canonicalize().unwrap();
        let open = fs::read_dir(format!("/proc/{}/fd", self.server.pid())).unwrap();
        open.flatten().any(|open| fs::read_link(open.path()).is_ok_and(|path| path == file))
    }

    /// Requests that began with the configuration before may end first.
    #[track_caller]
    fn lets_go(&self, place: &str) {
        let gone = poll(PATIENCE, || (!self.holds(place)).then_some(()));
        assert!(gone.is_some(), "{place} is still open:\n{}", self.server.stderr());
    }
}

#[test]
fn a_store_elsewhere_is_another_one_and_the_one_before_is_closed() {
    let mut running = Running::with("file: one");
    let token = running.refresh_token();
    running.reload("file: two");
    running.is_good(&token, false);
    assert!(running.holds("two"));
    running.lets_go("one");
    running.reload("file: one");
    running.is_good(&token, true);
    running.lets_go("two");
}

#[test]
fn one_place_is_one_store_however_it_is_written() {
    let mut running = Running::with("file: one");
    let token = running.refresh_token();
    std::os::unix::fs::symlink(running.site.file("one"), running.site.file("linked")).unwrap();
    let whole = format!("file: \"{}\"", running.site.file("one").display());
    for store in ["file: ./one/../one/", "file: linked", &whole, "file: one, recheck: 1s"] {
        running.reload(store);
        running.is_good(&token, true);
    }
    assert!(running.holds("one"));
}

#[test]
fn a_seal_changes_over_the_file_that_is_open() {
    let [first, second, third] = ["1", "2", "3"].map(|digit| digit.repeat(40));
    let mut running = Running::with(&format!("file: one, secret: \"{first}\""));
    let old = running.refresh_token();
    running.reload(&format!("file: one, secret: \"{second}\", secret_before: \"{first}\""));
    let new = running.refresh_token();
    running.is_good(&old, true);
    running.is_good(&new, true);
    running.reload(&format!("file: one, secret: \"{third}\", secret_before: \"{second}\""));
    running.is_good(&new, true);
    let refused = format!("file: one, secret: \"{first}\"");
    running.reload(&refused);
    running.is_good(&new, false);
    assert!(running.server.stderr().contains("does not carry our seal"), "{}", running.server.stderr());
}

/// The store is opened before the sockets are: one of them is taken.
#[test]
fn what_a_refused_reload_has_opened_is_closed_again() {
    let running = Running::with("file: one");
    let token = running.refresh_token();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("addr: \"{}\"", taken.local_addr().unwrap());
    running.site.write("auth.yml", storing("file: two", 900).replace("addr: \"127.0.0.1:0\"", &elsewhere));
    running.server.said(NOT_RELOADED, 1);
    assert!(running.site.file("two").join("store.redb").exists(), "it was opened");
    running.lets_go("two");
    assert!(running.holds("one"));
    running.is_good(&token, true);
}

#[test]
fn a_store_that_cannot_be_opened_refuses_the_reload() {
    let running = Running::with("file: one");
    let token = running.refresh_token();
    running.site.write("two/store.redb", "no store");
    running.site.write("auth.yml", storing("file: two", 900));
    running.server.said(NOT_RELOADED, 1);
    let said = running.server.stderr();
    assert!(said.contains("store.file") && said.contains("auth.yml:3:"), "{said}");
    running.is_good(&token, true);
}

#[test]
fn who_only_looks_at_a_configuration_opens_nothing() {
    let running = Running::with("file: one");
    for store in ["file: one", "file: not_there"] {
        running.site.write("other.yml", storing(store, 900));
        let looked = run(dockgate().args(["check", "other.yml"]).current_dir(running.site.path()));
        assert_eq!(looked.code, Some(0), "{looked:?}");
    }
    assert!(!running.site.file("not_there").exists());
    // One that serves is refused, by name and with the cure.
    let beside = run(dockgate().args(["serve", "auth.yml"]).current_dir(running.site.path()));
    assert!(beside.code.is_some_and(|code| code != 0), "{beside:?}");
    let holder = format!("({}) has it open", running.server.pid());
    assert!(beside.stderr.contains("store.file") && beside.stderr.contains(&holder), "{}", beside.stderr);
    assert!(running.holds("one"));
}

/// Nobody listens at port 1.
#[test]
fn those_who_watch_see_how_the_store_is() {
    let away = format!(
        "postgres: {{host: 127.0.0.1, port: 1, database: d, user: u}}, secret: \"{}\"",
        "1".repeat(40)
    );
    let mut running = Running::with(&away);
    let store = || running.watching().get("/readyz", None).json()["store"].clone();
    assert_eq!((&store()["link"], &store()["state"]), (&json!("postgres"), &json!("down")), "{}", store());
    assert!(store()["why"].as_str().unwrap().contains("127.0.0.1:1"), "{}", store());
    running.counts("dockgate_store_up{store=\"postgres\"}", |up| up == 0);
    // Who has a password is served all the same.
    assert!(running.log_in()["token"].is_string());
    running.counts("dockgate_store_errors_total{operation=\"list\",store=\"postgres\"}", |errors| errors > 0);
    running.reload("file: one");
    assert_eq!(running.watching().get("/readyz", None).json()["store"]["state"], "up");
    running.counts("dockgate_store_up{store=\"file\"}", |up| up == 1);
    running.counts("dockgate_store_errors_total{operation=\"list\",store=\"file\"}", |errors| errors == 0);
    // What was before is not shown any more, once its last request has ended.
    let page = || running.watching().get("/metrics", None).body;
    assert!(poll(PATIENCE, || (!page().contains("postgres")).then_some(())).is_some(), "{}", page());
}
