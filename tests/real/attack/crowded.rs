//! Every place is taken, and taken again as soon as one is free.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use super::honest::Manner;
use super::siege::Siege;
use super::target::Target;
use super::wire::{connect, connect_all};

/// Twice as many attackers as there are places.
const LIMITS: &str = "  limits: {connections: 400}\n";
const CROWD: usize = 800;
const LASTS: Duration = Duration::from_secs(5);

/// Says something, waits until the server has had enough, and comes again.
async fn again_and_again(place: SocketAddr, says: &'static [u8]) {
    let begun = Instant::now();
    while let Some(left) = LASTS.checked_sub(begun.elapsed()) {
        let _ = tokio::time::timeout(left, async {
            let Ok(mut stream) = connect(place).await else { return };
            let _ = stream.write_all(says).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
    }
}

fn besieged(name: &'static str, says: &'static [u8]) {
    let target = Target::with(LIMITS);
    Siege { name, target, honest: vec![Manner::Anew, Manner::Kept], budget: 96 }.withstands(async |place| {
        let mut crowd: JoinSet<()> = (0..CROWD).map(|_| again_and_again(place, says)).collect();
        while crowd.join_next().await.is_some() {}
    });
}

#[test]
fn by_those_who_say_nothing() {
    besieged("800 silent clients for 400 places, each comes again", b"");
}

#[test]
fn by_those_who_never_finish_a_form() {
    besieged(
        "800 unfinished forms for 400 places, each comes again",
        b"POST /auth HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nservice=",
    );
}

#[test]
fn by_ten_thousand_idle_ones() {
    let number = super::wire::as_many_as(11_000);
    let target = Target::with("");
    let honest = vec![Manner::Anew, Manner::Kept];
    let name = "11,000 idle connections for 10,000 places";
    Siege { name, target, honest, budget: 400 }.withstands(async |place| {
        let idle = connect_all(place, number).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        idle
    });
}
