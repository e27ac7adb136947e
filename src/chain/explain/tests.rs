use std::time::Duration;

use dockgate_api::{BackendError, Credential, LabelValues, Login, Reason, async_trait};
use dockgate_rules::{DoubleStar, Pattern};
use dockgate_testkit::fakes;

use super::Turn::{Asked, OwnedElsewhere, OwnsOthers};
use super::*;
use crate::config::links::OnError;

/// Answers the same with a proof and without, or tells nothing without.
struct Same(fn() -> Answer<Identity>, bool);

#[async_trait]
impl Authenticator for Same {
    async fn authenticate(&self, _: &Call, _: &Login) -> Answer<Identity> {
        (self.0)()
    }

    async fn preview(&self, _: &Call, _: &str) -> Option<Answer<Identity>> {
        self.1.then(|| (self.0)())
    }
}

fn link(
    name: &str,
    answer: fn() -> Answer<Identity>,
    on_error: OnError,
    accounts: Option<&str>,
) -> Link<dyn Authenticator> {
    Link {
        name: name.into(),
        backend: Arc::new(Same(answer, true)),
        on_error,
        timeout: None,
        accounts: accounts.map(|pattern| Pattern::parse(pattern, DoubleStar::CrossesSlash).unwrap()),
        values: LabelValues::Literal,
    }
}

const ANSWERS: [fn() -> Answer<Identity>; 5] = [
    || Ok(Decision::Allow(Identity::new("alice"))),
    || Ok(Decision::Deny(Reason::bad_credentials("no"))),
    || Ok(Decision::NoMatch),
    || Err(BackendError::Unavailable("down".to_owned())),
    || Err(BackendError::Overloaded { detail: "full".to_owned(), retry_after: Duration::from_secs(1) }),
];

/// With the right proof the chain answers what was foretold, whatever its links do.
#[tokio::test]
async fn a_preview_is_what_the_right_proof_comes_to() {
    let mut compared = 0;
    for (first, second) in
        ANSWERS.iter().flat_map(|first| ANSWERS.iter().map(move |second| (*first, *second)))
    {
        for on_error in [OnError::Fail, OnError::Next] {
            for accounts in [
                [None, None],
                [Some("a*"), None],
                [None, Some("a*")],
                [Some("b*"), None],
                [Some("b*"), Some("a*")],
            ] {
                let chain = Chain::new(vec![
                    link("one", first, on_error, accounts[0]),
                    link("two", second, OnError::Fail, accounts[1]),
                ]);
                let login = Login::new("alice", Credential::password("secret"));
                let real = chain.identify(&fakes::call(), &login).await;
                let Preview::Told(told) = (match chain.preview(&fakes::call(), "alice").await {
                    Err(error) => {
                        assert_eq!(format!("{error:?}"), format!("{:?}", real.unwrap_err()));
                        continue;
                    }
                    Ok(preview) => preview,
                }) else {
                    panic!("each can tell")
                };
                let real = real.unwrap();
                assert_eq!((told.decision, told.decided_by), (real.decision, real.decided_by));
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

#[tokio::test]
async fn a_link_that_cannot_tell_ends_the_preview() {
    let mut untold = link("two", ANSWERS[0], OnError::Fail, None);
    untold.backend = Arc::new(Same(ANSWERS[0], false));
    let chain = Chain::new(vec![link("one", ANSWERS[2], OnError::Fail, None), untold]);
    let preview = chain.preview(&fakes::call(), "alice").await.unwrap();
    assert!(matches!(&preview, Preview::Untold(link) if link.as_ref() == "two"), "{preview:?}");
}

#[test]
fn whose_turn_it_is() {
    let turns = |accounts: [Option<&str>; 2], account: Option<&str>| {
        let chain = Chain::new(vec![
            link("one", ANSWERS[0], OnError::Fail, accounts[0]),
            link("two", ANSWERS[0], OnError::Fail, accounts[1]),
        ]);
        chain.turns(account).map(|(_, turn)| turn).collect::<Vec<_>>()
    };
    assert_eq!(turns([None, None], Some("alice")), [Asked, Asked]);
    assert_eq!(turns([Some("a*"), None], Some("alice")), [Asked, OwnedElsewhere]);
    assert_eq!(turns([Some("a*"), None], Some("bob")), [OwnsOthers, Asked]);
    assert_eq!(turns([Some("a*"), Some("b*")], Some("bob")), [OwnsOthers, Asked]);
    assert_eq!(turns([Some("a*"), None], None), [Asked, Asked]);
}
