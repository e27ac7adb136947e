//! What an administrator sees and takes away.

use super::*;

async fn token(site: &Site, account: &str, at: SystemTime) -> (SecretString, String) {
    let mut owner = alice();
    account.clone_into(&mut owner.account);
    let wanted = NewToken { note: Some(format!("of {account}")), ..NewToken::default() };
    let (minted, listed) = site.credentials.create_token(&call_at(at), &owner, wanted).await.unwrap();
    (minted.secret, listed.id)
}

#[tokio::test]
async fn a_list_says_what_is_there_and_when_it_was_used() {
    let site = Site::new();
    let (secret, id) = token(&site, "ci", noon()).await;
    site.mint().await;
    let list = async |which: Which| site.credentials.list(&call_at(noon() + DAY), &which).await.unwrap();
    let (all, more) = list(Which::default()).await;
    assert_eq!((all.len(), more), (2, false));
    let (of_ci, _) = list(Which { account: Some("CI".to_owned()), ..Which::default() }).await;
    let [listed] = of_ci.as_slice() else { panic!("{of_ci:?}") };
    assert_eq!(
        (listed.id.as_str(), listed.kind.as_str(), listed.link.as_str()),
        (id.as_str(), "API token", "corp")
    );
    assert_eq!((listed.note.as_deref(), listed.used), (Some("of ci"), None));
    site.show(noon() + Duration::from_secs(90), "ci", "anywhere", &secret).await.unwrap();
    let (of_ci, _) = list(Which { id: Some(id), ..Which::default() }).await;
    assert_eq!(of_ci[0].used.unwrap().to_string(), "2026-01-01T12:01:30Z");
}

#[tokio::test]
async fn what_is_meant_is_taken_away_and_nothing_else() {
    let site = Site::new();
    let cx = call_at(noon() + 2 * DAY);
    let (early, id) = token(&site, "ci", noon()).await;
    let (late, _) = token(&site, "ci", noon() + DAY).await;
    let (other, _) = token(&site, "deploy", noon()).await;
    let usable = async |secret: &SecretString| site.show(noon() + DAY, "", "", secret).await.is_ok();
    let revoke = async |which: Which| revoked(&site, &cx, &which).await;
    let nothing = Which { link: Some("lab".to_owned()), ..Which::default() };
    assert_eq!(revoke(nothing).await, 0);
    let before = Which { account: Some("ci".to_owned()), before: Some(noon() + DAY), ..Which::default() };
    assert_eq!(revoke(before).await, 1);
    assert_eq!((usable(&early).await, usable(&late).await, usable(&other).await), (false, true, true));
    assert_eq!(revoke(Which { id: Some(id), ..Which::default() }).await, 0, "it is gone already");
    assert_eq!(revoke(Which { link: Some("corp".to_owned()), ..Which::default() }).await, 2);
    assert_eq!((usable(&late).await, usable(&other).await), (false, false));
}

/// Whoever wrote them down would else say that nothing was taken away.
#[tokio::test]
async fn what_was_taken_away_before_the_store_went_is_counted() {
    let site = Site::new();
    for _ in 0..3 {
        token(&site, "ci", noon()).await;
    }
    site.store.break_after(2);
    let (mut revoked, which) = (0, Which { link: Some("corp".to_owned()), ..Which::default() });
    assert!(site.credentials.revoke(&call_at(noon()), &which, &mut revoked).await.is_err());
    assert_eq!((revoked, site.store.records(Shelf::ApiTokens).len()), (2, 1));
}

#[tokio::test]
async fn a_use_that_meets_a_revocation_does_not_bring_it_back() {
    let site = Site::new();
    let secret = site.mint().await;
    let [record] = site.records().try_into().unwrap();
    let kept = super::super::kept::Kept::of(&record).unwrap();
    // The record was read; before the use is written down, somebody takes it away.
    let which = Which { account: Some("alice".to_owned()), ..Which::default() };
    assert_eq!(revoked(&site, &call_at(noon()), &which).await, 1);
    let late = call_at(noon() + DAY);
    let noted = site.credentials.note_use(&late, Kind::RefreshToken, record, &kept, None).await;
    assert!(noted.is_err());
    assert!(site.records().is_empty());
    assert!(site.use_at(noon(), &secret).await.is_err());
}
