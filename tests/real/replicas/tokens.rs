//! Refresh tokens and tokens for robots: what one server gave out the other takes, and what was revoked is gone on both.

use super::asking::{Ask, login};
use super::shared::Kind;
use super::site::Site;
use super::with_each_store;
use crate::accounts::{ALICE, Account};
use crate::client::Client as _;
use crate::image::Image;

const HERE: &str = "203.0.113.7";
const APP: &str = "alice/app:1.0.0";

with_each_store!(what_one_gives_out_the_other_takes);

fn what_one_gives_out_the_other_takes(store: Kind) {
    let Some(site) = Site::start(store) else { return };
    let [one, other] = &site.replicas;
    for (giver, taker) in [(one, other), (other, one)] {
        let token = giver.refresh_token(ALICE.name);
        taker.answers(HERE, &Ask::Refresh(&token), 200);
        taker.answers(HERE, &login(ALICE.name, &token), 200);
        taker.command(&["revoke"], &["--account", "Alice"]);
        for server in [giver, taker] {
            assert!(server.answers(HERE, &Ask::Refresh(&token), 401).body.contains("invalid_grant"));
        }

        let limit = ["--account", "alice", "--scope", "repository:alice/*:pull"];
        let token = giver.command(&["tokens", "create"], &limit);
        taker.answers(HERE, &login(ALICE.name, &token), 200);
        let [here, there] = [giver, taker].map(|server| server.command(&["tokens", "list"], &["--json"]));
        assert_eq!(here, there);
        let listed: serde_json::Value = serde_json::from_str(&here).unwrap();
        let [robot] = listed["credentials"].as_array().unwrap().as_slice() else { panic!("{listed}") };
        assert!(robot["used"].is_string(), "the other's use is seen: {listed}");
        taker.command(&["tokens", "revoke"], &[robot["id"].as_str().unwrap()]);
        giver.answers(HERE, &login(ALICE.name, &token), 401);
    }
    real_clients_do_not_see_that_there_are_two(&site);
}

fn real_clients_do_not_see_that_there_are_two(site: &Site) {
    let [one, other] = &site.replicas;
    let image = Image::of(&["first", "second"]);
    let crane = site.crane();
    crane.home().remember_token(ALICE.name, &one.refresh_token(ALICE.name));
    crane.push(&image, APP).succeeds();
    assert_eq!(crane.pulled(APP), image);

    let token =
        other.command(&["tokens", "create"], &["--account", "alice", "--scope", "repository:alice/*:pull"]);
    let robot = site.crane();
    robot.sign_in(&Account { name: ALICE.name, password: token.leak(), hash: "" });
    assert_eq!(robot.pulled(APP), image);
    robot.push(&image, "alice/other:1.0.0").fails();

    let served = |port: u16| {
        site.front
            .accesses()
            .iter()
            .filter(|access| access.asked.iter().any(|(asked, _)| *asked == port))
            .count()
    };
    assert!(served(one.port) > 0 && served(other.port) > 0, "nginx asks both");
    other.command(&["revoke"], &["--account", "alice"]);
    crane.push(&Image::of(&["third"]), APP).fails();
    robot.pull(APP).fails();
}
