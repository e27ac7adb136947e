//! What a client sees.

use serde_json::{Value, json};

use super::super::jose::Key;
use super::super::{Asked, Reply};
use super::{GROUPS_SCOPE, Google, USERS_SCOPE};

const NOON: u64 = 1_767_268_800;

fn claims(google: &Google) -> Value {
    let file = google.key_file();
    json!({
        "iss": file["client_email"], "aud": file["token_uri"], "sub": "admin@example.com",
        "scope": format!("{GROUPS_SCOPE} {USERS_SCOPE}"), "iat": NOON, "exp": NOON + 3600,
    })
}

fn asked(google: &Google, key: &Key, claims: &Value) -> Reply {
    let assertion = key.sign(&json!({"alg": "RS256", "typ": "JWT"}), claims);
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    google.server().visit(&Asked::form("/token", &[("grant_type", grant), ("assertion", &assertion)]))
}

fn get(google: &Google, path: &str) -> Reply {
    let answer = asked(google, &google.site.key, &claims(google)).value();
    let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    google.server().visit(&Asked::new("GET", path).with("authorization", &format!("Bearer {token}")))
}

#[test]
fn groups_are_told_in_pages() {
    let google = Google::start("example.com");
    google.user("alice@example.com");
    (0..3).for_each(|number| google.join("alice@example.com", &format!("group-{number}@example.com")));
    google.join("group-0@example.com", "above@example.com");
    let path = "/admin/directory/v1/groups?userKey=alice%40example.com&maxResults=2";
    let first = get(&google, path).value();
    assert_eq!(first["groups"].as_array().unwrap().len(), 2);
    assert_eq!(first["groups"][0]["email"], "group-0@example.com");
    let next = first["nextPageToken"].as_str().unwrap();
    let second = get(&google, &format!("{path}&pageToken={next}")).value();
    assert_eq!((second["groups"].as_array().unwrap().len(), second.get("nextPageToken")), (1, None));
    google.leave("alice@example.com", "group-0@example.com");
    assert_eq!(
        get(&google, "/admin/directory/v1/groups/group-0@example.com/hasMember/alice@example.com").value()["isMember"],
        false
    );
    google.user("bob@example.com");
    let none = get(&google, "/admin/directory/v1/groups?userKey=bob@example.com");
    assert_eq!((none.status, none.value().get("groups").is_none()), (200, true));
    assert_eq!(get(&google, "/admin/directory/v1/groups?userKey=nobody@example.com").status, 404);
    google.suspend("bob@example.com", true);
    assert_eq!(get(&google, "/admin/directory/v1/users/bob@example.com").value()["suspended"], true);
}

#[test]
fn an_assertion_that_does_not_fit_gets_no_token() {
    let google = Google::start("example.com");
    let (key, right) = (&google.site.key, claims(&google));
    assert_eq!(asked(&google, key, &right).status, 200);
    assert_eq!(asked(&google, &Key::new("other"), &right).value()["error"], "invalid_grant");
    for (name, value, error) in [
        ("aud", json!("https://oauth2.googleapis.com/token"), "invalid_grant"),
        ("iss", json!("other@example.com"), "invalid_grant"),
        ("exp", json!(NOON), "invalid_grant"),
        ("exp", json!(NOON + 3601), "invalid_grant"),
        ("iat", json!(NOON + 400), "invalid_grant"),
        ("sub", json!("alice@example.com"), "unauthorized_client"),
        ("scope", json!("https://www.googleapis.com/auth/admin.directory.group"), "unauthorized_client"),
        ("scope", json!(""), "invalid_scope"),
    ] {
        let mut wrong = right.clone();
        wrong[name] = value;
        assert_eq!(asked(&google, key, &wrong).value()["error"], error, "{wrong}");
    }
}

#[test]
fn the_key_of_the_key_file_is_the_one_that_signs() {
    use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
    use base64::Engine as _;

    let google = Google::start("example.com");
    let pem = google.key_file()["private_key"].as_str().unwrap().to_owned();
    let text: String = pem.lines().filter(|line| !line.contains("PRIVATE")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
    assert_eq!(pair.public_key().as_ref().len(), 270);
}
