//! Tokens for robots: made by an administrator, never more than their scopes.

use dockgate::state::{NotDone, TokenRequest, WhichCredentials};
use dockgate_api::Clock as _;
use dockgate_api::config::Moment;

use super::{DAY, server};
use crate::support::{ALICE, Ask, TestServer};

fn request(account: &str, scopes: &[&str]) -> TokenRequest {
    TokenRequest {
        account: account.to_owned(),
        link: None,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        service: None,
        ends: None,
        note: Some("nightly".to_owned()),
    }
}

fn created(server: &TestServer, request: TokenRequest) -> Result<String, String> {
    let created = server.with_state(async |state| state.create_token(request).await);
    created.map(|created| created.token).map_err(|not_done| match not_done {
        NotDone::Mistake(message) => message,
        NotDone::Unavailable(message) => format!("unavailable: {message}"),
    })
}

#[test]
fn it_does_what_both_its_account_and_its_scopes_allow() {
    let server = server();
    let token =
        created(&server, request("alice", &["repository:team/*:pull", "repository:private/*:*"])).unwrap();
    assert!(token.starts_with("dga_"), "{token}");
    let access = |scope: &str, account: &str| {
        server.token(&Ask::auth().scope(scope).basic((account, &token))).access()
    };
    assert_eq!(access("repository:team/app:pull,push", "alice"), ["repository:team/app:pull"]);
    assert_eq!(
        access("repository:team/a/b:pull", "alice"),
        ["repository:team/a/b:"],
        "`*` stays below a slash"
    );
    assert_eq!(
        access("repository:private/a:pull", "alice"),
        ["repository:private/a:"],
        "the account may not"
    );
    assert_eq!(access("repository:public/a:pull", "alice"), ["repository:public/a:"], "the token may not");
    assert_eq!(access("repository:team/app:pull", "<token>"), ["repository:team/app:pull"]);
    let offline = server.ask(&Ask::auth().basic(("alice", &token)).query("offline_token", "true"));
    assert!(offline.json().get("refresh_token").is_none(), "it makes no refresh tokens");
}

#[test]
fn without_scopes_it_does_what_its_account_may() {
    let server = server();
    let token = created(&server, request("alice", &[])).unwrap();
    let issued = server.token(&Ask::auth().scope("repository:team/app:pull,push").basic(("alice", &token)));
    assert_eq!(issued.access(), ["repository:team/app:pull,push"]);
}

#[test]
fn it_ends_and_is_taken_away() {
    let server = server();
    let ends = TokenRequest { ends: Some(Moment(server.clock.now() + DAY)), ..request("alice", &[]) };
    let (ending, lasting) =
        (created(&server, ends).unwrap(), created(&server, request("alice", &[])).unwrap());
    let status = |token: &str| server.ask(&Ask::auth().basic((ALICE.0, token))).status;
    assert_eq!((status(&ending), status(&lasting)), (200, 200));
    server.clock.turn(DAY);
    assert_eq!((status(&ending), status(&lasting)), (401, 200));
    let which = || WhichCredentials { account: Some("ALICE".to_owned()), ..WhichCredentials::default() };
    let listed = server.with_state(async |state| state.list_credentials(which()).await).unwrap();
    let [one] = listed.credentials.as_slice() else { panic!("{listed:?}") };
    assert_eq!(
        (one.account.as_str(), one.link.as_str(), one.note.as_deref()),
        ("alice", "users", Some("nightly"))
    );
    assert!(one.used.is_some());
    let revoked = server.with_state(async |state| state.revoke_credentials(which()).await).unwrap();
    assert_eq!((revoked.revoked, status(&lasting)), (1, 401));
}

#[test]
fn what_is_wrong_with_a_wish_is_said() {
    let server = server();
    for (request, says) in [
        (request("nobody", &[]), "no link knows `nobody`: write it as users does"),
        (request("", &[]), "give an account"),
        (request("alice", &["team/*"]), "is no scope"),
        (
            TokenRequest { link: Some("corp".to_owned()), ..request("alice", &[]) },
            "`authn` has no link `corp`, only users",
        ),
        (TokenRequest { note: Some("a\nb".to_owned()), ..request("alice", &[]) }, "one line"),
        (TokenRequest { ends: Some(Moment(server.clock.now())), ..request("alice", &[]) }, "ended already"),
    ] {
        let refused = created(&server, request).unwrap_err();
        assert!(refused.contains(says), "{refused}");
    }
    let nothing =
        server.with_state(async |state| state.revoke_credentials(WhichCredentials::default()).await);
    assert!(matches!(nothing, Err(NotDone::Mistake(_))), "everything is never meant by saying nothing");
    let none = TestServer::new(&super::chains());
    assert!(
        created(&none, request("alice", &[]))
            .unwrap_err()
            .contains("no `store`: write `store: {file: DIRECTORY}`")
    );
}
