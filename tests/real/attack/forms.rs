//! Large requests: just within the limits, and beyond them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::siege::Siege;
use super::wire::{ask, connect, form};

const AT_A_TIME: usize = 8;
const LASTS: Duration = Duration::from_secs(2);
/// `server.limits.body`.
const LIMIT: usize = 64 * 1024;

/// Asks each in turn, `AT_A_TIME` clients at once, anew each time. One that is cut off while it sends may miss its answer.
async fn flood(place: SocketAddr, requests: Vec<(String, &'static [u16])>) {
    let mut clients = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let requests = requests.clone();
        clients.spawn(async move {
            let (begun, mut answers) = (Instant::now(), 0);
            for (request, right) in requests.iter().cycle() {
                if begun.elapsed() > LASTS {
                    break;
                }
                let mut stream = connect(place).await.unwrap();
                if let Ok(status) = ask(&mut stream, request.as_bytes()).await {
                    assert!(right.contains(&status), "{status}, not {right:?}: {}", &request[..120]);
                    answers += 1;
                }
            }
            answers
        });
    }
    while let Some(answers) = clients.join_next().await {
        assert!(answers.unwrap() > 0, "nobody was answered");
    }
}

#[test]
fn huge_forms() {
    let piece = |piece: &str, size: usize| form(&piece.repeat(size / piece.len()));
    let requests = vec![
        (form(&format!("service={}", "x".repeat(LIMIT - 8))), &[400][..]),
        (form(&"x".repeat(LIMIT)), &[200]),
        (form(&"x".repeat(LIMIT + 1)), &[413]),
        (form(&"x".repeat(16 * LIMIT)), &[413]),
        (piece("a=b&", LIMIT), &[200]),
        (piece("&", LIMIT), &[200]),
        (piece("%25", LIMIT), &[200]),
        (form(&format!("service={}", "%25%32%35".repeat(7_000))), &[400]),
        (piece("scope=a:b:c&", LIMIT), &[400]),
        // A hundred thousand scopes.
        (form(&format!("scope={}", "a:b:c+".repeat(100_000))), &[413]),
        (form(&format!("scope={}", "a:b:c+".repeat(10_000))), &[400]),
        (form(&format!("scope=repository:x:{}", "a,".repeat(30_000))), &[200, 400]),
        (form(&format!("username={}&password=x", "u".repeat(60_000))), &[400]),
        (form(&format!("username=alice&password={}", "p".repeat(60_000))), &[401]),
    ];
    Siege::usual("huge forms, 8 at a time", 64).withstands(async |place| flood(place, requests).await);
}

#[test]
fn huge_heads() {
    let head = |size: usize| format!("GET /auth HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(size));
    let fields = |count: usize| format!("GET /auth HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(count));
    let requests = vec![
        (head(31 * 1024), &[200][..]),
        (head(33 * 1024), &[431]),
        (head(1024 * 1024), &[431]),
        (fields(90), &[200]),
        (fields(5_000), &[431]),
        (format!("GET /auth?{} HTTP/1.1\r\nhost: x\r\n\r\n", "a=b&".repeat(7_000)), &[200]),
        (format!("GET /auth?{} HTTP/1.1\r\nhost: x\r\n\r\n", "a=b&".repeat(20_000)), &[414, 431]),
    ];
    Siege::usual("huge heads, 8 at a time", 64).withstands(async |place| flood(place, requests).await);
}
