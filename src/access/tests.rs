use std::time::{Duration, Instant};

use dockgate_api::{
    AccessRequest, ActionSet, Actions, Answer, BackendError, Because, Granted, RequestId, Restriction,
    ScopeLimit, async_trait,
};
use dockgate_testkit::fakes::{self, World};

use super::*;
use crate::chain::Link;
use crate::config::links::OnError;
use crate::lockout::Standing;
use crate::scope::RequestedScopes;

const BOUNDS: Bounds = Bounds { name: 256, secret: 8192 };

/// Lets everybody in as they were told to be.
struct Welcome(fn(&str) -> Answer<Identity>);

#[async_trait]
impl Authenticator for Welcome {
    async fn authenticate(&self, _: &Call, login: &Login) -> Answer<Identity> {
        (self.0)(&login.account)
    }

    fn answers_without_proof(&self, _: &str) -> bool {
        true
    }
}

/// Grants as it is told to.
struct Rule(fn(&ActionSet) -> Answer<Granted>);

#[async_trait]
impl Authorizer for Rule {
    async fn authorize(&self, _: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        (self.0)(request.actions)
    }
}

fn chain<B: ?Sized>(backend: Arc<B>) -> Chain<B> {
    let link = Link {
        name: "only".into(),
        backend,
        on_error: OnError::Fail,
        timeout: None,
        accounts: None,
        values: dockgate_api::LabelValues::Pattern,
    };
    Chain::new(vec![link])
}

fn access(welcome: fn(&str) -> Answer<Identity>, rule: fn(&ActionSet) -> Answer<Granted>) -> (Access, World) {
    let world = World::new();
    let pool = dockgate_passwords::Pool::new(
        dockgate_passwords::PoolOptions::default(),
        world.random.as_ref(),
        world.metrics.as_ref(),
    );
    let passwords = Arc::new(PasswordService::new(&pool.unwrap()));
    (
        Access::new(
            chain(Arc::new(Welcome(welcome)) as _),
            chain(Arc::new(Rule(rule)) as _),
            passwords,
            BOUNDS,
            None,
            Log::new(world.clock.clone(), world.metrics.as_ref()),
        ),
        world,
    )
}

fn question(account: &str, password: Option<&str>, scopes: &[&str]) -> Question {
    let credential = password.map_or(Credential::None, Credential::password);
    let scopes = RequestedScopes::parse(scopes.iter().copied(), 100).unwrap();
    Question { login: Login::new(account, credential), scopes, standing: Standing::default() }
}

fn everyone(account: &str) -> Answer<Identity> {
    Ok(Decision::Allow(Identity::new(account)))
}

fn everything(_: &ActionSet) -> Answer<Granted> {
    Ok(Decision::Allow(Granted::new(Actions::All, Because::at("rule"))))
}

fn actions(grant: &Grant) -> Vec<String> {
    grant.access().iter().map(|scope| scope.actions().to_string()).collect()
}

#[tokio::test]
async fn names_that_cannot_be_anybodys_reach_nobody() {
    let (access, _) = access(|_| panic!("asked"), everything);
    for account in ["a\nb", "a\0", "\u{1b}[31m", &"a".repeat(257)] {
        let refused =
            access.answer(&fakes::call(), &question(account, Some("secret"), &[])).await.unwrap_err();
        assert!(matches!(refused, Refusal::Malformed(_)), "{account:?}");
    }
    let too_long = "p".repeat(8193);
    for (account, password) in [("", "secret"), ("alice", too_long.as_str())] {
        let refused =
            access.answer(&fakes::call(), &question(account, Some(password), &[])).await.unwrap_err();
        assert!(matches!(refused, Refusal::BadCredentials), "{account:?}");
    }
}

/// What is easily made of one of ours when it is copied: whoever sees that has the whole of it, or nearly.
#[tokio::test]
async fn what_was_one_of_our_credentials_reaches_nobody_either() {
    let (access, _) = access(|_| panic!("asked"), everything);
    let ours = format!("dga_{}", "abcdefghijklmnopqrstuvwxyz234567".repeat(2).get(..58).unwrap());
    for password in [
        ours.clone(),
        format!("{ours}\n"),
        format!(" {ours}"),
        format!("\u{feff}{ours}\r\n"),
        ours.to_uppercase(),
        format!("Bearer {ours}"),
        format!("alice:{ours}"),
        ours.replace("dga_", "dgr_dgp_"),
        ours[..55].to_owned(),
        ours[..50].to_owned() + "\u{2026}",
    ] {
        let refused =
            access.answer(&fakes::call(), &question("alice", Some(&password), &[])).await.unwrap_err();
        assert!(matches!(refused, Refusal::BadCredentials), "{password:?}");
    }
    for account in [ours.clone(), ours.to_uppercase(), format!("alice/{ours}")] {
        let refused = access.answer(&fakes::call(), &question(&account, Some("x"), &[])).await.unwrap_err();
        assert!(matches!(refused, Refusal::Malformed(_)), "{account:?}");
    }
}

#[tokio::test]
async fn a_password_that_only_begins_like_ours_is_its_owners() {
    let (access, _) = access(everyone, everything);
    for password in
        ["dga_", "dgr_but a password all the same", "my dgp_secret", "dga_abcdefghijklmnopqrstuvwxyz"]
    {
        let question = question("alice", Some(password), &[]);
        assert!(access.answer(&fakes::call(), &question).await.is_ok(), "{password}");
    }
}

#[tokio::test]
async fn a_word_that_has_ended_does_not_count() {
    let (access, _) = access(
        |account| Ok(Decision::Allow(Identity::new(account).with_expires_at(Some(SystemTime::UNIX_EPOCH)))),
        everything,
    );
    let refused = access.answer(&fakes::call(), &question("alice", Some("secret"), &[])).await.unwrap_err();
    assert!(matches!(refused, Refusal::BadCredentials));
}

#[tokio::test]
async fn a_grant_ends_with_the_first_of_everything_it_rests_on() {
    fn until(seconds: u64) -> Option<SystemTime> {
        Some(fakes::noon() + Duration::from_secs(seconds))
    }
    let (access, _) = access(
        |account| Ok(Decision::Allow(Identity::new(account).with_expires_at(until(60)))),
        |asked| {
            let seconds = if asked.contains("push") { 30 } else { 90 };
            let granted = Granted::new(Actions::All, Because::at("rule"));
            Ok(Decision::Allow(granted.with_valid_until(until(seconds))))
        },
    );
    for (scopes, ends) in [
        (&["repository:a:pull"][..], until(60)),
        (&["repository:a:pull", "repository:b:push"], until(30)),
        (&[], until(60)),
    ] {
        let grant = access.answer(&fakes::call(), &question("alice", Some("secret"), scopes)).await.unwrap();
        assert_eq!(grant.valid_until(), ends, "{scopes:?}");
    }
}

#[tokio::test]
async fn a_restriction_is_intersected_last() {
    let (access, _) = access(
        |account| {
            let limit = |name, actions: &[&str]| {
                ScopeLimit::new("repository", name, Actions::from_rule(actions.iter().copied()))
            };
            let limits = vec![limit("team/**", &["pull"]), limit("team/own", &["push"])];
            Ok(Decision::Allow(Identity::new(account).restricted_to(Restriction::to(limits))))
        },
        everything,
    );
    let scopes = [
        "repository:team/a/b:pull,push",
        "repository:team/own:*",
        "repository:other:pull",
        "registry:catalog:*",
    ];
    let grant = access.answer(&fakes::call(), &question("ci", Some("secret"), &scopes)).await.unwrap();
    assert_eq!(actions(&grant), ["pull", "pull,push", "", ""]);
}

#[tokio::test]
async fn sets_that_were_refused_together_are_asked_one_by_one() {
    let (access, _) = access(everyone, |asked| {
        let all = *asked == ["pull"].into_iter().collect();
        let actions = if all { Actions::All } else { Actions::none() };
        Ok(Decision::Allow(Granted::new(actions, Because::at("all or nothing"))))
    });
    let scopes = ["repository:a:pull", "repository:a:push"];
    let grant = access.answer(&fakes::call(), &question("alice", Some("secret"), &scopes)).await.unwrap();
    assert_eq!(actions(&grant), ["pull"]);
}

#[tokio::test]
async fn one_failed_scope_fails_the_request() {
    let (access, _) = access(everyone, |asked| {
        if asked.contains("push") { Err(BackendError::Timeout("slow".to_owned())) } else { everything(asked) }
    });
    let scopes = ["repository:a:pull", "repository:b:push"];
    let refused =
        access.answer(&fakes::call(), &question("alice", Some("secret"), &scopes)).await.unwrap_err();
    assert!(matches!(refused, Refusal::Unavailable { .. }));
}

/// The counter that the password pool keeps of hashes computed, dummies included.
async fn hashes_for(answer: fn(&str) -> Answer<Identity>, hashed_already: bool) -> u64 {
    use dockgate_api::{HashFormats, Passwords as _};
    let (access, world) = access(answer, everything);
    let stored = "$2y$04$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC";
    let _in_use = access.passwords.accept(stored, HashFormats::Modern).unwrap();
    let cx = Call::new(fakes::noon(), Instant::now() + Duration::from_secs(60), RequestId::from_bits(1));
    if hashed_already {
        cx.mark_password_work();
    }
    let _ = access.answer(&cx, &question("alice", Some("secret"), &[])).await;
    world.metrics.counted("dockgate_password_hashes_total")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_costs_exactly_one_hash() {
    let deny = |_: &str| Ok(Decision::Deny(Reason::bad_credentials("no")));
    assert_eq!(hashes_for(|_| Ok(Decision::NoMatch), false).await, 1);
    assert_eq!(hashes_for(deny, false).await, 1);
    assert_eq!(hashes_for(deny, true).await, 0);
    assert_eq!(hashes_for(everyone, false).await, 0);
}
