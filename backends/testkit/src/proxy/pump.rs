//! One direction of one connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Direction, Mood, Turn};

/// What is read and not passed yet.
const MOST_HELD: usize = 16 * 1024;
/// How often a slow connection passes something, in a second.
const PIECES: u32 = 20;

/// Passes bytes on as the moods have it, until their end.
pub(super) async fn pump(
    direction: Direction,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    moods: watch::Receiver<Turn>,
) -> io::Result<()> {
    let mut gate = Gate { direction, moods, turn: 0, passed: 0 };
    let mut buffer = vec![0; MOST_HELD];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            // The end comes as late as a byte would.
            gate.pass(1).await?;
            return to.shutdown().await;
        }
        let mut rest = buffer.get(..read).unwrap_or_default();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(gate.pass(rest.len()).await?.min(rest.len()));
            to.write_all(now).await?;
            gate.passed(now.len())?;
            rest = later;
        }
    }
}

struct Gate {
    direction: Direction,
    moods: watch::Receiver<Turn>,
    /// The mood that the count is about.
    turn: u64,
    passed: u64,
}

impl Gate {
    /// Waits as long as the mood has it, and says how many bytes may pass then: one at least.
    async fn pass(&mut self, wanted: usize) -> io::Result<usize> {
        loop {
            let Turn { number, mood } = *self.moods.borrow_and_update();
            if number != self.turn {
                self.turn = number;
                self.passed = 0;
            }
            let (wait, count) = match mood {
                Mood::Pass | Mood::Reset => return Ok(wanted),
                Mood::Cut(direction, _) if direction != self.direction => return Ok(wanted),
                Mood::Cut(_, most) => return self.left(most).map(|left| left.min(wanted)),
                Mood::Silent => (Duration::MAX, wanted),
                Mood::Late(delay) => (delay, wanted),
                Mood::Slow(in_a_second) => {
                    let piece = (in_a_second / PIECES).max(1);
                    let piece = piece.min(u32::try_from(wanted).unwrap_or(u32::MAX));
                    (Duration::from_secs(1) * piece / in_a_second.max(1), usize::try_from(piece).unwrap_or(1))
                }
            };
            tokio::select! {
                () = sleep(wait) => return Ok(count),
                turned = self.moods.changed() => turned.map_err(|_| io::ErrorKind::ConnectionAborted)?,
            }
        }
    }

    /// Counts what has passed; the last byte that may ends the connection.
    fn passed(&mut self, count: usize) -> io::Result<()> {
        self.passed += u64::try_from(count).unwrap_or(u64::MAX);
        let Turn { number, mood } = *self.moods.borrow();
        match mood {
            Mood::Cut(direction, most) if direction == self.direction && number == self.turn => {
                self.left(most).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn left(&self, most: u64) -> io::Result<usize> {
        match usize::try_from(most.saturating_sub(self.passed)) {
            Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
            left => Ok(left.unwrap_or(usize::MAX)),
        }
    }
}
