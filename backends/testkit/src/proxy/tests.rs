//! Before a server that sends back what it gets.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Direction, Mood, Proxy};

/// Longer than any of this should take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for what should not happen to happen.
const A_MOMENT: Duration = Duration::from_millis(50);

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ended = copy(&mut from, &mut to).await;
            });
        }
    });
    addr
}

/// What comes back, up to so many bytes or the end.
async fn back(stream: &mut TcpStream, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut limited = stream.take(u64::try_from(most).unwrap());
    timeout(PATIENCE, limited.read_to_end(&mut bytes)).await.unwrap()?;
    Ok(bytes)
}

async fn asked(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).await.unwrap();
    back(stream, bytes.len()).await.unwrap()
}

async fn until(condition: impl Fn() -> bool) {
    let polls = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, polls).await.unwrap();
}

#[tokio::test]
async fn bytes_pass_and_connections_are_counted() {
    let proxy = Proxy::to(echo().await);
    let mut first = TcpStream::connect(proxy.addr).await.unwrap();
    let mut second = TcpStream::connect(proxy.addr).await.unwrap();
    let many: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    assert_eq!(asked(&mut first, b"one").await, b"one");
    let (mut from, mut to) = second.split();
    let mut bytes = vec![0; many.len()];
    let (sent, read) = tokio::join!(to.write_all(&many), timeout(PATIENCE, from.read_exact(&mut bytes)));
    sent.and(read.unwrap()).unwrap();
    assert_eq!(bytes, many);
    assert_eq!((proxy.connections_open(), proxy.connections_made()), (2, 2));
    // The end of what is sent is passed on too.
    first.shutdown().await.unwrap();
    assert_eq!(back(&mut first, 1).await.unwrap(), b"");
    until(|| proxy.connections_open() == 1).await;
    proxy.close_connections();
    assert_eq!(back(&mut second, 1).await.unwrap(), b"");
    until(|| proxy.connections_open() == 0).await;
    assert_eq!(asked(&mut TcpStream::connect(proxy.addr).await.unwrap(), b"three").await, b"three");
    assert_eq!(proxy.connections_made(), 3);
}

#[tokio::test]
async fn what_is_held_back_comes_later() {
    let proxy = Proxy::to(echo().await);
    let mut before = TcpStream::connect(proxy.addr).await.unwrap();
    assert_eq!(asked(&mut before, b"one").await, b"one");
    proxy.mood(Mood::Silent);
    let mut after = TcpStream::connect(proxy.addr).await.unwrap();
    for stream in [&mut before, &mut after] {
        stream.write_all(b"two").await.unwrap();
        assert!(timeout(A_MOMENT, stream.read_u8()).await.is_err());
    }
    proxy.mood(Mood::Pass);
    for stream in [&mut before, &mut after] {
        assert_eq!(back(stream, 3).await.unwrap(), b"two");
    }
}

#[tokio::test]
async fn the_server_does_not_hear_of_connections_in_silence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to(listener.local_addr().unwrap());
    proxy.mood(Mood::Silent);
    let mut client = TcpStream::connect(proxy.addr).await.unwrap();
    client.write_all(b"one").await.unwrap();
    assert!(timeout(A_MOMENT, listener.accept()).await.is_err());
    proxy.mood(Mood::Pass);
    let (mut server, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    assert_eq!(back(&mut server, 3).await.unwrap(), b"one");
}

#[tokio::test]
async fn what_is_late_or_slow_takes_its_time() {
    let proxy = Proxy::to(echo().await);
    let mut stream = TcpStream::connect(proxy.addr).await.unwrap();
    for (mood, bytes, least) in [
        (Mood::Late(Duration::from_millis(60)), &b"late"[..], Duration::from_millis(120)),
        // Two directions, one after the other only for the first piece.
        (Mood::Slow(1000), &[7; 100], Duration::from_millis(100)),
    ] {
        proxy.mood(mood);
        let begun = Instant::now();
        assert_eq!(asked(&mut stream, bytes).await, bytes);
        assert!(begun.elapsed() >= least, "{mood:?} took {:?}", begun.elapsed());
    }
    // A mood that would take for ever ends with the next.
    proxy.mood(Mood::Late(Duration::from_secs(3600)));
    stream.write_all(b"one").await.unwrap();
    assert!(timeout(A_MOMENT, stream.read_u8()).await.is_err());
    proxy.mood(Mood::Pass);
    assert_eq!(back(&mut stream, 3).await.unwrap(), b"one");
}

#[tokio::test]
async fn connections_are_cut_where_they_should_be() {
    let proxy = Proxy::to(echo().await);
    for (direction, most) in [
        (Direction::ToClient, 5),
        (Direction::ToServer, 5),
        (Direction::ToClient, 0),
        // All that there is: the last byte that may pass ends it.
        (Direction::ToClient, 8),
        (Direction::ToServer, 8),
    ] {
        proxy.mood(Mood::Pass);
        let mut stream = TcpStream::connect(proxy.addr).await.unwrap();
        assert_eq!(asked(&mut stream, b"before").await, b"before");
        proxy.mood(Mood::Cut(direction, most));
        stream.write_all(b"01234567").await.unwrap();
        let came = back(&mut stream, 100).await;
        // What was cut on the way there may break what was on its way back.
        match (direction, came) {
            (Direction::ToClient, Ok(came)) => {
                assert_eq!(came, b"01234567"[..usize::try_from(most).unwrap()]);
            }
            (Direction::ToServer, Ok(came)) => assert!(came.len() <= usize::try_from(most).unwrap()),
            (_, Err(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        until(|| proxy.connections_open() == 0).await;
    }
}

#[tokio::test]
async fn connections_are_refused_and_welcome_again() {
    let proxy = Proxy::to(echo().await);
    let mut before = TcpStream::connect(proxy.addr).await.unwrap();
    assert_eq!(asked(&mut before, b"zero").await, b"zero");
    for _ in 0..3 {
        proxy.stop_listening().await;
        let refused = TcpStream::connect(proxy.addr).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(asked(&mut before, b"one").await, b"one");
        proxy.listen_again();
        assert_eq!(asked(&mut TcpStream::connect(proxy.addr).await.unwrap(), b"two").await, b"two");
    }
    proxy.stop().await;
    assert_eq!(back(&mut before, 1).await.unwrap(), b"");
}

#[tokio::test]
async fn connections_are_broken() {
    let proxy = Proxy::to(echo().await);
    let mut stream = TcpStream::connect(proxy.addr).await.unwrap();
    assert_eq!(asked(&mut stream, b"one").await, b"one");
    proxy.mood(Mood::Reset);
    let mut reset = TcpStream::connect(proxy.addr).await.unwrap();
    assert_eq!(back(&mut reset, 1).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(asked(&mut stream, b"two").await, b"two");
    proxy.reset_connections();
    assert_eq!(back(&mut stream, 1).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn all_ends_with_it() {
    let server = echo().await;
    let proxy = Proxy::to(server);
    let addr = proxy.addr;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    assert_eq!(asked(&mut stream, b"one").await, b"one");
    let state = std::sync::Arc::downgrade(&proxy.state);
    drop(proxy);
    assert_eq!(back(&mut stream, 1).await.unwrap(), b"");
    until(|| state.strong_count() == 0).await;
    assert_eq!(TcpStream::connect(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
