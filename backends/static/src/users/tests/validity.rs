//! Accounts with a window, and disabled ones.

use std::time::{Duration, SystemTime};

use dockgate_api::config::Moment;
use dockgate_testkit::fakes::noon;

use super::*;

const NANOSECOND: Duration = Duration::from_nanos(1);

fn time(text: &str) -> SystemTime {
    text.parse::<Moment>().unwrap().0
}

fn window(from: &str, until: &str) -> Node {
    map(1, vec![("from", plain(1, from)), ("until", plain(1, until))])
}

/// Two accounts, one with a password, and what is said of both.
fn accounts(key: &str, value: &Node) -> Node {
    let with_password = map(2, vec![("password", plain(2, BADMIN)), (key, value.clone())]);
    let without = || map(3, vec![(key, value.clone())]);
    map(1, vec![("admin", with_password), ("door", without()), ("", without())])
}

async fn ask_in(
    world: &World,
    users: &Arc<dyn Authenticator>,
    account: &str,
    credential: Credential,
) -> Decision<Identity> {
    users.authenticate(&world.call(), &Login::new(account, credential)).await.unwrap()
}

/// A decision in a word.
fn word(decision: &Decision<Identity>) -> String {
    match decision {
        Decision::Allow(_) => "allow".to_owned(),
        Decision::Deny(reason) => reason.to_string(),
        Decision::NoMatch => "no match".to_owned(),
    }
}

#[tokio::test]
async fn outside_its_window_nobody_gets_in_and_no_later_link_is_asked() {
    let bench = bench();
    let users = bench.build(&accounts("valid", &window("2026-03-01", "2026-04-01T18:00:00+02:00"))).unwrap();
    let (from, until) = (time("2026-03-01"), time("2026-04-01T16:00:00Z"));
    let early = "expired: the account is valid from 2026-03-01 on";
    let late = "expired: the account has ended on 2026-04-01T16:00:00Z";
    for (now, said) in [
        (from - NANOSECOND, early),
        (from, "allow"),
        (until - NANOSECOND, "allow"),
        (until, late),
        (until + Duration::from_secs(1_000_000), late),
    ] {
        bench.world.clock.set(now);
        for (account, credential) in [
            ("admin", password("badmin")),
            ("door", password("anything")),
            ("door", Credential::None),
            ("", Credential::None),
        ] {
            let decision = ask_in(&bench.world, &users, account, credential).await;
            assert_eq!(word(&decision), said, "{account:?} at {}", Moment(now));
            // Who explains it to an administrator foretells it.
            assert_eq!(users.preview(&bench.world.call(), account).await, Some(Ok(decision.clone())));
            if let Decision::Allow(identity) = decision {
                assert_eq!(identity.expires_at, Some(until));
            }
        }
        for credential in [password("wrong"), password(""), Credential::None] {
            let decision = ask_in(&bench.world, &users, "admin", credential).await;
            assert!(word(&decision).starts_with("bad_credentials: "), "{decision:?}");
        }
    }
    assert!(users.answers_without_proof("") && users.answers_without_proof("door"));
}

#[tokio::test]
async fn nobody_gets_in_under_a_disabled_account() {
    let bench = bench();
    let users = bench.build(&accounts("disabled", &plain(1, "true"))).unwrap();
    for (account, credential) in
        [("admin", password("badmin")), ("door", password("x")), ("", Credential::None)]
    {
        let decision = ask_in(&bench.world, &users, account, credential).await;
        assert_eq!(word(&decision), "disabled: the account is disabled", "{account:?}");
        assert_eq!(users.preview(&bench.world.call(), account).await, Some(Ok(decision)));
    }
    assert_eq!(
        word(&ask_in(&bench.world, &users, "admin", password("wrong")).await),
        "bad_credentials: wrong password"
    );
    let enabled = bench.build(&accounts("disabled", &plain(1, "no"))).unwrap();
    assert_eq!(word(&ask_in(&bench.world, &enabled, "admin", password("badmin")).await), "allow");
}

/// Whoever guesses passwords must not learn from the time that an account is closed.
#[tokio::test]
async fn a_closed_account_costs_a_hash_for_every_password() {
    for (key, value) in [
        ("disabled", plain(1, "true")),
        ("valid", map(1, vec![("until", plain(1, "2025-01-01"))])),
        ("valid", map(1, vec![("from", plain(1, "2027-01-01"))])),
    ] {
        let bench = bench();
        let users = bench.build(&accounts(key, &value)).unwrap();
        for (guess, hashes) in [("badmin", 1), ("wrong", 2), ("badmin", 3)] {
            let decision = ask_in(&bench.world, &users, "admin", password(guess)).await;
            assert!(matches!(decision, Decision::Deny(_)), "{key} {decision:?}");
            assert_eq!(bench.hashes(), hashes, "{key} {guess}");
        }
    }
}

#[tokio::test]
async fn what_was_issued_ends_with_the_account() {
    let bench = bench();
    let users = bench.build(&accounts("valid", &window("2026-03-01", "2026-04-01"))).unwrap();
    bench.world.clock.set(time("2026-03-01"));
    let admin = ask_in(&bench.world, &users, "admin", password("badmin")).await.allowed().unwrap();
    let known = KnownIdentity::of(&admin);
    let reload = async |users: &Arc<dyn Authenticator>, now: SystemTime| {
        bench.world.clock.set(now);
        users.reload(&bench.world.call(), &known).await.unwrap()
    };
    let until = time("2026-04-01");
    assert_eq!(reload(&users, until - NANOSECOND).await, Reloaded::Current(admin.clone()));
    for (users, now, code) in [
        (&users, until, ReasonCode::Expired),
        (&users, noon(), ReasonCode::Expired),
        (&bench.build(&accounts("disabled", &plain(1, "true"))).unwrap(), until, ReasonCode::Disabled),
    ] {
        let reloaded = reload(users, now).await;
        assert!(matches!(&reloaded, Reloaded::Gone(reason) if reason.code == code), "{reloaded:?}");
    }
}

#[test]
fn accounts_that_have_ended_are_warned_of() {
    let with = |line, until: &str| {
        let good = BADMIN.replace("$05$", "$10$");
        map(
            line,
            vec![
                ("password", Node::text(at(line), good)),
                ("valid", map(line, vec![("until", plain(line, until))])),
            ],
        )
    };
    let ended = |line, until| map(line, vec![("valid", map(line, vec![("until", plain(line, until))]))]);
    let bench = bench();
    bench
        .build(&map(
            1,
            vec![
                ("a", with(4, "2025-12-31")),
                ("b", with(3, "2026-01-01T12:00:00Z")),
                ("c", with(2, "2026-01-02")),
                ("door", ended(5, "2025-01-01")),
            ],
        ))
        .unwrap();
    assert_eq!(
        bench.warnings(),
        [
            "auth.yml:3:3: users.b: this account has ended on 2026-01-01T12:00:00Z: nobody gets in under it; take it \
          out, or give it a later `until` (and 2 more in this section)"
        ]
    );
    bench.build(&map(1, vec![("door", map(2, vec![("disabled", plain(2, "true"))]))])).unwrap();
    assert_eq!(bench.warnings(), [""; 0], "nobody gets in under it");
    bench.build(&map(1, vec![("door", ended(2, "2027-01-01"))])).unwrap();
    assert!(bench.warnings()[0].contains("anybody who knows this name"));
}

#[test]
fn windows_that_make_no_sense_are_refused_where_they_stand() {
    let with = |line, key, value| (key, map(line, vec![("password", plain(line, BADMIN)), ("valid", value)]));
    let found = problems(vec![
        with(2, "a", window("2026-04-01", "2026-03-01")),
        with(3, "b", map(3, vec![("until", plain(3, "2026-04-01T18:00:00"))])),
        with(4, "c", plain(4, "")),
        ("d", map(5, vec![("disabled", plain(5, ""))])),
    ]);
    let expected = [
        "auth.yml:1:3: users.a.valid: `until` (2026-03-01) is not after `from` (2026-04-01)",
        "auth.yml:3:3: users.b.valid.until: a time needs its zone",
        "auth.yml:4:3: users.c.valid: nothing stands behind `valid`",
        "auth.yml:5:3: users.d.disabled: expected true or false, found nothing",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}
