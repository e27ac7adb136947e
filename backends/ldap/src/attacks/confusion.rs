//! Many at once, some of whom hang up, at a server that is late, silent, or breaks off: nobody gets another's answer.

use dockgate_testkit::directory::Mood;
use tokio::task::JoinSet;

use super::*;

const PEOPLE: usize = 24;

fn moods() -> Vec<Mood> {
    let late = Mood::Late(Duration::from_millis(3));
    vec![late, Mood::Cut, Mood::HangUp, Mood::OtherMessage, Mood::Silent, Mood::Notice]
}

fn crowd() -> Directory {
    (0..PEOPLE).fold(directory(), |directory, number| {
        let (uid, dn) = (format!("user{number}"), format!("uid=user{number},ou=people,{BASE}"));
        directory
            .entry(&dn, [("uid", uid.as_str()), ("title", uid.as_str()), ("entryUUID", uid.as_str())])
            .password(&format!("password-of-{uid}"))
            .bind_name(&format!("{uid}@corp.example.com"))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_gets_the_answer_of_another() {
    for changes in [
        json!({}),
        json!({
            "bind_dn": "${account}@corp.example.com",
            "bind_password": null,
            "initial_bind_as_user": true,
        }),
    ] {
        let server = crowd().start().await;
        let mut section = section(&server, changes);
        section["labels"] = json!({"title": {"attribute": "title"}});
        section["pool"] = json!({"max_connections": 3});
        section["timeouts"] = json!({"connect": "50ms", "bind": "50ms", "search": "50ms"});
        let mut let_in = 0;
        for mood in moods() {
            // A new one each time: a server in trouble rests, and then there is nothing to see.
            let link = Arc::new(link(section.clone()));
            server.mood(Mood::Well);
            let mut logins = JoinSet::new();
            for number in 0..PEOPLE * 8 {
                logins.spawn(attempt(Arc::clone(&link), number));
            }
            for done in 0.. {
                if done == PEOPLE {
                    server.mood(mood.clone());
                }
                let Some(login) = logins.join_next().await else { break };
                let_in += usize::from(login.unwrap());
            }
        }
        assert!(let_in > 0, "there was nothing to confuse");
        // Whoever searches is who was bound, and the service account never on a connection of users.
        let binds = server.binds();
        for search in server.searches() {
            let bound: Vec<&str> = binds
                .iter()
                .filter(|bind| bind.connection == search.connection)
                .map(|bind| bind.name.as_str())
                .collect();
            let is_services = bound.contains(&SERVICE);
            assert!(!is_services || bound.iter().all(|name| *name == SERVICE), "{bound:?}");
        }
    }
}

/// Whether somebody was let in.
async fn attempt(link: Arc<Link>, number: usize) -> bool {
    let who = number % PEOPLE;
    // Some give up soon, and some have the password of their neighbour.
    let time = Duration::from_millis([2, 5, 400, 400][(number / PEOPLE + number) % 4]);
    let of = if number.is_multiple_of(3) { (who + 1) % PEOPLE } else { who };
    let (account, cx) = (format!("user{who}"), within(time));
    let asked = login(&account, &format!("password-of-user{of}"));
    match tokio::time::timeout(time, link.backend.authenticate(&cx, &asked)).await {
        Ok(Ok(Decision::Allow(identity))) => {
            assert_eq!(who, of, "{account} came in with the password of another");
            assert_eq!(identity.account, account);
            assert_eq!(labels(&identity, "title"), [account.as_str()]);
            assert_eq!(identity.subject, format!("entryuuid:{account}"));
            true
        }
        Ok(Ok(Decision::Deny(reason))) => {
            assert_ne!(who, of, "{account} was refused with the right password: {reason}");
            false
        }
        Ok(Ok(Decision::NoMatch)) => panic!("{account} is known"),
        Ok(Err(_)) | Err(_) => false,
    }
}
