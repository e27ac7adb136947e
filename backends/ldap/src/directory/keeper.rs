//! What is done in the background: servers that rest are tried, idle connections closed, records looked up again.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dockgate_api::{Call, Clock, RequestId};
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::fleet::{Fleet, Roster};
use super::server::{Server, Turn};

/// How often connections are looked through, at the least and at the most.
const SWEEPS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(15));

/// How often is looked at servers that are not well.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after the servers of a directory until it is ended.
pub(super) async fn keep(fleet: Arc<Fleet>, clock: Arc<dyn Clock>) {
    let bounds = fleet.shared.pool;
    let pause = (bounds.idle_timeout.min(bounds.max_age) / 4).clamp(SWEEPS.0, SWEEPS.1);
    // Ended with this task.
    let mut tries = JoinSet::new();
    let mut sweep = Instant::now();
    loop {
        let now = Instant::now();
        while tries.try_join_next().is_some() {}
        let servers = fleet.known();
        if sweep <= now {
            for server in &servers {
                server.sweep(now);
            }
            sweep = now + pause;
        }
        for server in &servers {
            if let Some(trial) = server.rest().claim(now) {
                let turn =
                    Turn { server: Arc::clone(server), deadline: patience(server, now), trial: Some(trial) };
                tries.spawn(try_again(Arc::clone(&fleet), turn, clock.now()));
            }
        }
        let mut next = sweep;
        if let Roster::Srv(roster) = &fleet.roster
            && let Some(due) = roster.due(now)
        {
            if due <= now {
                tries.spawn(look_up_again(Arc::clone(&fleet)));
            } else {
                next = next.min(due);
            }
        }
        let rests = servers.iter().filter_map(|server| server.rest().due(now));
        next = rests.fold(next, Instant::min);
        if servers.iter().any(|server| server.rest().trouble().is_some()) {
            // Who tries one now may be gone without a word: a login, or the keeper of another configuration.
            next = next.min(now + LOOK);
        }
        // Woken or not, there is something to do.
        let _ = timeout_at(next.into(), fleet.shared.wake.notified()).await;
    }
}

fn patience(server: &Server, now: Instant) -> Instant {
    let timeouts = server.shared.timeouts;
    now + timeouts.connect + timeouts.bind.max(timeouts.search)
}

async fn try_again(fleet: Arc<Fleet>, turn: Turn, now: SystemTime) {
    let cx = Call::new(now, turn.deadline, RequestId::from_bits(0));
    turn.server.probe(&cx, &turn).await;
    drop(turn);
    fleet.shared.wake.notify_one();
}

async fn look_up_again(fleet: Arc<Fleet>) {
    if let Roster::Srv(roster) = &fleet.roster {
        roster.refresh().await;
    }
}
