//! Slowloris, of every part of an exchange.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::siege::Siege;
use super::wire::{connect_all, form};

const CROWD: usize = 500;
const LASTS: Duration = Duration::from_secs(2);

/// So many connections that say `first` at once, and then `more` a byte a second.
async fn dawdle(place: SocketAddr, number: usize, first: &[u8], more: &'static [u8]) {
    let mut streams = connect_all(place, number).await;
    for stream in &mut streams {
        stream.write_all(first).await.unwrap();
    }
    let mut slow: JoinSet<()> = streams.into_iter().map(|stream| trickle(stream, more)).collect();
    while slow.join_next().await.is_some() {}
}

async fn trickle(mut stream: TcpStream, bytes: &'static [u8]) {
    let begun = Instant::now();
    for byte in bytes.iter().cycle() {
        if begun.elapsed() > LASTS || stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[test]
fn heads_a_byte_a_second() {
    // Most of a head is kept until its end comes.
    let first = format!("GET /auth HTTP/1.1\r\nhost: slow\r\nx: {}", "y".repeat(30_000));
    Siege::usual("500 heads of 30 KiB, then a byte a second", 64)
        .withstands(async |place| dawdle(place, CROWD, first.as_bytes(), b"x").await);
}

#[test]
fn forms_a_byte_a_second() {
    let whole = form(&format!("service=slow&x={}", "y".repeat(60_000)));
    let first = &whole.as_bytes()[..whole.len() - 1_000];
    Siege::usual("500 forms of 60 KiB, the last 1,000 bytes one a second", 96)
        .withstands(async |place| dawdle(place, CROWD, first, b"x").await);
}

#[test]
fn chunks_a_byte_a_second() {
    let first = b"POST /auth HTTP/1.1\r\nhost: slow\r\ntransfer-encoding: chunked\r\n\r\n";
    Siege::usual("500 chunked bodies, a byte a second", 48)
        .withstands(async |place| dawdle(place, CROWD, first, b"1\r\na\r\n").await);
}

#[test]
fn chunks_of_one_byte() {
    let head = "POST /auth HTTP/1.1\r\nhost: slow\r\ntransfer-encoding: chunked\r\n\r\n";
    let first = format!("{head}{}", "1\r\na\r\n".repeat(60_000));
    Siege::usual("40 chunked bodies of 60,000 chunks, a byte each", 24)
        .withstands(async |place| dawdle(place, 40, first.as_bytes(), b"1\r\na\r\n").await);
}

#[test]
fn answers_that_nobody_reads() {
    let asked = "GET /.well-known/jwks.json HTTP/1.1\r\nhost: deaf\r\n\r\n".repeat(2_000);
    Siege::usual("100 connections that ask without end and read nothing", 96).withstands(async |place| {
        let deaf = connect_all(place, 100).await;
        let mut asking = JoinSet::new();
        for mut stream in deaf {
            let asked = asked.clone();
            asking.spawn(async move {
                let endless = async { while stream.write_all(asked.as_bytes()).await.is_ok() {} };
                let _ = tokio::time::timeout(LASTS, endless).await;
            });
        }
        while asking.join_next().await.is_some() {}
    });
}
