//! A sign-in, what hangs on it, and its end: begun at one server, gone on with at the other.

use std::thread;
use std::time::Duration;

use super::people::People;
use super::shared::Kind;
use super::visitor::{Visitor, between, proxied};
use super::with_each_store;
use super::{PATIENCE, replica::Replica};
use crate::harness::http::{Response, encode, send};
use crate::harness::poll;

const HOURS: [&str; 2] = ["1h", "1h"];
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

with_each_store!(people_do_not_see_that_there_are_two);

fn people_do_not_see_that_there_are_two(store: Kind) {
    let Some(mut people) = People::start(store, &["alice"], HOURS) else { return };
    for (one, other) in [(0, 1), (1, 0)] {
        a_callback_counts_once(&people, one, other);
        what_one_begins_the_other_ends(&people, one, other);
        a_code_is_handed_out_once(&people, one, other);
    }
    the_store_goes_away_for_a_while(&mut people);
}

/// It comes back at the server where it did not begin; and twice, at both.
fn a_callback_counts_once(people: &People, one: usize, other: usize) {
    let [one, other] = [one, other].map(|server| &people.replicas[server]);
    let visitor = Visitor::default();
    let callback = visitor.goes_to(one, &people.provider, "alice");
    people.provider.server().forget();
    let mut answers = thread::scope(|scope| {
        let tries = [other, one].map(|server| {
            let (visitor, callback) = (visitor.clone(), &callback);
            scope.spawn(move || {
                let answer = visitor.get(server, callback);
                (answer, visitor)
            })
        });
        tries.map(|tried| tried.join().unwrap())
    });
    answers.sort_by_key(|(answer, _)| answer.status);
    let [(good, visitor), (bad, stranger)] = answers;
    assert_eq!(good.status, 303, "{good:?}\n{}", people.logs());
    assert!((400..500).contains(&bad.status), "{bad:?}");
    assert_eq!(people.provider.server().count("/token"), 1, "the code is asked with once");
    for server in [one, other] {
        assert!(visitor.is_signed_in(server) && !stranger.is_signed_in(server));
    }
}

fn what_one_begins_the_other_ends(people: &People, here: usize, there: usize) {
    let [one, other] = [here, there].map(|server| &people.replicas[server]);
    let visitor = Visitor::signed_in(one, &people.provider, "alice");
    let kept = visitor.app_password(one);
    let password = visitor.app_password(other);
    for server in [here, there] {
        assert_eq!(people.token(server, "alice", &kept), 200);
        assert_eq!(people.token(server, "alice", &password), 200);
    }
    let page = visitor.get(one, "/");
    let ids: Vec<&str> =
        page.body.split("name=\"id\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(ids.len() >= 2, "{}", page.body);
    for id in ids {
        assert_eq!(visitor.submits(one, "/app-passwords/revoke", &[("id", id)]).status, 303);
    }
    for password in [&kept, &password] {
        assert_eq!(people.token(there, "alice", password), 401, "at the next token");
    }
    let before = visitor.clone();
    assert!(visitor.submits(one, "/sign-out", &[]).status < 400);
    for server in [one, other] {
        assert!(!before.is_signed_in(server), "the cookie of before is worth nothing");
    }
}

fn a_code_is_handed_out_once(people: &People, here: usize, there: usize) {
    let [one, other] = [here, there].map(|server| &people.replicas[server]);
    let post = |server: &Replica, path: &str, fields: &[(&str, &str)]| -> Response {
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let fields = [&proxied()[..], &[kind]].concat();
        send("POST", &server.host(), path, &fields, &form.join("&"))
    };
    let codes = post(one, "/device/code", &[("client_id", "dockgate")]);
    assert_eq!(codes.status, 200, "{codes:?}");
    let codes = codes.json();
    let [device_code, user_code] = ["device_code", "user_code"].map(|name| codes[name].as_str().unwrap());
    let visitor = Visitor::signed_in(one, &people.provider, "alice");
    let decision = [("code", user_code), ("decision", "confirm")];
    let confirmed = visitor.submits(other, "/device/decision", &decision);
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let fields = [("grant_type", GRANT), ("device_code", device_code), ("client_id", "dockgate")];
    let answers = thread::scope(|scope| {
        let polls = [one, other, one, other].map(|server| {
            let (post, fields) = (&post, &fields);
            scope.spawn(move || post(server, "/device/token", fields))
        });
        polls.map(|polled| polled.join().unwrap())
    });
    let good: Vec<&Response> = answers.iter().filter(|answer| answer.status == 200).collect();
    let [good] = good.as_slice() else { panic!("{answers:#?}\n{}", people.logs()) };
    let good = good.json();
    let password = good["password"].as_str().or_else(|| good["access_token"].as_str());
    let password = password.unwrap_or_else(|| panic!("{good}"));
    for server in [here, there] {
        assert_eq!(people.token(server, "alice", password), 200);
    }
}

fn the_store_goes_away_for_a_while(people: &mut People) {
    let visitor = Visitor::signed_in(&people.replicas[0], &people.provider, "alice");
    let password = visitor.app_password(&people.replicas[0]);
    people.store.as_mut().unwrap().kill();
    for server in [0, 1] {
        assert_eq!(people.token(server, "alice", &password), 503, "{}", people.logs());
        let page = visitor.get(&people.replicas[server], "/");
        assert_eq!(page.status, 503, "{page:?}");
        assert_eq!(between(&page.body, "<h1>", "</h1>").map(str::is_empty), Some(false), "{}", page.body);
    }
    people.store.as_mut().unwrap().start_again();
    for (server, replica) in people.replicas.iter().enumerate() {
        let back = poll(PATIENCE + Duration::from_secs(10), || {
            (people.token(server, "alice", &password) == 200).then_some(())
        });
        assert!(back.is_some(), "{}", people.logs());
        assert!(visitor.is_signed_in(replica));
    }
}
