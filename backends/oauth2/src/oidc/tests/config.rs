//! What the section may say.

use dockgate_api::{Call, Credential, Decision, Login};
use dockgate_testkit::fakes::call;

use super::*;

fn problem(more: Value) -> String {
    let built = Op::new().build(more, Dialect::Native);
    built.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn each_mistake_is_named_with_its_cure() {
    for (more, place, cure) in [
        (json!({"issuer": "op.example.com"}), "issuer", "write `https://HOST/…`"),
        (json!({"issuer": "http://op.example.com"}), "issuer", "begins with `https://`"),
        (json!({"issuer": "https://op.example.com/?a=b"}), "issuer", "no `?`"),
        (json!({"issuer": "https://op.example.com/#a"}), "issuer", "no `?` and no `#`"),
        (json!({"issuer": "https://a:b@op.example.com"}), "issuer", "no user and no password"),
        (json!({"issuer": "https://op.example.com/ a"}), "issuer", "no white space"),
        (json!({"issuer": DISCOVERY}), "issuer", "without `/.well-known"),
        (json!({"issuer": "https://login.microsoftonline.com/common/v2.0"}), "issuer", "name your tenant"),
        (
            json!({"issuer": "https://login.microsoftonline.com/Organizations/v2.0"}),
            "issuer",
            "name your tenant",
        ),
        (json!({"issuer": "https://login.microsoftonline.us/consumers/v2.0"}), "issuer", "name your tenant"),
        (json!({"issuer": "https://login.microsoftonline.com"}), "issuer", "name your tenant"),
        (json!({"client_id": ""}), "client_id", "as the provider shows it"),
        (json!({"email_domains": null}), "user_claim", "`email_domains: [example.com]`"),
        (json!({"email_domains": []}), "email_domains", "name a domain"),
        (json!({"email_domains": ["@example.com"]}), "email_domains[0]", "behind the `@` alone"),
        (json!({"email_domains": ["example.com", "*"]}), "email_domains[1]", "a pattern would take in"),
        (json!({"scopes": ["profile"]}), "scopes", "`openid` is missing"),
        (json!({"scopes": ["openid profile"]}), "scopes", "one word"),
        (json!({"label_claims": ["a"], "labels_claims": ["b"]}), "labels_claims", "keep one of them"),
        (json!({"required_groups": ["a"]}), "required_groups", "`groups: {claim: groups}`"),
        (json!({"redirect_url": "auth.example.com/oidc_auth"}), "redirect_url", "as it is registered"),
        (json!({"revalidate_after": "1000h"}), "revalidate_after", "at most 168h"),
        (json!({"client_secret_file": "a"}), "client_secret_file", "keep one of them"),
        (json!({"ca_certificate": "no-such-file.pem"}), "ca_certificate", "cannot read"),
    ] {
        let found = problem(more.clone());
        assert!(found.starts_with(&format!("{place}: ")) && found.contains(cure), "{more}: {found}");
    }
    assert_eq!(problem(json!({"issuer": "http://127.0.0.1:8080"})), "");
    assert_eq!(problem(json!({"issuer": "https://login.microsoftonline.com/9188040d-6c67/v2.0"})), "");
}

#[tokio::test]
async fn docker_auths_form_may_leave_the_domains_out_and_is_told() {
    let op = Op::new();
    let cx = op.world.build_context().with_outbound(Arc::new(op.http.clone()));
    let cx = cx.for_link("oidc_auth", Dialect::DockerAuth);
    let section = json!({
        "issuer": ISSUER, "redirect_url": BACK, "client_id": "a", "client_secret": "b", "http_timeout": 10,
        "registry_url": "registry.example.com", "user_claim": "email", "label_claims": ["groups"],
        "scopes": ["openid", "email"],
    });
    let config: OidcAuthConfig = serde_json::from_value(section).unwrap();
    let link = config.build(&cx).unwrap_or_else(|error| panic!("{error}"));
    let node = dockgate_api::config::Node::text(dockgate_api::config::Location::unknown(), "");
    let warnings = cx.take_warnings(&node, &dockgate_api::config::KeyPath::root());
    assert!(
        warnings.iter().any(|warning| warning.message.contains("`email_domains: [example.com]`")),
        "{warnings:?}"
    );
    let notes = cx.take_notes(&node, &dockgate_api::config::KeyPath::root());
    assert!(notes.iter().any(|note| note.message.contains("offline_access")), "{notes:?}");
    let terms = flow(&link).terms();
    assert_eq!(terms.title, "op.example.com");
    assert_eq!(terms.redirect_uri.as_deref(), Some(BACK));
    assert_eq!(terms.registry.as_deref(), Some("registry.example.com"));
}

#[tokio::test]
async fn a_time_is_a_duration_or_seconds_within_bounds() {
    let config = |timeout: Value| {
        let section = json!({"issuer": ISSUER, "client_id": "a", "http_timeout": timeout});
        serde_json::from_value::<OidcAuthConfig>(section).map(|_| ()).map_err(|error| error.to_string())
    };
    for good in [json!(1), json!(120), json!("500ms"), json!("2m")] {
        assert_eq!(config(good), Ok(()));
    }
    for bad in [json!(0), json!(121), json!("3m"), json!("0"), json!("ten"), json!(-1)] {
        assert!(config(bad.clone()).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn entra_id_is_asked_for_the_object_and_not_the_pair() {
    let op = Op::new();
    let issuer = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    let document = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/a"), "token_endpoint": TOKEN, "jwks_uri": KEYS,
    });
    op.http.json("GET", &format!("{issuer}/.well-known/openid-configuration"), 200, &document.to_string());
    let section = json!({"issuer": issuer, "user_claim": "preferred_username"});
    let claims = json!({"iss": issuer, "preferred_username": "a@example.com", "oid": "object-1"});
    let identity = op.sign_in(section.clone(), claims).await.identity;
    assert_eq!(identity.subject, format!("{issuer} object-1"));
    let why = op.refused(section, json!({"iss": issuer, "preferred_username": "a@example.com"})).await;
    assert!(why.contains("`oid` names nobody"), "{why}");
}

#[tokio::test]
async fn passwords_are_not_this_links() {
    let op = Op::new();
    let link = op.link(json!({}));
    let cx: Call = call();
    let login = Login::new("alice@example.com", Credential::Password("anything".into()));
    assert_eq!(link.authenticate(&cx, &login).await, Ok(Decision::NoMatch));
    assert!(!link.can_reload());
    assert!(op.http.take_urls().is_empty());
}
