//! The way from the first page to the provider and back.

use super::Site;
use super::browser::Browser;

const SESSION: &str = "__Host-dockgate-session";
const PENDING: &str = "__Host-dockgate-sign-in";

#[test]
fn from_the_first_page_to_a_session_and_out() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = browser.get("/");
    assert_eq!(page.status, 200);
    for link in
        ["href=\"/github_auth\">Sign in with Acme<", "href=\"/login/other\">Sign in with Other<", "Broken"]
    {
        assert!(page.text().contains(link), "{link}: {}", page.text());
    }
    let sent = browser.start("/github_auth");
    assert_eq!(sent["redirect_uri"], "https://auth.example.com/github_auth");
    assert!(sent["state"].len() == 43 && sent["nonce"].len() == 43 && sent["code_challenge"].len() == 43);
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [PENDING]);

    let answer = browser.come_back("/github_auth", "alice", &sent["state"]);
    assert_eq!((answer.status, answer.header("location")), (303, "/"), "{}", answer.text());
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [SESSION], "what was pending is done");
    let page = browser.get("/");
    assert!(page.text().contains("Signed in as <strong>alice</strong> with Acme"), "{}", page.text());
    assert_eq!(site.counted("github_auth", "signed_in"), "1");

    let out = browser.submit("/sign-out", &[]);
    assert_eq!(out.status, 200);
    assert!(out.text().contains("You are signed out") && !out.text().contains("/logout"), "{}", out.text());
    assert!(browser.cookies.is_empty());
    assert!(browser.get("/").text().contains("Sign in with Acme"));
}

#[test]
fn a_session_ends_with_its_record_and_with_its_time() {
    let site = Site::with("login: {session: 1h}\n");
    let mut browser = site.signed_in("alice");
    let mut copied = browser.at(&site.server);
    browser.submit("/sign-out", &[]);
    assert!(copied.get("/").text().contains("Sign in with Acme"), "a copied cookie is worth nothing");
    let mut browser = site.signed_in("alice");
    site.server.clock.turn(std::time::Duration::from_mins(59));
    assert!(browser.get("/").text().contains("Signed in as"));
    site.server.clock.turn(std::time::Duration::from_mins(2));
    assert!(browser.get("/").text().contains("Sign in with Acme"));
}

#[test]
fn the_provider_can_be_signed_out_of_too() {
    let site = Site::new();
    let mut browser = site.browser();
    let sent = browser.start("/login/other");
    let query = "iss=https%3A%2F%2Fother.example.com";
    let answer = browser.get(&format!("/login/other?code=alice&state={}&{query}", sent["state"]));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let out = browser.submit("/sign-out", &[]);
    let link = "href=\"https://provider.example.com/logout?back=https%3A%2F%2Fauth.example.com%2F\"";
    assert!(out.text().contains(link), "{}", out.text());
}

#[test]
fn who_wants_to_confirm_a_device_comes_back_to_that() {
    let site = Site::new();
    let mut browser = site.browser();
    let sent = browser.start("/github_auth?after=device");
    let answer = browser.come_back("/github_auth", "alice", &sent["state"]);
    assert_eq!(answer.header("location"), "/device");
}

#[test]
fn what_the_provider_says_is_said_to_people_without_what_is_inside() {
    let site = Site::new();
    for (code, status, says, counted) in [
        ("deny", 403, "You are not let in", "refused"),
        ("wrong", 403, "You are not let in", "refused"),
        ("down", 503, "Not possible at the moment", "unavailable"),
    ] {
        let mut browser = site.browser();
        let before: u32 = site.counted("github_auth", counted).parse().unwrap();
        let sent = browser.start("/github_auth");
        let answer = browser.come_back("/github_auth", code, &sent["state"]);
        assert_eq!(answer.status, status, "{code}");
        assert!(answer.text().contains(says) && answer.text().contains("Number of this request"));
        assert!(!answer.text().contains("canary") && !browser.cookies.contains_key(SESSION), "{code}");
        assert_eq!(answer.headers.contains_key("retry-after"), status == 503);
        assert!(answer.text().contains(answer.header("x-request-id")), "the number is the log's");
        assert_eq!(site.counted("github_auth", counted), (before + 1).to_string(), "{code}");
    }
    let mut browser = site.browser();
    let sent = browser.start("/github_auth");
    let answer = browser.get(&format!("/github_auth?error=access_denied&state={}", sent["state"]));
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("You are not signed in"), "{}", answer.text());
    assert_eq!(site.counted("github_auth", "cancelled"), "1");
    let answer = browser.get("/login/broken");
    assert_eq!(answer.status, 503);
    assert!(answer.headers.contains_key("retry-after") && !answer.text().contains("canary"));
}

#[test]
fn who_is_gone_at_the_provider_is_gone_here() {
    let site = Site::with("login: {session: 3h}\n");
    let mut browser = site.signed_in("leaver");
    assert!(browser.get("/").text().contains("Signed in as"));
    site.server.clock.turn(std::time::Duration::from_mins(61));
    let answer = browser.get("/");
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("Your access has ended") && !answer.text().contains("canary"));
    assert!(browser.get("/").text().contains("Sign in with Acme"), "the session is gone too");
}

#[test]
fn where_browsers_come_in_is_what_the_configuration_or_a_trusted_proxy_says() {
    let callback = |site: &Site, change: fn(&mut Browser<'_>)| {
        let mut browser = site.browser();
        change(&mut browser);
        browser.start("/github_auth")["redirect_uri"].clone()
    };
    let plain = Site::new();
    let local = |browser: &mut Browser<'_>| {
        (browser.host, browser.over_tls) = ("localhost:5001".to_owned(), false);
    };
    assert_eq!(callback(&plain, local), "http://localhost:5001/github_auth");

    let behind = Site::of(super::CHAINS, "real_ip_header: X-Forwarded-For\ntrusted_proxies: ['10.0.0.1']");
    let proxied = |browser: &mut Browser<'_>| {
        (browser.address, browser.over_tls) = ([10, 0, 0, 1].into(), false);
        browser.host = "inside:5001".to_owned();
        browser.headers = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "registry.example.com"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    };
    assert_eq!(callback(&behind, proxied), "https://registry.example.com/github_auth");
    let stranger = |browser: &mut Browser<'_>| {
        browser.headers = vec![("x-forwarded-host".to_owned(), "evil.example.com".to_owned())];
    };
    assert_eq!(callback(&behind, stranger), "https://auth.example.com/github_auth");

    let said = super::CHAINS
        .replace("{title: Acme}", "{title: Acme, redirect_uri: 'https://said.example.com/github_auth'}");
    let said = Site::of(&said, "");
    let proxied_silently = |browser: &mut Browser<'_>| browser.over_tls = false;
    assert_eq!(callback(&said, proxied_silently), "https://said.example.com/github_auth");

    let public = Site::with("login: {public_url: 'https://public.example.com/reg'}\n");
    assert_eq!(callback(&public, local), "https://public.example.com/reg/github_auth");
    let mut browser = public.browser();
    assert!(browser.get("/").text().contains("href=\"/reg/github_auth\""));
}

#[test]
fn without_tls_nobody_signs_in_but_at_home() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.over_tls = false;
    let answer = browser.get("/");
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("Not without TLS") && answer.text().contains("login.public_url"));
    browser.host = "127.0.0.1:5001".to_owned();
    browser.sign_in("/github_auth", "alice");
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["dockgate-session"]);
    let allowed = Site::with("login: {public_url: 'http://auth.example.com'}\n");
    let mut browser = allowed.browser();
    browser.over_tls = false;
    browser.sign_in("/github_auth", "alice");
    assert!(browser.get("/").text().contains("Signed in as"));
}

#[test]
fn a_prefix_stands_before_everything() {
    let site = Site::of(super::CHAINS, "path_prefix: /x");
    let mut browser = site.browser();
    browser.prefix = "/x".to_owned();
    assert!(browser.get("/").text().contains("href=\"/x/github_auth\""));
    assert_eq!(browser.get("").header("location"), "/x/");
    let sent = browser.start("/github_auth");
    assert_eq!(sent["redirect_uri"], "https://auth.example.com/x/github_auth");
    let answer = browser.come_back("/github_auth", "alice", &sent["state"]);
    assert_eq!(answer.header("location"), "/x/");
    assert_eq!(browser.get("/assets/style.css").status, 200);
}
