//! Device login: a program on one side, a browser on the other.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use dockgate::http::{ClientAddress, Peer};
use serde_json::Value;

use super::browser::{Browser, value_after};
use super::{CHAINS, Site};
use crate::support::{Answer, Ask, form};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const LOGIN: &str = "login: {registries: [registry.example.com]}\n";
/// Where the program runs.
const DEVICE: [u8; 4] = [198, 51, 100, 9];

fn site() -> Site {
    Site::with(LOGIN)
}

fn request(site: &Site, method: &str, path: &str, address: [u8; 4], body: String) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", "auth.example.com");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let peer = Peer { address: ClientAddress::of(address.into()), over_tls: true, certificate: None };
    site.server.send_over(peer, request.body(Body::from(body)).unwrap())
}

fn post(site: &Site, path: &str, fields: &[(&str, &str)]) -> Answer {
    request(site, "POST", path, DEVICE, form(fields))
}

fn codes(site: &Site, fields: &[(&str, &str)]) -> Value {
    let answer = post(site, "/device/code", &[&[("client_id", "dockgate")], fields].concat());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn poll(site: &Site, codes: &Value) -> Answer {
    let device_code = codes["device_code"].as_str().unwrap();
    post(
        site,
        "/device/token",
        &[("grant_type", GRANT), ("device_code", device_code), ("client_id", "dockgate")],
    )
}

fn error(answer: &Answer) -> String {
    assert_eq!(answer.header("cache-control"), "no-store");
    format!(
        "{} {}",
        answer.status,
        answer.json()["error"].as_str().unwrap_or_else(|| panic!("{}", answer.text()))
    )
}

fn wait(site: &Site) {
    site.server.clock.turn(Duration::from_secs(5));
}

fn submit(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get("/device");
    let csrf = value_after(page.text(), "name=\"csrf\" value=\"").expect("no form").to_owned();
    browser.post(path, &[&[("csrf", csrf.as_str())], fields].concat())
}

fn decide(browser: &mut Browser<'_>, codes: &Value, decision: &str) -> Answer {
    let code = codes["user_code"].as_str().unwrap();
    submit(browser, "/device/decision", &[("code", code), ("decision", decision)])
}

/// A whole login; the answer with the password.
fn logged_in(site: &Site, fields: &[(&str, &str)]) -> Value {
    let codes = codes(site, fields);
    assert_eq!(decide(&mut site.signed_in("alice"), &codes, "confirm").status, 200);
    let answer = poll(site, &codes);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn granted(site: &Site, password: &str, scope: &str) -> String {
    let answer = site.server.ask(&Ask::auth().scope(scope).basic(("alice", password)));
    if answer.status != 200 {
        return answer.status.to_string();
    }
    let access = site.server.read(&answer).access();
    access.first().and_then(|scope| scope.rsplit(':').next()).unwrap_or_default().to_owned()
}

#[test]
fn a_program_is_let_in_by_a_code_that_somebody_types() {
    let site = site();
    let metadata =
        request(&site, "GET", "/.well-known/oauth-authorization-server", DEVICE, String::new()).json();
    assert_eq!(metadata["issuer"], "https://auth.example.com");
    assert_eq!(metadata["device_authorization_endpoint"], "https://auth.example.com/device/code");
    assert_eq!(metadata["token_endpoint"], "https://auth.example.com/device/token");
    assert_eq!(metadata["registries"], serde_json::json!(["registry.example.com"]));

    let codes = codes(&site, &[("client_name", "alice's <b>laptop</b>"), ("scope", "repository:**:pull")]);
    assert_eq!(codes["verification_uri"], "https://auth.example.com/device");
    assert_eq!(codes.get("verification_uri_complete"), None, "the code is typed");
    assert_eq!((codes["expires_in"].as_u64(), codes["interval"].as_u64()), (Some(600), Some(5)));
    assert_eq!(error(&poll(&site, &codes)), "400 authorization_pending");
    assert_eq!(error(&poll(&site, &codes)), "400 slow_down");

    let mut browser = site.browser();
    let choose = browser.get("/device");
    assert!(choose.text().contains("href=\"/github_auth?after=device\""), "{}", choose.text());
    let sent = browser.start("/github_auth?after=device");
    let back = browser.come_back("/github_auth", "alice", &sent["state"]);
    assert_eq!((back.status, back.header("location")), (303, "/device"), "{}", back.text());

    let typed = codes["user_code"].as_str().unwrap().to_lowercase().replace('-', " ");
    let ask = submit(&mut browser, "/device", &[("code", &typed)]);
    assert_eq!(ask.status, 200, "{}", ask.text());
    for shown in [
        "<strong>alice</strong>",
        "alice&#39;s &#60;b&#62;laptop&#60;/b&#62;",
        "198.51.100.9",
        "another address than this browser",
        "seconds ago",
        "repository:**:pull",
        "Confirm only if you started this login yourself",
    ] {
        assert!(ask.text().contains(shown), "{shown}: {}", ask.text());
    }
    wait(&site);
    assert_eq!(error(&poll(&site, &codes)), "400 authorization_pending", "typed is not confirmed");
    let done = decide(&mut browser, &codes, "confirm");
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.text().contains("let in within seconds"), "{}", done.text());

    wait(&site);
    let given = poll(&site, &codes).json();
    assert_eq!(given["account"], "alice");
    assert_eq!(given["expires_in"].as_u64(), Some(90 * 86_400));
    assert_eq!(given["registries"], serde_json::json!(["registry.example.com"]));
    let password = given["password"].as_str().unwrap();
    assert_eq!(granted(&site, password, "repository:a/b:pull,push"), "pull", "narrower than alice");
    wait(&site);
    assert_eq!(error(&poll(&site, &codes)), "400 invalid_grant", "handed out once");
    let page = browser.get("/");
    assert!(page.text().contains("alice&#39;s &#60;b&#62;laptop"), "{}", page.text());
}

#[test]
fn what_is_refused_over_or_unknown_gives_nothing() {
    let site = site();
    let (refused, late) = (codes(&site, &[]), codes(&site, &[]));
    let mut browser = site.signed_in("alice");
    assert!(decide(&mut browser, &refused, "refuse").text().contains("not let in"));
    assert_eq!(decide(&mut browser, &refused, "confirm").status, 422, "decided");
    assert_eq!(error(&poll(&site, &refused)), "400 access_denied");
    site.server.clock.turn(Duration::from_secs(601));
    assert_eq!(error(&poll(&site, &late)), "400 expired_token");
    assert_eq!(decide(&mut browser, &late, "confirm").status, 422);
    for (fields, wrong) in [
        (
            &[("grant_type", GRANT), ("device_code", "guessed"), ("client_id", "dockgate")][..],
            "400 invalid_grant",
        ),
        (&[("grant_type", GRANT), ("client_id", "dockgate")], "400 invalid_request"),
        (&[("grant_type", GRANT), ("device_code", "a")], "400 invalid_request"),
        (&[("grant_type", "password")], "400 unsupported_grant_type"),
        (&[("device_code", "a")], "400 invalid_request"),
        (&[("grant_type", GRANT), ("grant_type", GRANT)], "400 invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "guessed")], "400 invalid_grant"),
    ] {
        assert_eq!(error(&post(&site, "/device/token", fields)), wrong, "{fields:?}");
    }
    for (fields, wrong) in [
        (&[("client_name", "a")][..], "400 invalid_request"),
        (&[("client_id", "a"), ("scope", "openid")], "400 invalid_scope"),
        (&[("client_id", "a"), ("client_name", "a\nb")], "400 invalid_request"),
    ] {
        assert_eq!(error(&post(&site, "/device/code", fields)), wrong, "{fields:?}");
    }
    let other = codes(&site, &[]);
    let device_code = other["device_code"].as_str().unwrap();
    let stolen = [("grant_type", GRANT), ("device_code", device_code), ("client_id", "another")];
    assert_eq!(error(&post(&site, "/device/token", &stolen)), "400 invalid_grant", "another program's");
}

#[test]
fn nobody_confirms_without_a_session_and_a_form_of_ours() {
    let site = site();
    let codes = codes(&site, &[]);
    let code = codes["user_code"].as_str().unwrap();
    let fields = [("code", code), ("decision", "confirm")];
    let mut stranger = site.browser();
    assert_eq!(stranger.post("/device/decision", &fields).status, 403);
    let mut browser = site.signed_in("alice");
    for path in ["/device", "/device/decision"] {
        assert_eq!(browser.post(path, &fields).status, 403, "{path}: without the session's secret");
    }
    let mallory = site.signed_in("mallory").csrf();
    let forged = browser.post("/device/decision", &[&[("csrf", mallory.as_str())], &fields[..]].concat());
    assert_eq!(forged.status, 403, "with another session's secret");
    let by_link = browser.get(&format!("/device?code={code}&user_code={code}&decision=confirm"));
    assert!(!by_link.text().contains(code), "a link types nothing: {}", by_link.text());
    let policy = by_link.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(error(&poll(&site, &codes)), "400 authorization_pending");
}

#[test]
fn strangers_and_guessers_come_to_an_end() {
    let site = site();
    for _ in 0..30 {
        codes(&site, &[]);
    }
    let refused = post(&site, "/device/code", &[("client_id", "dockgate")]);
    assert_eq!(error(&refused), "429 temporarily_unavailable");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    let elsewhere = request(&site, "POST", "/device/code", [198, 51, 100, 10], form(&[("client_id", "a")]));
    assert_eq!(elsewhere.status, 200);

    let mut browser = site.signed_in("alice");
    let guess = |browser: &mut Browser<'_>| submit(browser, "/device", &[("code", "BCDF-GHJK")]);
    for _ in 0..20 {
        let answer = guess(&mut browser);
        assert_eq!(answer.status, 422, "{}", answer.text());
        assert!(answer.text().contains("No login waits under this code"));
    }
    assert_eq!(guess(&mut browser).status, 429);
    let mut again = site.signed_in("alice");
    assert_eq!(guess(&mut again).status, 429, "another session is no way around");
    assert_eq!(guess(&mut site.signed_in("bob")).status, 422, "others type on");
}

#[test]
fn it_renews_itself_until_its_owner_is_gone() {
    let site = site();
    let first = logged_in(&site, &[("client_name", "laptop"), ("scope", "repository:a/**:pull")]);
    let first = first["password"].as_str().unwrap();
    let renew = |password: &str| {
        post(&site, "/device/token", &[("grant_type", "refresh_token"), ("refresh_token", password)])
    };
    site.server.clock.turn(Duration::from_hours(60 * 24));
    let second = renew(first);
    assert_eq!(second.status, 200, "{}", second.text());
    let second = second.json();
    assert_eq!(second["expires_in"].as_u64(), Some(90 * 86_400));
    let second = second["password"].as_str().unwrap();
    assert_ne!(first, second);
    assert_eq!(granted(&site, second, "repository:a/b:pull,push"), "pull", "as narrow as before");
    assert_eq!(granted(&site, first, "repository:a/b:pull"), "pull", "the answer may have been lost");
    site.server.clock.turn(Duration::from_mins(11));
    assert_eq!(granted(&site, first, "repository:a/b:pull"), "401");
    assert_eq!(error(&renew(first)), "400 invalid_grant");
    assert_eq!(granted(&site, second, "repository:a/b:pull"), "pull");

    let revoked = post(&site, "/device/revoke", &[("token", second)]);
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    assert_eq!(post(&site, "/device/revoke", &[("token", "guessed")]).status, 200, "not a word");
    assert_eq!(granted(&site, second, "repository:a/b:pull"), "401");
    assert_eq!(error(&renew(second)), "400 invalid_grant");
}

/// Whoever makes one on the page says when it ends: nobody who finds it makes it live longer.
#[test]
fn only_what_a_program_got_is_renewed() {
    let site = site();
    let made = site.signed_in("alice").submit("/app-passwords", &[("name", "robot"), ("lifetime", "1d")]);
    let password =
        made.text().split_once("<code id=\"secret\">").unwrap().1.split('<').next().unwrap().to_owned();
    let renewed =
        post(&site, "/device/token", &[("grant_type", "refresh_token"), ("refresh_token", &password)]);
    assert_eq!(error(&renewed), "400 invalid_grant");
    assert_eq!(granted(&site, &password, "repository:a:pull"), "pull", "it is as good as before");
}

#[test]
fn whoever_is_gone_since_gets_none() {
    let site = site();
    let codes = codes(&site, &[]);
    assert_eq!(decide(&mut site.signed_in("leaver"), &codes, "confirm").status, 200);
    // The provider is asked again after an hour, and codes live for minutes: this one was confirmed in time.
    site.server.clock.turn(Duration::from_mins(9));
    let answer = poll(&site, &codes);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let password = answer.json()["password"].as_str().unwrap().to_owned();
    site.server.clock.turn(Duration::from_mins(61));
    let renewed =
        post(&site, "/device/token", &[("grant_type", "refresh_token"), ("refresh_token", &password)]);
    assert_eq!(error(&renewed), "400 invalid_grant");
}

#[test]
fn it_is_below_the_prefix_and_can_be_turned_off() {
    let text = format!("{CHAINS}login: {{public_url: 'https://example.com/gate'}}\n");
    let site = Site::of(&text, "path_prefix: /gate");
    for place in
        ["/gate/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/gate"]
    {
        let answer = request(&site, "GET", place, DEVICE, String::new());
        assert_eq!(answer.json()["token_endpoint"], "https://example.com/gate/device/token", "{place}");
    }
    assert_eq!(post(&site, "/gate/device/code", &[("client_id", "a")]).status, 200);

    let off = Site::with("login: {device: false}\n");
    for (method, path) in [
        ("GET", "/device"),
        ("POST", "/device/code"),
        ("POST", "/device/token"),
        ("POST", "/device/revoke"),
        ("GET", "/.well-known/oauth-authorization-server"),
    ] {
        assert_eq!(request(&off, method, path, DEVICE, String::new()).status, 404, "{path}");
    }
}
