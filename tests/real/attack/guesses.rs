//! Logins that come to nothing, as fast as they go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE32_NOPAD, Encoding};
use tokio::task::JoinSet;

use super::honest::Manner;
use super::siege::Siege;
use super::target::Target;
use super::wire::{ask, connect, form, login};

const AT_A_TIME: usize = 16;
const LASTS: Duration = Duration::from_secs(2);

/// `AT_A_TIME` clients, each on a connection that it keeps; answers how many questions were answered.
async fn flood(place: SocketAddr, right: &'static [u16], request: fn(usize) -> String) -> usize {
    let counter = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let counter = Arc::clone(&counter);
        clients.spawn(async move {
            let begun = Instant::now();
            let mut stream = connect(place).await.unwrap();
            while begun.elapsed() < LASTS {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let status = ask(&mut stream, request(number).as_bytes()).await.unwrap();
                assert!(right.contains(&status), "{status}");
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    counter.load(Ordering::Relaxed)
}

fn with_strangers(name: &'static str, budget: u64) -> Siege {
    under(name, budget, "")
}

/// With another section beside those that every server under siege has.
fn under(name: &'static str, budget: u64, section: &str) -> Siege {
    let honest = vec![Manner::Anew, Manner::Kept, Manner::Stranger];
    Siege { name, target: Target::with(section), honest, budget }
}

#[test]
fn wrong_passwords() {
    let name = "wrong passwords, 16 at a time, half of them for one account, without lock-out";
    under(name, 64, "lockout: {enabled: false}\n").withstands(async |place| {
        let asked = flood(place, &[401, 503], |number| {
            let account = if number % 2 == 0 { String::from("alice") } else { format!("nobody{number}") };
            login(&account, &format!("guess {number}"), false)
        });
        println!("  {} guesses", asked.await);
    });
}

#[test]
fn wrong_passwords_that_are_counted() {
    let name = "wrong passwords, 16 at a time, half of them for one account";
    with_strangers(name, 64).withstands(async |place| {
        let asked = flood(place, &[401, 429, 503], |number| {
            let account = if number % 2 == 0 { String::from("bob") } else { format!("nobody{number}") };
            login(&account, &format!("guess {number}"), false)
        });
        println!("  {} guesses", asked.await);
    });
}

#[test]
fn refresh_tokens_that_do_not_exist() {
    with_strangers("refresh tokens that do not exist, 16 at a time", 64).withstands(async |place| {
        let asked = flood(place, &[400, 401], |number| {
            let token = made_up(number);
            form(&format!("grant_type=refresh_token&service=siege&client_id=x&refresh_token={token}"))
        });
        println!("  {} tokens", asked.await);
    });
}

#[test]
fn nobody_in_particular() {
    with_strangers("anonymous requests, 16 at a time", 64).withstands(async |place| {
        let asked = flood(place, &[200], |number| {
            format!(
                "GET /auth?service=siege&scope=repository:public/{number}:pull HTTP/1.1\r\nhost: x\r\n\r\n"
            )
        });
        println!("  {} requests", asked.await);
    });
}

/// One with a right checksum, so that the store is asked.
fn made_up(number: usize) -> String {
    let random = digest(&SHA256, &number.to_le_bytes());
    let sum = digest(&SHA256, &[b"dgr_", random.as_ref()].concat());
    let bytes = [random.as_ref(), &sum.as_ref()[..4]].concat();
    let encoding: &Encoding = &BASE32_NOPAD;
    format!("dgr_{}", encoding.encode(&bytes).to_ascii_lowercase())
}
