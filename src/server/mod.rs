//! The running server: its doors, what stands behind them, and how one configuration follows another without anybody
//! noticing.
//!
//! A reload makes everything of the new configuration beside the old: chains, rules, keys, sockets. Only when nothing is
//! wrong with it does one swap let it answer; requests in flight end with what they began with. Whatever is wrong, all
//! stays as it was.

mod doors;
mod front;
mod keeper;
mod making;
mod memory;
mod operators;
mod outcome;
mod signals;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::config::Problem;
use tokio::sync::mpsc;

use crate::acme::{Acme, Renewing};
use crate::backends::Backends;
use crate::logging::problem;
use crate::metrics::{Certificates, Reload, Reloads};
use crate::state::{self, Loaded, Phase, Refused, State};
use crate::watch::Watcher;
use doors::{Doors, Prepared};
use front::Front;
use keeper::Keeper;
use making::{Making, NotMade};
use operators::{Asked, Operators};
use outcome::Outcome;
pub(crate) use signals::Signals;

/// A configuration is read in seconds, however large it is; managed keys wait ten for their lock.
const MADE_WITHIN: Duration = Duration::from_secs(60);
/// To bind takes no time; to ask for the address of a host's name may.
const BOUND_WITHIN: Duration = Duration::from_secs(15);

/// A server whose sockets are bound.
pub(crate) struct Server {
    config: PathBuf,
    backends: Arc<Backends>,
    front: Front,
    doors: Doors,
    /// What is still to be opened.
    prepared: Prepared,
    asked: mpsc::Receiver<Asked>,
}

impl Server {
    /// Binds every socket that a state wants; serves nothing yet.
    ///
    /// # Errors
    /// Each socket that cannot be bound, at the line that names it.
    pub(crate) async fn bind(
        config: &Path,
        backends: Arc<Backends>,
        state: State,
    ) -> Result<Self, Vec<Problem>> {
        let front = Front::new(Arc::new(state));
        let (operators, asked) = Operators::new(front.clone());
        let doors = Doors::new(front.clone(), operators);
        let prepared = doors.prepare(&front.state()).await?;
        Ok(Self { config: config.to_path_buf(), backends, front, doors, prepared, asked })
    }

    /// What answers now.
    pub(crate) fn state(&self) -> Arc<State> {
        self.front.state()
    }

    /// Serves until the first signal to stop and until requests in flight have ended, or until the second signal.
    pub(crate) async fn run(self, signals: Signals) {
        let at_once = signals.clone();
        tokio::select! {
            () = self.until_stopped(signals) => tracing::info!("stopped"),
            () = at_once.stop(2) => tracing::warn!("stopped at once, as the second signal asks"),
        }
    }

    async fn until_stopped(self, signals: Signals) {
        let Self { config, backends, front, mut doors, prepared, asked } = self;
        {
            let state = front.state();
            let (version, config) = (env!("CARGO_PKG_VERSION"), state.config_hash().as_ref());
            tracing::info!(version, issuer = state.issuer(), config, "serving");
            // Every socket is bound: whoever is answered at all is to be told so.
            state.lasting().enter(Phase::Ready);
            doors.commit(prepared, state.limits());
            Reloads::new(state.metrics()).started(config, state.now());
            tell_ends(&state);
            tokio::spawn(memory::give_back());
        }

        let stop = signals.clone();
        let mut current = Current {
            config,
            backends,
            front: front.clone(),
            doors: &mut doors,
            signals,
            asked,
            keeper: None,
            renewing: Renewing::follow(None, wanted_certificate(&front.state())),
            making: Making::new(MADE_WITHIN),
        };
        tokio::select! {
            () = stop.stop(1) => {}
            never = current.keep() => match never {},
        }
        current.tell_nobody_more();

        let state = front.state();
        state.lasting().enter(Phase::Draining);
        let delay = state.server().shutdown_delay.0;
        if !delay.is_zero() {
            tracing::info!(?delay, "not ready any more: still serving for server.shutdown_delay");
            tokio::time::sleep(delay).await;
        }
        tracing::info!(connections = doors.connections(), "stopping: requests in flight may end");
        if !doors.close().await {
            tracing::warn!("stopped with requests still in flight: server.limits.drain_timeout has passed");
        }
    }
}

/// A running server that follows its configuration.
struct Current<'a> {
    config: PathBuf,
    backends: Arc<Backends>,
    front: Front,
    doors: &'a mut Doors,
    signals: Signals,
    asked: mpsc::Receiver<Asked>,
    keeper: Option<Keeper>,
    /// The certificate that an authority issues: an order under way survives a reload that wants the same.
    renewing: Option<Renewing>,
    making: Making,
}

impl Current<'_> {
    /// Reloads when a file changed, when SIGHUP came, and when somebody asks for it, as long as it is polled.
    async fn keep(&mut self) -> Infallible {
        let mut state = self.front.state();
        let mut watched = in_order(state.files().to_vec());
        let mut watcher = Watcher::new(watched.iter().cloned());
        self.keeper = Some(Keeper::of(&state));
        // What changed between reading the files and watching them tells nobody.
        let mut missed = self.differs_from(&state).await;
        loop {
            let first = if missed { None } else { self.asked_for(&mut watcher, &state).await };
            // Only who asked before the files are read again is told what came of it.
            let waiting: Vec<Asked> =
                first.into_iter().chain(std::iter::from_fn(|| self.asked.try_recv().ok())).collect();
            missed = false;
            let (outcome, named) = self.reload(&state).await;
            let outcome = Arc::new(outcome);
            let mut wanted = named;
            if let Outcome::Swapped { .. } = outcome.as_ref() {
                state = self.front.state();
                self.keeper = Some(Keeper::of(&state));
            } else {
                // What is wrong may be put right in any file that the refused one names.
                wanted.extend_from_slice(state.files());
            }
            let wanted = in_order(wanted);
            // One that watches more than it must does no harm, and a new one costs another reload.
            if wanted.iter().any(|file| watched.binary_search(file).is_err()) {
                watched = wanted;
                watcher = Watcher::new(watched.iter().cloned());
                missed = true;
            }
            for asked in waiting {
                // Who does not wait any more needs no answer.
                let _ = asked.send(Arc::clone(&outcome));
            }
        }
    }

    /// Ready when there is a reason to reload; somebody may wait for what comes of it.
    async fn asked_for(&mut self, watcher: &mut Watcher, state: &State) -> Option<Asked> {
        tokio::select! {
            () = watcher.changed() => None,
            () = self.signals.hang_up() => {
                reopen_audit(state);
                None
            }
            asked = self.asked.recv() => asked,
        }
    }

    /// Whether the files say something else than when they were read.
    async fn differs_from(&mut self, state: &Arc<State>) -> bool {
        let (state, config) = (Arc::clone(state), self.config.clone());
        self.making.made(move || !state.is_of(&config)).await.unwrap_or(false)
    }

    /// Nobody reloads any more: who asks, or waits, is told at once.
    fn tell_nobody_more(&mut self) {
        self.asked.close();
        while self.asked.try_recv().is_ok() {}
    }

    /// What came of a reload, and the files on which it rests, or would.
    async fn reload(&mut self, before: &Arc<State>) -> (Outcome, Vec<PathBuf>) {
        let meter = Reloads::new(before.metrics());
        match self.reloaded(before).await {
            Ok((state, warnings)) => {
                let config = Arc::clone(state.config_hash());
                let same = config == *before.config_hash();
                meter.ended(if same { Reload::Unchanged } else { Reload::Taken }, &config, state.now());
                tell_ends(&state);
                tracing::info!(config = config.as_ref(), warnings = warnings.len(), "configuration reloaded");
                (Outcome::Swapped { config, warnings }, state.files().to_vec())
            }
            Err(Refused { problems, files }) => {
                problems.iter().for_each(problem::error);
                let config = Arc::clone(before.config_hash());
                meter.ended(Reload::Refused, &config, before.now());
                tracing::error!(
                    problems = problems.len(),
                    config = config.as_ref(),
                    "configuration not reloaded: the one from before goes on"
                );
                (Outcome::Refused { config, problems }, files)
            }
        }
    }

    async fn reloaded(&mut self, before: &Arc<State>) -> Result<(Arc<State>, Vec<Problem>), Refused> {
        let Loaded { state, warnings, notes } = self.made_beside(before).await?;
        let prepared = match tokio::time::timeout(BOUND_WITHIN, self.doors.prepare(&state)).await {
            Ok(prepared) => prepared,
            Err(_) => {
                Err(vec![at_top(&self.config, "the addresses of the doors' names cannot be found in time")])
            }
        };
        let prepared = prepared.map_err(|problems| Refused { problems, files: state.files().to_vec() })?;
        let state = Arc::new(state);
        self.front.swap(Arc::clone(&state));
        state.follow_log();
        self.doors.commit(prepared, state.limits());
        if let Some(loaded) = state.acme() {
            loaded.acme.ask_through(Arc::clone(&loaded.client));
        }
        self.renewing = Renewing::follow(self.renewing.take(), wanted_certificate(&state));
        log_findings(&warnings, &notes);
        tokio::spawn(memory::give_back());
        Ok((state, warnings))
    }

    /// Makes the new state on a thread of its own: rules are compiled there and keys read, while others are served.
    async fn made_beside(&mut self, before: &Arc<State>) -> Result<Loaded, Refused> {
        let (before, backends, config) =
            (Arc::clone(before), Arc::clone(&self.backends), self.config.clone());
        let made = self.making.made(move || state::load_beside(&before, &config, &backends)).await;
        made.unwrap_or_else(|not_made| {
            let message = match not_made {
                NotMade::Hangs => "cannot be read: one of its files hangs".to_owned(),
                NotMade::Failed(error) => format!("cannot be read: {error}"),
            };
            Err(Refused { problems: vec![at_top(&self.config, message)], files: Vec::new() })
        })
    }
}

/// Says when the certificates of the doors end.
fn tell_ends(state: &State) {
    let doors = state.doors().iter().filter_map(|door| Some((door, door.tls.as_ref()?)));
    let ends = doors
        .filter_map(|(door, tls)| Some((door.address.addr.as_str(), tls.certificate.as_ref()?.not_after)));
    Certificates::Tls.end(state.metrics(), ends);
}

/// What an authority is asked for.
fn wanted_certificate(state: &State) -> Option<&Arc<Acme>> {
    state.acme().map(|loaded| &loaded.acme)
}

/// Who moves log files asks for it with the signal.
fn reopen_audit(state: &State) {
    let lasting = state.lasting().clone();
    tokio::task::spawn_blocking(move || lasting.audit().reopen());
}

/// Tells the log what `check` would tell the terminal.
pub(crate) fn log_findings(warnings: &[Problem], notes: &[Problem]) {
    notes.iter().for_each(problem::info);
    warnings.iter().for_each(problem::warn);
}

fn in_order(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort();
    files.dedup();
    files
}

fn at_top(config: &Path, message: impl Into<String>) -> Problem {
    use dockgate_api::config::{KeyPath, Location};
    Problem::new(Location::new(config.display().to_string(), 1, 1), KeyPath::root(), message)
}

#[cfg(test)]
mod tests;
