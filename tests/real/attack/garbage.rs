//! What is no HTTP, or two kinds of it at once.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;

use super::siege::Siege;
use super::wire::{connect, everything};

/// A request that must not be taken for one of its own.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
const QUIET: Duration = Duration::from_secs(1);
const ROUNDS: usize = 20;

/// With each how many answers there may be at the most.
fn kinds() -> Vec<(Vec<u8>, usize)> {
    let post = |lines: &str, body: &str| {
        (format!("POST /auth HTTP/1.1\r\nhost: x\r\n{lines}\r\n{body}").into_bytes(), 1)
    };
    let whole = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3);
    let length = HIDDEN.len();
    vec![
        // Length and chunks: whoever stands in front may have believed the other one.
        post("content-length: 5\r\ntransfer-encoding: chunked\r\n", &format!("0\r\n\r\n{HIDDEN}")),
        post("transfer-encoding: chunked\r\ncontent-length: 5\r\n", &format!("0\r\n\r\n{HIDDEN}")),
        post(&format!("content-length: {length}\r\ntransfer-encoding: identity\r\n"), HIDDEN),
        post("transfer-encoding: chunked, identity\r\n", &format!("0\r\n\r\n{HIDDEN}")),
        post("transfer-encoding: xchunked\r\n", &format!("0\r\n\r\n{HIDDEN}")),
        post("transfer-encoding : chunked\r\n", &format!("0\r\n\r\n{HIDDEN}")),
        post("content-length: 0\r\ncontent-length: 36\r\n", HIDDEN),
        post("content-length: +0\r\n", HIDDEN),
        post("content-length: 0x0\r\n", HIDDEN),
        // Chunks whose size is none.
        post("transfer-encoding: chunked\r\n", &format!("-1\r\n\r\n{HIDDEN}")),
        post("transfer-encoding: chunked\r\n", &format!("ffffffffffffffffff\r\n{HIDDEN}")),
        post("transfer-encoding: chunked\r\n", &format!("0x0\r\n\r\n{HIDDEN}")),
        post("transfer-encoding: chunked\r\n", &format!("3\r\nabcd\r\n0\r\n\r\n{HIDDEN}")),
        post("transfer-encoding: chunked\r\n", &format!("0;{}\r\n\r\n{HIDDEN}", "x".repeat(100_000))),
        // Folded lines, and two names for the host.
        post("x: a\r\n b\r\ncontent-length: 0\r\n", ""),
        post("host: y\r\ncontent-length: 0\r\n", ""),
        (b"GET /healthz HTTP/1.1\nhost: x\n\n".to_vec(), 1),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(), 1),
        // Requests one behind the other, and then something else.
        ([whole.as_bytes(), b"\0\xff\xfe\x01 garbage\r\n\r\n", HIDDEN.as_bytes()].concat(), 4),
        ((0..=255).cycle().take(60_000).collect(), 1),
    ]
}

#[test]
fn garbage_and_two_meanings() {
    Siege::usual("garbage, pipelined and smuggled, 20 kinds, 20 of each at once", 64).withstands(
        async |place| {
            let mut asking = JoinSet::new();
            for (bytes, most) in (0..ROUNDS).flat_map(|_| kinds()) {
                asking.spawn(async move {
                    let mut stream = connect(place).await.unwrap();
                    // It may be cut off in the middle.
                    let _ = stream.write_all(&bytes).await;
                    let answers = String::from_utf8_lossy(&everything(&mut stream, QUIET).await).into_owned();
                    let shown = String::from_utf8_lossy(&bytes).chars().take(160).collect::<String>();
                    assert!(
                        answers.matches("HTTP/1.1 ").count() <= most,
                        "{shown:?} is answered with {answers}"
                    );
                    assert!(!answers.contains(" 404 "), "{shown:?}: what was hidden was found: {answers}");
                    assert!(!answers.contains("HTTP/1.1 5"), "{shown:?}: {answers}");
                });
            }
            while let Some(asked) = asking.join_next().await {
                asked.unwrap();
            }
        },
    );
}
