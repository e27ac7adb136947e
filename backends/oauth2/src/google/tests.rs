use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use dockgate_api::config::{KeyPath, Location, Node};
use dockgate_api::{
    Answer, Authenticator, BackendError, BuildError, Configure as _, Dialect, Identity, LoginFlow,
    Revalidated, SignIn,
};
use dockgate_testkit::fakes::{Renewals, ScriptedHttp, World, noon};
use serde_json::{Value, json};

use super::GoogleAuthConfig;
use crate::oidc::tests::{Key, allowed, callback, denied, form, going, merged, values};

const ISSUER: &str = "https://accounts.google.com";
const TOKEN: &str = "https://oauth2.googleapis.com/token";
const PAGE: &str = "https://admin.googleapis.com/admin/directory/v1/groups?userKey=alice%40example.com&maxResults=200\
                    &fields=nextPageToken%2Cgroups%28email%29";

struct Google {
    http: ScriptedHttp,
    world: World,
    key: Key,
}

impl Google {
    fn new() -> Self {
        let google = Self { http: ScriptedHttp::new(), world: World::new(), key: Key::new("one") };
        let document = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
            "token_endpoint": TOKEN,
            "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        });
        let url = format!("{ISSUER}/.well-known/openid-configuration");
        google.http.json("GET", &url, 200, &document.to_string());
        let keys = json!({"keys": [google.key.public()]}).to_string();
        google.http.json("GET", "https://www.googleapis.com/oauth2/v3/certs", 200, &keys);
        google
    }

    fn build(&self, section: Value, dialect: Dialect) -> Result<Arc<dyn Authenticator>, BuildError> {
        let cx = self.world.build_context().with_outbound(Arc::new(self.http.clone()));
        config(section).build(&cx.for_link("google_auth", dialect))
    }

    fn link(&self, section: Value) -> Arc<dyn Authenticator> {
        self.build(section, Dialect::Native).unwrap_or_else(|error| panic!("{error}"))
    }

    /// One answer for both kinds of token.
    fn tokens(&self, more: Value) {
        let now = noon().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "iss": ISSUER, "aud": "a.apps.googleusercontent.com", "azp": "a.apps.googleusercontent.com", "sub": "10769150350006150715113082367",
            "iat": now, "exp": now + 300, "nonce": "nonce-of-today", "email": "Alice@example.com", "email_verified": true,
            "hd": "example.com",
        });
        let tokens = json!({
            "access_token": "SecretAccess", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "SecretRefresh",
            "id_token": self.key.sign(&merged(claims, more)),
        });
        self.http.json("POST", TOKEN, 200, &tokens.to_string());
    }

    async fn complete(&self, link: &Arc<dyn Authenticator>, more: Value) -> Answer<SignIn> {
        self.tokens(more);
        flow(link).complete(&self.world.call(), &callback()).await
    }

    async fn who(&self, link: &Arc<dyn Authenticator>, more: Value) -> Identity {
        allowed(self.complete(link, more).await).identity
    }
}

fn config(more: Value) -> GoogleAuthConfig {
    let section = json!({
        "domain": "example.com", "client_id": "a.apps.googleusercontent.com", "client_secret": "SecretOfClient",
    });
    serde_json::from_value(merged(section, more)).unwrap()
}

fn flow(link: &Arc<dyn Authenticator>) -> &dyn LoginFlow {
    link.login_flow().unwrap()
}

/// A key file in a directory of its own, and the pair in it.
fn key_file(more: Value) -> (tempfile::TempDir, PathBuf, RsaKeyPair) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let body = BASE64_STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let file = json!({
        "type": "service_account", "client_email": "groups@project.iam.gserviceaccount.com", "private_key": pem,
        "private_key_id": "key-1", "token_uri": TOKEN,
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.json");
    std::fs::write(&path, merged(file, more).to_string()).unwrap();
    (directory, path, pair)
}

#[tokio::test]
async fn the_browser_is_sent_with_the_domain_and_for_a_refresh_token() {
    let google = Google::new();
    for (section, hosted) in [
        (json!({}), Some("example.com")),
        (json!({"domain": null, "domains": ["example.com", "example.org"]}), Some("*")),
    ] {
        let url = flow(&google.link(section)).redirect(&google.world.call(), &going()).await.unwrap().url;
        let url = url::Url::parse(&url).unwrap();
        let sent =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!(sent("hd").as_deref(), hosted);
        assert_eq!(sent("access_type").as_deref(), Some("offline"));
        assert_eq!(sent("prompt").as_deref(), Some("consent"));
        assert_eq!(sent("scope").as_deref(), Some("openid email profile"));
    }
}

#[tokio::test]
async fn members_of_the_organization_come_in_and_nobody_else() {
    let google = Google::new();
    let link = google.link(json!({}));
    let alice = google.who(&link, json!({})).await;
    assert_eq!(alice.account, "alice@example.com");
    assert_eq!(alice.subject, format!("{ISSUER} 10769150350006150715113082367"));
    for hosted in [Value::Null, json!("evil.example"), json!(""), json!(true), json!("*")] {
        let why = denied(google.complete(&link, json!({"hd": hosted})).await);
        assert!(why.contains("does not belong to the organization"), "{why}");
    }
    for verified in [json!(false), Value::Null] {
        let why = denied(google.complete(&link, json!({"email_verified": verified})).await);
        assert!(why.contains("has not verified"), "{why}");
    }
    let several = google.link(json!({"domain": null, "domains": ["Example.org", "example.com"]}));
    google.who(&several, json!({"hd": "Example.Org"})).await;
    denied(google.complete(&several, json!({"hd": "example.net"})).await);
}

#[tokio::test]
async fn who_leaves_the_organization_is_gone() {
    let google = Google::new();
    let link = google.link(json!({}));
    let SignIn { keep, .. } = allowed(google.complete(&link, json!({})).await);
    google.tokens(json!({"nonce": null}));
    let cx = google.world.call();
    assert!(matches!(
        flow(&link).revalidate(&cx, &keep, &Renewals::default()).await,
        Ok(Revalidated::Current(_))
    ));
    google.tokens(json!({"hd": null}));
    assert!(matches!(
        flow(&link).revalidate(&cx, &keep, &Renewals::default()).await,
        Ok(Revalidated::Gone(_))
    ));
}

#[tokio::test]
async fn without_an_organization_only_addresses_of_googles_own_count() {
    let google = Google::new();
    let Err(error) = google.build(json!({"domain": null}), Dialect::Native) else { panic!("it is taken") };
    assert!(error.to_string().starts_with("domain: everybody who has an account at Google"), "{error}");
    let cx = google.world.build_context().with_outbound(Arc::new(google.http.clone()));
    let cx = cx.for_link("google_auth", Dialect::DockerAuth);
    let link = config(json!({"domain": "", "http_timeout": 10}))
        .build(&cx)
        .unwrap_or_else(|error| panic!("{error}"));
    let node = Node::text(Location::unknown(), "");
    let warnings = cx.take_warnings(&node, &KeyPath::root());
    assert!(warnings.iter().any(|warning| warning.message.contains("`domain: example.com`")), "{warnings:?}");
    let notes = cx.take_notes(&node, &KeyPath::root());
    assert!(notes.iter().any(|note| note.message.contains("Authorized redirect URIs")), "{notes:?}");
    google.who(&link, json!({"email": "a@gmail.com", "hd": null})).await;
    google.who(&link, json!({"email": "a@example.org", "hd": "example.org"})).await;
    for more in [
        json!({"email": "a@example.org", "hd": null}),
        json!({"email": "a@example.org", "hd": "example.com"}),
        json!({"email": "a@gmail.com@example.org", "hd": null}),
    ] {
        let why = denied(google.complete(&link, more).await);
        assert!(why.contains("Google has no say over the mail address"), "{why}");
    }
}

#[tokio::test]
async fn groups_are_asked_for_in_the_administrators_name_page_by_page() {
    let google = Google::new();
    let (_directory, path, pair) = key_file(json!({}));
    let groups = json!({"service_account_file": path, "admin": "admin@example.com", "label": "teams"});
    let link = google.link(json!({"groups": groups}));
    let first = json!({"groups": [{"email": "Core@example.com"}], "nextPageToken": "p 2"});
    google.http.json("GET", PAGE, 200, &first.to_string());
    let second = json!({"groups": [{"email": "ops@example.com"}]});
    google.http.json("GET", &format!("{PAGE}&pageToken=p+2"), 200, &second.to_string());
    let alice = google.who(&link, json!({})).await;
    assert_eq!(values(&alice, "teams"), ["core@example.com", "ops@example.com"]);
    let asked = google.http.take_asked();
    let bearer = ("authorization".to_owned(), "Bearer SecretAccess".to_owned());
    assert!(
        asked
            .iter()
            .filter(|request| request.url.starts_with(PAGE))
            .all(|request| request.headers.contains(&bearer))
    );
    let grants = asked.iter().filter(|request| request.url == TOKEN).map(form);
    let grant = grants.into_iter().find(|grant| grant[0].1.ends_with("jwt-bearer")).unwrap();
    assert_eq!(grant[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (signed, signature) = grant[1].1.rsplit_once('.').unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(signed.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let part = |part: &str| -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (header, claims) = signed.split_once('.').unwrap();
    assert_eq!(part(header), json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}));
    let now = noon().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let wanted = json!({
        "iss": "groups@project.iam.gserviceaccount.com", "sub": "admin@example.com", "aud": TOKEN, "iat": now, "exp": now + 3600,
        "scope": "https://www.googleapis.com/auth/admin.directory.group.readonly",
    });
    assert_eq!(part(claims), wanted);
    // The token serves again until it is about to end.
    let grants = || {
        let asked = google.http.take_asked();
        asked
            .iter()
            .filter(|request| request.url == TOKEN && form(request)[0].1.ends_with("jwt-bearer"))
            .count()
    };
    google.who(&link, json!({})).await;
    assert_eq!(grants(), 0);
    google.world.clock.turn(Duration::from_secs(3541));
    let now = now + 3541;
    google.who(&link, json!({"iat": now, "exp": now + 300})).await;
    assert_eq!(grants(), 1);
}

#[tokio::test]
async fn a_member_of_none_of_the_groups_is_refused_and_too_many_are_too() {
    let google = Google::new();
    let (_directory, path, _) = key_file(json!({}));
    let groups = json!({"service_account_file": path, "admin": "admin@example.com"});
    let link = google.link(json!({"groups": groups, "required_groups": ["Core@example.com"]}));
    google.http.json("GET", PAGE, 200, "{}");
    assert!(denied(google.complete(&link, json!({})).await).contains("`required_groups`"));
    google.http.json("GET", PAGE, 200, r#"{"groups": [{"email": "core@example.com"}]}"#);
    google.who(&link, json!({})).await;
    let endless = json!({"groups": [], "nextPageToken": "a"}).to_string();
    google.http.json("GET", PAGE, 200, &endless);
    google.http.json("GET", &format!("{PAGE}&pageToken=a"), 200, &endless);
    google.http.take_urls();
    assert!(denied(google.complete(&link, json!({})).await).contains("more than 1000 groups"));
    assert_eq!(google.http.take_urls().iter().filter(|url| url.contains(PAGE)).count(), 5);
    google.http.json("GET", PAGE, 200, r#"{"groups": [{"name": "core"}]}"#);
    assert!(matches!(google.complete(&link, json!({})).await, Err(BackendError::Protocol(_))));
}

#[tokio::test]
async fn a_directory_that_is_closed_is_no_refusal_and_names_the_cure() {
    let google = Google::new();
    let (_directory, path, _) = key_file(json!({"token_uri": "https://tokens.example.com/"}));
    let groups = json!({"service_account_file": path, "admin": "admin@example.com"});
    let link = google.link(json!({"groups": groups}));
    google.http.json(
        "POST",
        "https://tokens.example.com/",
        400,
        r#"{"error": "unauthorized_client Secret"}"#,
    );
    let error = google.complete(&link, json!({})).await.unwrap_err().to_string();
    assert!(error.contains("domain-wide delegation") && !error.contains("Secret"), "{error}");
    google.http.json(
        "POST",
        "https://tokens.example.com/",
        200,
        r#"{"access_token": "SecretOfAdmin", "expires_in": 3600}"#,
    );
    google.http.json("GET", PAGE, 403, "{}");
    let error = google.complete(&link, json!({})).await.unwrap_err().to_string();
    assert!(error.contains("Admin SDK API") && !error.contains("Secret"), "{error}");
    google.http.take_urls();
    denied_or_failed(google.complete(&link, json!({})).await);
    assert!(
        google.http.take_urls().contains(&"POST https://tokens.example.com/".to_owned()),
        "the token was kept"
    );
}

fn denied_or_failed(answer: Answer<SignIn>) {
    assert!(!matches!(answer, Ok(dockgate_api::Decision::Allow(_))));
}

#[tokio::test]
async fn each_mistake_is_named_with_its_cure() {
    let google = Google::new();
    let (_directory, path, _) = key_file(json!({}));
    let (_other, user, _) = key_file(json!({"type": "authorized_user"}));
    let (_more, damaged, _) = key_file(json!({"private_key": "SecretKey"}));
    let (_most, elsewhere, _) = key_file(json!({"token_uri": "http://tokens.example.com"}));
    let groups =
        |path: &PathBuf| json!({"groups": {"service_account_file": path, "admin": "admin@example.com"}});
    for (more, place, cure) in [
        (json!({"domain": "@example.com"}), "domain", "behind the `@` alone"),
        (json!({"domains": ["example.com"]}), "domains", "keep one of them"),
        (json!({"domain": null, "domains": []}), "domains", "name a domain"),
        (json!({"client_secret": null}), "client_id", "`client_secret_file: FILE`"),
        (json!({"issuer": "http://accounts.example.com"}), "issuer", "write an https URL"),
        (json!({"required_groups": ["a"]}), "required_groups", "`groups: {service_account_file: …}`"),
        (
            json!({"groups": {"service_account_file": path, "admin": "admin"}}),
            "groups.admin",
            "the mail address of an administrator",
        ),
        (
            json!({"groups": {"service_account_file": "no-such-file", "admin": "a@example.com"}}),
            "groups.service_account_file",
            "cannot read",
        ),
        (groups(&user), "groups.service_account_file", "a key of a service account"),
        (groups(&damaged), "groups.service_account_file", "no RSA key"),
        (groups(&elsewhere), "groups.service_account_file", "no https URL"),
    ] {
        let Err(error) = google.build(more.clone(), Dialect::Native) else { panic!("{more} is taken") };
        let error = error.to_string();
        assert!(error.starts_with(&format!("{place}: ")) && error.contains(cure), "{more}: {error}");
        assert!(!error.contains("SecretKey"));
    }
}
