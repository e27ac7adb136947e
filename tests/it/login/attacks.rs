//! What an attacker would try, a test each.

use std::time::Duration;

use super::Site;
use super::browser::{Browser, value_after};
use crate::support::{Ask, form};

const SESSION: &str = "__Host-dockgate-session";
const PENDING: &str = "__Host-dockgate-sign-in";

fn is_stale(answer: &crate::support::Answer) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("This sign-in is over"), "{}", answer.text());
    assert!(!answer.headers.contains_key("set-cookie"), "nobody is signed in, and nothing is forgotten");
}

/// Login CSRF: somebody else's code and state in a link.
#[test]
fn a_callback_counts_only_in_the_browser_that_began() {
    let site = Site::new();
    let mut attacker = site.browser();
    let sent = attacker.start("/github_auth");
    let mut victim = site.browser();
    is_stale(&victim.come_back("/github_auth", "mallory", &sent["state"]));
    let own = victim.start("/github_auth");
    is_stale(&victim.come_back("/github_auth", "mallory", &sent["state"]));
    is_stale(&victim.come_back("/github_auth", "mallory", ""));
    is_stale(&victim.get("/github_auth?code=mallory"));
    assert_eq!(site.counted("github_auth", "stale"), "4");
    assert_eq!(victim.come_back("/github_auth", "alice", &own["state"]).status, 303, "their own goes on");
}

/// Mix-up (RFC 9207, section 1): the answer of one provider at the route of another.
#[test]
fn an_answer_counts_only_at_the_link_that_was_asked() {
    let site = Site::new();
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    is_stale(&browser.come_back("/login/other", "alice", &sent["state"]));
    // The issuer that the provider names is the backend's to judge.
    let sent = browser.start("/login/other");
    let answer = browser.come_back("/login/other", "alice", &sent["state"]);
    assert_eq!(answer.status, 403, "{}", answer.text());
    let sent = browser.start("/login/other");
    let foreign = form(&[("code", "alice"), ("state", &sent["state"]), ("iss", "https://evil.example.com")]);
    assert_eq!(browser.get(&format!("/login/other?{foreign}")).status, 403);
}

#[test]
fn a_second_callback_is_refused_at_every_replica() {
    let site = Site::new();
    let replica = site.replica();
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    let (mut copied, mut elsewhere) = (browser.at(&site.server), browser.at(&replica));
    assert_eq!(browser.come_back("/github_auth", "alice", &sent["state"]).status, 303);
    is_stale(&copied.come_back("/github_auth", "alice", &sent["state"]));
    is_stale(&elsewhere.come_back("/github_auth", "alice", &sent["state"]));
    assert!(browser.at(&replica).get("/").text().contains("Signed in as"), "the session is everybody's");
    // What began here may end there.
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    assert_eq!(browser.at(&replica).come_back("/github_auth", "bob", &sent["state"]).status, 303);
}

#[test]
fn a_sign_in_that_takes_too_long_is_over() {
    let site = Site::new();
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    site.server.clock.turn(Duration::from_mins(10));
    is_stale(&browser.come_back("/github_auth", "alice", &sent["state"]));
}

#[test]
fn what_a_browser_was_given_to_keep_cannot_be_changed_or_made() {
    let site = Site::new();
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    let sealed = browser.cookies[PENDING].clone();
    assert!(!sealed.contains(&sent["state"]) && !sealed.contains(&sent["nonce"]));
    let last = if sealed.ends_with('A') { "B" } else { "A" };
    for changed in [
        String::new(),
        "1.".to_owned(),
        sealed[..sealed.len() - 8].to_owned(),
        format!("{}{last}AAA", &sealed[..sealed.len() - 4]),
        format!("x{sealed}"),
    ] {
        let mut other = browser.at(&site.server);
        other.cookies.insert(PENDING.to_owned(), changed);
        is_stale(&other.come_back("/github_auth", "alice", &sent["state"]));
    }
    // The other cookie's name does not open it either.
    let mut other = browser.at(&site.server);
    other.cookies.insert(SESSION.to_owned(), sealed);
    assert!(other.get("/").text().contains("Sign in with Acme"));
}

/// Session fixation.
#[test]
fn a_planted_session_is_not_taken_up() {
    let site = Site::new();
    let planted = "A".repeat(43);
    let mut victim = site.browser();
    victim.cookies.insert(SESSION.to_owned(), planted.clone());
    victim.sign_in("/github_auth", "alice");
    assert_ne!(victim.cookies[SESSION], planted);
    let mut attacker = site.browser();
    attacker.cookies.insert(SESSION.to_owned(), planted);
    assert!(attacker.get("/").text().contains("Sign in with Acme"));
    // Nor is a session that there was: the attacker's own, planted before.
    let attacker = site.signed_in("mallory");
    let mut victim = attacker.at(&site.server);
    victim.sign_in("/github_auth", "alice");
    assert!(attacker.at(&site.server).get("/").text().contains("Sign in with Acme"), "it is over");
    // One that a host beside this one planted without TLS has another name.
    let mut victim = site.browser();
    victim.cookies.insert("dockgate-session".to_owned(), site.signed_in("mallory").cookies[SESSION].clone());
    assert!(victim.get("/").text().contains("Sign in with Acme"));
}

#[test]
fn nothing_leads_elsewhere() {
    let site = Site::new();
    for query in
        ["next=https://evil.example.com", "after=https://evil.example.com", "after=//evil.example.com"]
    {
        let mut browser = site.browser();
        let sent = browser.start(&format!("/github_auth?{query}"));
        assert_eq!(sent["redirect_uri"], "https://auth.example.com/github_auth");
        let state = &sent["state"];
        let answer = browser.get(&format!("/github_auth?code=alice&state={state}&{query}"));
        assert_eq!(answer.header("location"), "/", "{query}");
        assert!(!browser.get(&format!("/?{query}")).text().contains("evil"));
    }
}

#[test]
fn a_host_that_is_none_is_refused_and_never_repeated() {
    let site = Site::new();
    for host in ["a\"><script>", "evil.example.com/x", "me@evil", "a b", "", "a:b", "[::1"] {
        let mut browser = site.browser();
        browser.host = host.to_owned();
        for path in ["/", "/github_auth"] {
            let answer = browser.get(path);
            assert_eq!(answer.status, 400, "{host}: {}", answer.text());
            assert!(!answer.headers.contains_key("location") && !answer.text().contains("evil"), "{host}");
        }
    }
}

/// Every form, with whatever is wrong with where it comes from.
#[test]
fn a_form_of_another_page_does_nothing() {
    let site = Site::new();
    let mut browser = site.signed_in("alice");
    let made = browser.submit("/app-passwords", &[("name", "kept")]);
    assert_eq!(made.status, 200, "{}", made.text());
    let id = value_after(browser.get("/").text(), "name=\"id\" value=\"").unwrap().to_owned();
    let csrf = browser.csrf();
    let foreign = site.signed_in("mallory").csrf();
    assert_ne!(csrf, foreign);
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for (path, field) in [
        ("/app-passwords", ("name", "forged")),
        ("/app-passwords/revoke", ("id", id.as_str())),
        ("/sign-out", ("x", "y")),
    ] {
        for (token, headers) in [
            (None, Vec::new()),
            (Some(""), Vec::new()),
            (Some(foreign.as_str()), Vec::new()),
            (Some(&csrf[..csrf.len() - 1]), Vec::new()),
            (Some(csrf.as_str()), header("sec-fetch-site", "cross-site")),
            (Some(csrf.as_str()), header("sec-fetch-site", "same-site")),
            (Some(csrf.as_str()), header("origin", "https://evil.example.com")),
        ] {
            let mut other = browser.at(&site.server);
            other.headers = headers.clone();
            let mut fields = vec![field];
            fields.extend(token.map(|token| ("csrf", token)));
            let answer = other.post(path, &fields);
            assert_eq!(answer.status, 403, "{path} {token:?} {headers:?}: {}", answer.text());
            assert!(answer.text().contains("That form is not ours"));
        }
        let mut stranger = site.browser();
        assert_eq!(stranger.post(path, &[("csrf", &csrf), field]).status, 403, "without a session");
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(browser.send(method, path, None, Vec::new()).status, 405, "{method} {path}");
        }
    }
    let page = browser.get("/");
    assert!(page.text().contains(">kept<") && !page.text().contains("forged"), "{}", page.text());
    browser.headers = header("sec-fetch-site", "same-origin");
    assert_eq!(browser.post("/sign-out", &[("csrf", &csrf)]).status, 200, "ours does");
}

#[test]
fn a_form_is_a_form_and_no_larger_than_allowed() {
    let site = Site::of(super::CHAINS, "limits: {body: 2048}");
    let mut browser = site.signed_in("alice");
    let csrf = browser.csrf();
    let body = |name: &str| form(&[("csrf", &csrf), ("name", name)]).into_bytes();
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(browser.post_raw("/app-passwords", kind, body(&"a".repeat(3000))).status, 413);
    for other in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
        assert_eq!(browser.post_raw("/app-passwords", other, body("a")).status, 400, "{other}");
    }
    for twice in [("name", "b"), ("csrf", &csrf)] {
        let fields = [("csrf", csrf.as_str()), ("name", "a"), twice];
        assert_eq!(browser.post("/app-passwords", &fields).status, 400, "{twice:?} twice");
    }
    assert!(browser.get("/").text().contains("You have none yet"));
    let unknown = [("csrf", csrf.as_str()), ("name", "a"), ("owner", "bob"), ("owner", "eve")];
    let charset = "application/x-www-form-urlencoded; charset=utf-8";
    assert_eq!(browser.post_raw("/app-passwords", charset, form(&unknown).into_bytes()).status, 200);
}

/// Clickjacking, sniffing, caches, other origins.
#[test]
fn every_page_says_what_may_be_done_with_it() {
    let site = Site::new();
    let mut browser = site.browser();
    let first = browser.get("/");
    let sent = browser.start("/github_auth");
    let started = browser.get("/github_auth");
    let trouble = browser.get("/github_auth?code=x&state=y");
    browser.sign_in("/github_auth", "alice");
    let home = browser.get("/");
    let made = browser.submit("/app-passwords", &[("name", "a")]);
    let wrong = browser.submit("/app-passwords", &[("name", "")]);
    let method = browser.get("/sign-out");
    let out = browser.submit("/sign-out", &[]);
    assert!(!sent.is_empty());
    for page in [&first, &started, &trouble, &home, &made, &wrong, &method, &out] {
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(name), value, "{page:?}");
        }
        let policy = page.header("content-security-policy");
        for directive in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|found| found == directive), "{directive}: {policy}");
        }
        assert!(!page.headers.contains_key("access-control-allow-origin"));
        let text = page.text();
        for inline in ["<style", "style=\"", "onclick", "javascript:", "<script>"] {
            assert!(!text.contains(inline), "{inline}: {text}");
        }
    }
}

#[test]
fn cookies_are_for_this_server_over_tls_and_for_no_script() {
    let site = Site::new();
    let mut browser = site.browser();
    let start = browser.get("/github_auth");
    let flags = "; Path=/; HttpOnly; Secure; SameSite=Lax";
    assert!(start.header("set-cookie").starts_with("__Host-dockgate-sign-in=1."));
    assert!(start.header("set-cookie").ends_with(&format!("; Max-Age=600{flags}")));
    let sent = browser.start("/github_auth");
    let back = browser.come_back("/github_auth", "alice", &sent["state"]);
    let cookies: Vec<&str> =
        back.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].starts_with("__Host-dockgate-session="));
    assert!(cookies[0].ends_with(&format!("; Max-Age=28800{flags}")), "{cookies:?}");
}

/// What the provider calls somebody, and what they call their passwords, is text.
#[test]
fn nothing_that_others_chose_is_markup() {
    let site = Site::with("login: {title: '<b>T</b>', registries: [registry.example.com]}\n");
    let mut browser = site.signed_in("<script>alert(1)</script>'\"");
    let made = browser.submit("/app-passwords", &[("name", "<img src=x onerror=alert(1)>\"'")]);
    assert_eq!(made.status, 200);
    let refused = browser.submit("/app-passwords", &[("name", "<i>"), ("patterns", "</textarea><script>[")]);
    assert_eq!(refused.status, 422);
    for page in [&made, &refused, &browser.get("/")] {
        let text = page.text();
        for markup in ["<script>", "<img src=x", "<b>T", "<i>", "</textarea><"] {
            assert!(!text.contains(markup), "{markup}: {text}");
        }
    }
}

#[test]
fn a_network_that_fails_too_often_waits_and_a_session_goes_on() {
    let site = Site::with("lockout: {address: {failures: 3, within: 10m, ban: 5m}}\n");
    let mut signed_in = site.signed_in("alice");
    for _ in 0..3 {
        let mut browser = site.browser();
        let sent = browser.start("/github_auth");
        assert_eq!(browser.come_back("/github_auth", "wrong", &sent["state"]).status, 403);
    }
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    let locked = browser.come_back("/github_auth", "alice", &sent["state"]);
    assert_eq!(locked.status, 429, "{}", locked.text());
    assert!(locked.headers.contains_key("retry-after") && locked.text().contains("Too many tries"));
    assert_eq!(site.counted("github_auth", "locked"), "1");
    let mut elsewhere = site.browser();
    elsewhere.address = [203, 0, 113, 8].into();
    elsewhere.sign_in("/github_auth", "alice");
    assert!(signed_in.get("/").text().contains("Signed in as"));
    site.server.clock.turn(Duration::from_mins(6));
    site.browser().sign_in("/github_auth", "alice");
}

#[test]
fn sign_ins_that_fail_slow_nobody_elsewhere_and_lock_no_account() {
    let site = Site::with("lockout: {pair: {failures: 2}, account: {failures: 1, delay: 5s}}\n");
    for _ in 0..4 {
        let mut browser = site.browser();
        let sent = browser.start("/github_auth");
        assert_eq!(browser.come_back("/github_auth", "wrong", &sent["state"]).status, 403);
    }
    assert!(!site.server.metrics.text().contains("dockgate_lockout_slowed_total 1"));
    site.browser().sign_in("/github_auth", "alice");
}

#[test]
fn one_person_is_signed_in_with_so_many_browsers() {
    let site = Site::new();
    let mut first = site.signed_in("alice");
    let mut others: Vec<Browser<'_>> = Vec::new();
    for _ in 0..20 {
        site.server.clock.turn(Duration::from_secs(1));
        others.push(site.signed_in("alice"));
    }
    assert!(first.get("/").text().contains("Sign in with Acme"), "the oldest gave way");
    assert!(others.iter_mut().all(|browser| browser.get("/").text().contains("Signed in as")));
    let mut bob = site.signed_in("bob");
    assert!(bob.get("/").text().contains("Signed in as"));
}

/// A stranger who begins many sign-ins leaves nothing behind.
#[test]
fn sign_ins_that_only_begin_fill_no_store() {
    let site = Site::new();
    for _ in 0..50 {
        let mut browser = site.browser();
        let sent = browser.start("/github_auth");
        browser.get(&format!("/github_auth?error=access_denied&state={}", sent["state"]));
        browser.come_back("/github_auth", "alice", "another");
    }
    let kept = site.server.with_state(async |state| {
        let (store, cx) = (state.store().unwrap(), call(state));
        let all = dockgate_api::Filter::default();
        let page =
            dockgate_api::Store::list(store.as_ref(), &cx, dockgate_api::Shelf::SignIns, &all, None, 100);
        page.await.unwrap().records.len()
    });
    assert_eq!(kept, 0);
}

fn call(state: &dockgate::state::State) -> dockgate_api::Call {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    dockgate_api::Call::new(state.now(), deadline, dockgate_api::RequestId::from_bits(1))
}

#[test]
fn other_addresses_are_as_they_were() {
    let site = Site::new();
    site.server.ask(&Ask::get("/nowhere")).error(404, "NOT_FOUND");
    let nobody = crate::support::TestServer::new("users: {}\nacl: []");
    for path in ["/", "/github_auth", "/sign-out", "/assets/style.css"] {
        nobody.ask(&Ask::get(path)).error(404, "NOT_FOUND");
    }
}
