//! What somebody does who is signed in: passwords for their clients.

use super::Site;
use super::browser::value_after;
use crate::support::Ask;

/// The password that a page shows.
fn secret(page: &str) -> &str {
    page.split_once("<code id=\"secret\">").expect("no password").1.split('<').next().unwrap()
}

fn granted(site: &Site, account: &str, password: &str, scope: &str) -> String {
    let answer = site.server.ask(&Ask::auth().scope(scope).basic((account, password)));
    if answer.status != 200 {
        return answer.status.to_string();
    }
    let access = site.server.read(&answer).access();
    access.first().and_then(|scope| scope.rsplit(':').next()).unwrap_or_default().to_owned()
}

#[test]
fn made_shown_once_used_and_revoked() {
    let site = Site::with("login: {registries: [registry.example.com, 'localhost:5000']}\n");
    let mut browser = site.signed_in("alice");
    let made = browser.submit("/app-passwords", &[("name", "my laptop"), ("lifetime", "30d")]);
    assert_eq!(made.status, 200, "{}", made.text());
    let password = secret(made.text()).to_owned();
    assert!(password.starts_with("dgp_"), "{password}");
    for command in [
        "docker login -u alice --password-stdin registry.example.com",
        "podman login -u alice --password-stdin registry.example.com",
        "nerdctl login -u alice --password-stdin registry.example.com",
        "helm registry login -u alice --password-stdin registry.example.com",
        "oras login -u alice --password-stdin registry.example.com",
        "skopeo login -u alice --password-stdin localhost:5000",
    ] {
        assert!(made.text().contains(&format!(">{command}</code>")), "{command}: {}", made.text());
    }
    let times = made.text().matches(password.as_str()).count();
    assert_eq!(times, 1, "in its place, and in no command");

    let page = browser.get("/");
    assert!(!page.text().contains(&password), "shown once");
    for shown in [">my laptop<", "never", "1 of at most 50"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    assert_eq!(granted(&site, "alice", &password, "repository:a:pull,push"), "pull,push");
    assert!(browser.get("/").text().contains(" from 127.0.0.1"), "{}", browser.get("/").text());

    let id = value_after(browser.get("/").text(), "name=\"id\" value=\"").unwrap().to_owned();
    let mut bob = site.signed_in("bob");
    assert_eq!(bob.submit("/app-passwords/revoke", &[("id", &id)]).status, 303);
    assert_eq!(granted(&site, "alice", &password, "repository:a:pull"), "pull", "not his to revoke");
    let gone = browser.submit("/app-passwords/revoke", &[("id", &id)]);
    assert_eq!((gone.status, gone.header("location")), (303, "/?revoked"));
    assert!(browser.get("/?revoked").text().contains("The app password is revoked."));
    assert!(browser.get("/").text().contains("You have none yet"));
    assert_eq!(granted(&site, "alice", &password, "repository:a:pull"), "401");
}

#[test]
fn narrower_than_its_owner() {
    let site = Site::new();
    let mut browser = site.signed_in("alice");
    let fields = [("name", "robot"), ("pull", "1"), ("patterns", "team/*\r\nbase")];
    let made = browser.submit("/app-passwords", &fields);
    let password = secret(made.text()).to_owned();
    for scope in ["repository:team/*:pull", "repository:base:pull"] {
        assert!(browser.get("/").text().contains(scope), "{scope}");
    }
    for (scope, granted_is) in [
        ("repository:team/app:pull,push", "pull"),
        ("repository:base:pull", "pull"),
        ("repository:other:pull", ""),
    ] {
        assert_eq!(granted(&site, "alice", &password, scope), granted_is, "{scope}");
    }
}

#[test]
fn mistakes_are_shown_at_their_field_and_nothing_is_lost() {
    let site = Site::with("login: {app_passwords: {longest: 30d, lifetime: 7d, most: 2}}\n");
    let mut browser = site.signed_in("alice");
    for (fields, at, says) in [
        (vec![("name", "")], "name-error", "Say what it is for"),
        (vec![("name", "a\u{7}b")], "name-error", "without control characters"),
        (vec![("name", "a"), ("patterns", "team/[")], "patterns-error", "team/["),
        (vec![("name", "a"), ("patterns", "host:5000/a")], "patterns-error", "without registry"),
        (vec![("name", "a"), ("lifetime", "31d")], "lifetime-error", "at most 30 days"),
        (vec![("name", "a"), ("lifetime", "0")], "lifetime-error", "at most 30 days"),
        (vec![("name", "a"), ("lifetime", "soon")], "lifetime-error", "Choose one of these"),
    ] {
        let answer = browser.submit("/app-passwords", &fields);
        assert_eq!(answer.status, 422, "{fields:?}");
        let error = answer.text().split_once(&format!("id=\"{at}\"")).expect(at).1;
        let error = error.split('<').next().unwrap();
        assert!(error.contains(says), "{fields:?}: {error}");
        assert!(answer.text().contains("aria-invalid=\"true\""));
        for (name, value) in &fields {
            if *name == "patterns" {
                assert!(answer.text().contains(&format!("\n{value}</textarea>")), "{}", answer.text());
            }
        }
    }
    assert!(browser.get("/").text().contains("You have none yet"));
    for _ in 0..2 {
        assert_eq!(browser.submit("/app-passwords", &[("name", "a")]).status, 200);
    }
    let third = browser.submit("/app-passwords", &[("name", "a")]);
    assert_eq!(third.status, 422);
    assert!(third.text().contains("You have 2 already"), "{}", third.text());
}

#[test]
fn where_the_registry_is_unknown_it_is_an_example() {
    let text =
        super::CHAINS.replace("{title: Acme}", "{title: Acme, registry_url: 'https://r.example.com/'}");
    let of_provider = Site::of(&text, "");
    let mut browser = of_provider.signed_in("alice");
    assert!(browser.get("/").text().contains("docker login -u alice --password-stdin r.example.com<"));
    let site = Site::new();
    let page = site.signed_in("a b$(id)").get("/");
    assert!(page.text().contains("Write your registry"), "{}", page.text());
    let command = "docker login -u &#39;a b$(id)&#39; --password-stdin registry.example.com";
    assert!(page.text().contains(command), "{}", page.text());
}
