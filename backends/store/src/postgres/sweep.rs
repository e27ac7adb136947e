//! What is over is taken away now and then, by whoever comes by.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use super::parameter::Parameter;
use super::server::{Again, Server};
use crate::record::milliseconds;

/// Between two sweeps of one server.
const EVERY: Duration = Duration::from_mins(1);
/// For how long what is over is left where it is: clocks of several servers differ.
const GRACE: Duration = Duration::from_mins(10);
/// Rows of one statement.
const BATCH: u32 = 500;
/// Statements of one sweep, for each table.
const BATCHES: usize = 20;
/// For one statement.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sweeps in the background, if it is time.
pub(super) fn perhaps(server: &Arc<Server>, now: SystemTime) {
    let at = milliseconds(now);
    let last = server.swept.load(Ordering::Relaxed);
    let is_due = at.saturating_sub(last) >= u64::try_from(EVERY.as_millis()).unwrap_or(u64::MAX);
    // Of those who see that it is time, one does it.
    let is_ours =
        is_due && server.swept.compare_exchange(last, at, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if is_ours && let Some(over) = now.checked_sub(GRACE) {
        let server = Arc::clone(server);
        tokio::spawn(async move { sweep(&server, over).await });
    }
}

async fn sweep(server: &Arc<Server>, over: SystemTime) {
    server.pool.tidy();
    for sql in &server.statements.sweeps {
        for _ in 0..BATCHES {
            let Some(deadline) = Instant::now().checked_add(PATIENCE) else { return };
            let parameters = [Parameter::time(over), Parameter::Number(i64::from(BATCH))];
            match server.ask(deadline, sql, &parameters, Again::No).await {
                Ok(rows) if rows.len() < BATCH as usize => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "what is over could not be taken away");
                    return;
                }
            }
        }
    }
}
