//! Three Redis that are one.

use std::time::Instant;

use dockgate_api::{Shelf, Store as _};
use serde_json::{Value, json};

use super::super::opened::conforms;
use super::server::{KEEPS, Server};
use super::{PATIENCE, SHELF, call, health, open, put_at_last, record};

const MEMBER: [&str; 4] = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];

fn start() -> Option<[Server; 3]> {
    let member = || Server::with(&[&KEEPS[..], &MEMBER].concat());
    let members = [member()?, member()?, member()?];
    let addresses = members.each_ref().map(Server::addr);
    let mut words = vec!["--cluster", "create"];
    words.extend(addresses.iter().map(String::as_str));
    words.push("--cluster-yes");
    members[0].ask(&words);
    for member in &members {
        let start = Instant::now();
        while !member.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
            assert!(start.elapsed() < PATIENCE, "{}", member.ask(&["CLUSTER", "INFO"]));
        }
    }
    Some(members)
}

fn section(members: &[Server]) -> Value {
    json!({"cluster": members.iter().map(Server::addr).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_passes_and_spreads_the_shelves() {
    let Some(members) = start() else { return };
    conforms("redis", &section(&members)).await;
    let store = open(&section(&members));
    for shelf in Shelf::ALL {
        store.put(&call(), shelf, record("one")).await.unwrap();
    }
    let used = members.iter().filter(|member| member.ask(&["DBSIZE"]) != "0").count();
    assert!(used > 1, "all of it is at one member");
    assert_eq!(health(&*store).await, "up");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_leads_to_the_others() {
    let Some(members) = start() else { return };
    for member in &members {
        let store = open(&section(std::slice::from_ref(member)));
        for shelf in Shelf::ALL {
            store.put(&call(), shelf, record("one")).await.unwrap();
            assert!(store.get(&call(), shelf, "one").await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_alone_says_that_it_is_one() {
    let Some(members) = start() else { return };
    let mut errors = Vec::new();
    for member in &members {
        let store = open(&member.section());
        errors.extend(store.get(&call(), SHELF, "one").await.err());
    }
    assert_eq!(errors.len(), 2, "one of them has it: {errors:?}");
    assert!(errors[0].to_string().contains("write `cluster: [HOST:PORT, …]`"), "{}", errors[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_moves_is_followed() {
    let Some(members) = start() else { return };
    let store = open(&section(&members));
    for number in 0..50 {
        store.put(&call(), SHELF, record(&format!("key-{number}"))).await.unwrap();
    }
    let ids = members.each_ref().map(|member| member.ask(&["CLUSTER", "MYID"]));
    let owner = members.iter().position(|member| member.ask(&["DBSIZE"]) != "0").unwrap();
    let other = (owner + 1) % 3;
    let slot = members[0].ask(&["CLUSTER", "KEYSLOT", "{refresh-tokens}"]);
    members[other].ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[owner]]);
    members[owner].ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[other]]);
    let keys = members[owner].ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "1000"]);
    let port = members[other].port.to_string();
    for key in keys.lines() {
        members[owner].ask(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
    }
    // All keys are there, and the slot is not yet: each question is sent on.
    assert!(store.get(&call(), SHELF, "key-1").await.unwrap().is_some());
    for member in [other, owner, (owner + 2) % 3] {
        members[member].ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[other]]);
    }
    put_at_last(&*store, "after").await;
    for number in 0..50 {
        assert!(store.take(&call(), SHELF, &format!("key-{number}")).await.unwrap().is_some(), "{number}");
    }
    assert_eq!(members[owner].ask(&["DBSIZE"]), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_gone_takes_its_shelves_alone_with_it() {
    let Some(mut members) = start() else { return };
    for member in &members {
        member.ask(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]);
    }
    let store = open(&section(&members));
    for shelf in Shelf::ALL {
        store.put(&call(), shelf, record("one")).await.unwrap();
    }
    let gone = members.iter().position(|member| member.ask(&["DBSIZE"]) != "0").unwrap();
    members[gone].kill();
    let mut answered = 0;
    for shelf in Shelf::ALL {
        let start = Instant::now();
        answered += usize::from(store.get(&call(), shelf, "one").await.is_ok());
        assert!(start.elapsed() < PATIENCE / 2, "no longer than `answer`");
    }
    assert!((1..Shelf::ALL.len()).contains(&answered), "{answered}");
    assert!(health(&*store).await.starts_with("degraded: "));
    members[gone].start_again();
    for shelf in Shelf::ALL {
        let start = Instant::now();
        while store.get(&call(), shelf, "one").await.ok().flatten().is_none() {
            assert!(start.elapsed() < PATIENCE, "{shelf:?}");
        }
    }
}
