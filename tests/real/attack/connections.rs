//! More connections than anybody needs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::siege::Siege;
use super::wire::{answer, as_many_as, connect, connect_all};

const MANY: usize = 10_000;
const LASTS: Duration = Duration::from_secs(2);

/// Below the server's limit, so that the honest ones find room without anybody having to go.
const ALMOST: usize = 9_900;

/// They come twice: the second wave takes no more than the first, and finds what that left behind.
#[test]
fn thousands_that_are_idle_before_and_after_a_request() {
    Siege::usual("9,900 idle connections, before and after a request", 400).withstands(async |place| {
        drop(idle(place).await);
        idle(place).await
    });
}

async fn idle(place: SocketAddr) -> Vec<TcpStream> {
    let mut idle = connect_all(place, as_many_as(ALMOST)).await;
    tokio::time::sleep(LASTS).await;
    // As many as can be: the server may have had enough of the first.
    let mut answered = 0;
    for stream in &mut idle {
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    }
    for stream in &mut idle {
        answered += usize::from(matches!(answer(stream).await, Ok(200)));
    }
    assert!(answered > idle.len() / 2, "{answered} were answered");
    tokio::time::sleep(LASTS).await;
    idle
}

#[test]
fn ten_thousand_that_are_reset() {
    Siege::usual("10,000 connections that are reset, half of them in a request", 64).withstands(
        async |place| {
            for round in 0..MANY / 100 {
                for mut stream in connect_all(place, 100).await {
                    if round % 2 == 1 {
                        let _ = stream.write_all(b"GET /auth HT").await;
                    }
                    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                }
            }
        },
    );
}

#[test]
fn requests_one_behind_the_other() {
    let one = "GET /auth?service=x HTTP/1.1\r\nhost: x\r\n";
    let asked = format!("{}{one}connection: close\r\n\r\n", format!("{one}\r\n").repeat(199));
    Siege::usual("200 requests at once, on 8 connections, again and again", 64).withstands(async |place| {
        let mut asking = JoinSet::new();
        for _ in 0..8 {
            let asked = asked.clone();
            asking.spawn(async move {
                let begun = Instant::now();
                while begun.elapsed() < LASTS {
                    let mut stream = connect(place).await.unwrap();
                    let (mut answers, mut requests) = (Vec::new(), stream.split());
                    let (sent, read) = tokio::join!(
                        requests.1.write_all(asked.as_bytes()),
                        requests.0.read_to_end(&mut answers)
                    );
                    sent.and(read).unwrap();
                    assert_eq!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 200 ").count(), 200);
                }
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked.unwrap();
        }
    });
}
