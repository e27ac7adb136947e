//! Rounds: A, B, A, B, …

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::error::LoadError;
use crate::plan::{Plan, Server};
use crate::process::{Processes, own_cpu};
use crate::stream::{Extent, Outcome, Stream};

/// So long the flood has gone on when a round begins.
const FLOOD_LEAD: Duration = Duration::from_millis(500);
/// What a server still does for the last round is not the next one's.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(100);

/// What one round showed.
pub(crate) struct Round {
    pub(crate) outcome: Outcome,
    /// None if the server's processes are not known.
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) generator_cpu: Duration,
    pub(crate) flood: Option<Outcome>,
}

/// The rounds of each server.
///
/// # Errors
/// A server cannot be reached, or ends.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Vec<Round>>, LoadError> {
    let runtime = runtime().map_err(LoadError::Start)?;
    raise_descriptor_limit();
    let mut crowds = Vec::with_capacity(plan.servers.len());
    for server in &plan.servers {
        crowds.push(runtime.block_on(plan.crowd.come(server.stream.target.address))?);
    }
    let mut processes = Vec::with_capacity(plan.servers.len());
    for server in &plan.servers {
        for extent in plan.warm_ups.iter().filter(|extent| extent.requests > 0 && !extent.time.is_zero()) {
            let stream = Arc::new(server.stream.unpaced());
            runtime.block_on(stream.run(*extent, || Ok(()), std::future::pending()))?;
        }
        let address = server.stream.target.address;
        let found = || Processes::listening_at(address).filter(|_| address.ip().is_loopback());
        processes.push(server.processes.clone().or_else(found));
    }
    let mut rounds: Vec<Vec<Round>> = plan.servers.iter().map(|_| Vec::new()).collect();
    for _ in 0..plan.rounds {
        for ((server, processes), rounds) in plan.servers.iter().zip(&processes).zip(&mut rounds) {
            thread::sleep(BETWEEN_ROUNDS);
            rounds.push(round(&runtime, plan.round, server, processes.as_ref())?);
        }
    }
    drop(crowds);
    Ok(rounds)
}

/// A crowd takes more than the usual soft limit.
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it cannot be raised, a connection that fails says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn round(
    runtime: &Runtime,
    extent: Extent,
    server: &Server,
    processes: Option<&Processes>,
) -> Result<Round, LoadError> {
    let flood = server.flood.as_ref().map(Flood::start).transpose()?;
    if flood.is_some() {
        thread::sleep(FLOOD_LEAD);
    }
    let cpu = || Ok((processes.map(Processes::cpu).transpose()?, own_cpu()));
    let (outcome, (server_before, own_before)) =
        runtime.block_on(server.stream.run(extent, cpu, std::future::pending()))?;
    let (server_after, own_after) = cpu()?;
    let flood = flood.map(Flood::stop).transpose()?;
    let server_cpu = server_before.zip(server_after).map(|(before, after)| after.saturating_sub(before));
    Ok(Round { outcome, server_cpu, generator_cpu: own_after.saturating_sub(own_before), flood })
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Wrong passwords beside a round. They have a thread of their own: the answers that are measured must not wait for
/// theirs.
struct Flood {
    cut: oneshot::Sender<()>,
    thread: JoinHandle<Result<Outcome, LoadError>>,
}

impl Flood {
    fn start(stream: &Arc<Stream>) -> Result<Self, LoadError> {
        let (cut, is_cut) = oneshot::channel();
        let stream = Arc::clone(stream);
        let endless = Extent { time: Duration::from_secs(3600), requests: u64::MAX };
        let flood = move || {
            let is_cut = async { drop(is_cut.await) };
            let run = stream.run(endless, || Ok(()), is_cut);
            let (outcome, ()) = runtime().map_err(LoadError::Start)?.block_on(run)?;
            Ok(outcome)
        };
        let thread = thread::Builder::new().name("flood".to_owned()).spawn(flood);
        Ok(Self { cut, thread: thread.map_err(LoadError::Start)? })
    }

    fn stop(self) -> Result<Outcome, LoadError> {
        // It may have ended by itself; then it says why.
        self.cut.send(()).ok();
        self.thread.join().map_err(|_| LoadError::Flood("its thread panicked".to_owned()))?
    }
}
