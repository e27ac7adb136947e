//! What a slow server does to the figures.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use std::{future, thread};

use super::{Extent, Outcome, Stream};
use crate::accounts::Logins;
use crate::client::NoAnswer;
use crate::target::Target;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// A server for one connection, which takes so long to answer the first request, or hangs up instead.
fn stalls(first: Duration, hangs_up: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut wait = first;
        // One read a request: they are small, and the next is sent after the answer.
        while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
            thread::sleep(std::mem::take(&mut wait));
            if hangs_up || stream.write_all(ANSWER).is_err() {
                return;
            }
        }
    });
    address
}

fn run(address: SocketAddr, rate: u32, extent: Extent) -> Outcome {
    let target = Target::parse(&format!("http://{address}/auth"), None, false).unwrap();
    let logins = Arc::new(Logins::Anonymous);
    let stream = Arc::new(Stream { target, logins, connections: 1, rate, new_connection: false });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(stream.run(extent, || Ok(()), future::pending())).unwrap().0
}

#[test]
fn a_request_that_had_to_wait_for_another_was_slow() {
    let stalled = stalls(Duration::from_millis(200), false);
    // Due within the first tenth of a second, while the first has no answer yet.
    let outcome = run(stalled, 100, Extent { time: Duration::from_secs(10), requests: 10 });
    assert_eq!((outcome.tally.answers(), outcome.unsent), (10, 0));
    let fastest = outcome.tally.percentile(0.0);
    assert!(fastest >= 100_000, "{fastest} us from when it was due");
}

#[test]
fn as_fast_as_it_goes_nothing_is_due_before() {
    let stalled = stalls(Duration::from_millis(200), false);
    let outcome = run(stalled, 0, Extent { time: Duration::from_secs(10), requests: 10 });
    assert_eq!(outcome.tally.answers(), 10);
    assert!(outcome.tally.percentile(50.0) < 200_000 && outcome.tally.slowest() >= 200_000);
}

#[test]
fn what_was_due_and_not_sent_is_told() {
    let stalled = stalls(Duration::from_millis(500), true);
    let outcome = run(stalled, 100, Extent { time: Duration::from_millis(400), requests: u64::MAX });
    assert_eq!(outcome.tally.answers(), 0);
    assert_eq!(outcome.tally.failures.get(&NoAnswer::Broken), Some(&1));
    // Forty were due; the thread that counts may have been late.
    assert!((1..=39).contains(&outcome.unsent), "{}", outcome.unsent);
}
