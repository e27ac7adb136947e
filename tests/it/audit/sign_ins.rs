//! Signing in through a browser, what hangs on it, and its end are written down.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dockgate::access::{Access, NotSignedIn};
use dockgate::credentials::{AppPasswordTerms, Limit, NewAppPassword};
use dockgate_api::secrecy::SecretString;
use dockgate_api::{Identity, Owner, SignInAnswer};
use dockgate_testkit::fakes::{call_at, noon};

use super::lines;
use crate::login::flow::FlowScript;
use crate::support::{Setup, TestServer};

/// The kinds of events that there are of it.
pub(super) const KINDS: [&str; 7] = [
    "signed_in",
    "sign_in_refused",
    "sign_in_ended",
    "signed_out",
    "app_password_created",
    "app_password_renewed",
    "app_password_revoked",
];

const FROM: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
const HOUR: Duration = Duration::from_secs(3600);

/// What the provider sends back; the code says who it is.
fn answer(who: &str) -> SignInAnswer {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, b"verifier"));
    let mut answer = SignInAnswer::new(who.into(), "verifier".into(), "n".to_owned(), "r".to_owned());
    answer.remembered = Some(SecretString::from(format!("{challenge} n r")));
    answer
}

async fn sign_in(access: &Access, who: &str) -> Result<Identity, NotSignedIn> {
    access.sign_in(&call_at(noon()), "acme", &answer(who), FROM).await
}

/// A line of every kind, with every field in one of them.
pub(super) fn specimens(file: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "audit: {{to: {}}}\nstore: {{file: {}}}\nauthn: [{{flow_auth: {{title: Acme}}, name: acme}}]\nacl: []",
        file.display(),
        directory.path().join("store").display()
    );
    let setup = Setup::new(text).backends(|backends| backends.authenticator::<FlowScript>("flow_auth"));
    let server = TestServer::of(setup);
    server.with_state(async |state| {
        let (access, cx, terms) = (state.access(), call_at(noon()), AppPasswordTerms::default());
        let alice = Owner::of(&sign_in(access, "alice").await.unwrap());
        for refused in ["deny", "down"] {
            sign_in(access, refused).await.unwrap_err();
        }
        let wanted = NewAppPassword {
            name: "laptop".to_owned(),
            scopes: vec![Limit::parse("repository:a:pull").unwrap()],
            client_id: Some("helper".to_owned()),
            ..NewAppPassword::default()
        };
        let (secret, _) = access.create_app_password(&cx, &alice, wanted, &terms, FROM).await.unwrap();
        let (_, listed) = access.renew_app_password(&cx, &secret, &terms, FROM).await.unwrap();
        assert!(access.revoke_app_password(&cx, &alice, &listed.id, FROM).await.unwrap());
        access.signed_out(&cx, &alice, FROM);
        let leaver = Owner::of(&sign_in(access, "leaver").await.unwrap());
        let wanted = NewAppPassword { name: "laptop".to_owned(), ..NewAppPassword::default() };
        access.create_app_password(&cx, &leaver, wanted, &terms, None).await.unwrap();
        let later = call_at(noon() + HOUR);
        assert!(matches!(access.signed_in(&later, &leaver).await, Err(NotSignedIn::Denied(_))));
    });
    lines(file, 10);
}

#[test]
fn who_is_gone_is_written_down_with_what_ended() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.log");
    specimens(&file);
    let lines = std::fs::read_to_string(&file).unwrap();
    let ended = lines.lines().find(|line| line.contains("\"sign_in_ended\"")).unwrap();
    let ended: serde_json::Value = serde_json::from_str(ended).unwrap();
    assert_eq!(ended["account"], "leaver");
    assert_eq!(ended["subject"], "id-of-leaver");
    assert_eq!((ended["reason"].as_str(), ended["revoked"].as_u64()), (Some("not_member"), Some(1)));
    assert!(!lines.contains("dgp_"), "no secret: {lines}");
}
