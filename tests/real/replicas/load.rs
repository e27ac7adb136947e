//! Clients that ask again and again, and what became of each request.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::asking::{Answer, Ask, login};
use super::replica::ACCOUNTS;
use crate::accounts::ALICE;
use crate::client::Client as _;
use crate::clients::crane::Crane;
use crate::harness::poll;
use crate::image::Image;

/// Between two requests of a client.
const PACE: Duration = Duration::from_millis(10);
/// Of one account, below what servers keep of one.
const MOST_TOKENS: usize = 400;

/// All at once, crane too.
pub(super) const CLIENTS: usize = ACCOUNTS.len() + 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Login,
    Mint,
    Refresh,
    /// A push and a pull of crane, with a password.
    Image,
}

/// What clients do in turns.
const EVERYTHING: [What; 4] = [What::Login, What::Mint, What::Refresh, What::Refresh];
const MINTING: [What; 1] = [What::Mint];
const IMAGES: [What; 1] = [What::Image];

#[derive(Debug)]
pub(super) struct Done {
    pub(super) what: What,
    pub(super) begun: Instant,
    pub(super) ended: Instant,
    pub(super) answer: Result<Answer, String>,
}

/// A span in which something was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) begun: Instant,
    pub(super) ended: Instant,
}

impl Span {
    /// Does something, and says when.
    pub(super) fn of(act: impl FnOnce()) -> Self {
        let begun = Instant::now();
        act();
        Self { begun, ended: Instant::now() }
    }
}

impl Done {
    pub(super) fn is_good(&self) -> bool {
        self.status() == Some(200)
    }

    pub(super) fn status(&self) -> Option<u16> {
        Some(self.answer.as_ref().ok()?.status)
    }

    /// Whether it was under way then.
    pub(super) fn meets(&self, span: Span) -> bool {
        self.begun <= span.ended && self.ended >= span.begun
    }
}

pub(super) struct Load {
    done: Arc<Mutex<Vec<Done>>>,
    /// Each is a client that goes on as long as this is held.
    going: Vec<Sender<()>>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Everything that clients do, crane too.
    pub(super) fn start(host: &str, crane: Crane) -> Self {
        let mut load = Self::of(host, &EVERYTHING);
        load.add(&IMAGES, move |what, round| {
            let (image, name) =
                (Image::of(&["base", &format!("round {round}")]), format!("alice/app:{round}"));
            let layout = crane.home().path(&round.to_string());
            let done = [crane.push(&image, &name), crane.pull_into(&name, &layout)];
            let good = Answer { status: 200, retry_after: None, body: String::new() };
            let bad = done.into_iter().find(|outcome| !outcome.is_success());
            (what, bad.map_or(Ok(good), |outcome| Err(outcome.to_string())))
        });
        load
    }

    /// Refresh tokens, as many as there can be.
    pub(super) fn minting(host: &str) -> Self {
        Self::of(host, &MINTING)
    }

    fn of(host: &str, turns: &'static [What]) -> Self {
        let mut load = Self { done: Arc::default(), going: Vec::new(), clients: Vec::new() };
        for (number, account) in ACCOUNTS.iter().enumerate() {
            let (host, client) = (host.to_owned(), format!("203.0.113.{}", number + 10));
            let mut tokens: Vec<String> = Vec::new();
            load.add(turns, move |turn, round| {
                let has_room = tokens.len() < MOST_TOKENS;
                let (what, ask) = match (turn, tokens.first()) {
                    (What::Mint, _) if has_room && round % 2 == 0 => {
                        (turn, Ask::Get { account, password: ALICE.password, offline: true })
                    }
                    (What::Mint, _) if has_room => (turn, Ask::Post { account, password: ALICE.password }),
                    (What::Refresh, Some(token)) if round % 2 == 0 => (turn, Ask::Refresh(token)),
                    (What::Refresh, Some(token)) => (turn, login(account, token)),
                    _ => (What::Login, login(account, ALICE.password)),
                };
                let answer = ask.of(&host, &client);
                tokens.extend(answer.as_ref().ok().and_then(Answer::refresh_token));
                (what, answer)
            });
        }
        load
    }

    fn add(
        &mut self,
        turns: &'static [What],
        mut act: impl FnMut(What, usize) -> (What, Result<Answer, String>) + Send + 'static,
    ) {
        let (going, stopped) = mpsc::channel();
        self.going.push(going);
        let done = Arc::clone(&self.done);
        self.clients.push(thread::spawn(move || {
            let mut rounds = turns.iter().cycle().enumerate();
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                let (turn, what) = rounds.next().unwrap();
                let begun = Instant::now();
                let (what, answer) = act(*what, turn / turns.len());
                done.lock().unwrap().push(Done { what, begun, ended: Instant::now(), answer });
            }
        }));
    }

    /// Waits for so many more answers, and for an image that was begun after now, if crane is there.
    pub(super) fn goes_on(&self, answers: usize) {
        let now = Instant::now();
        let with_crane = self.clients.len() == CLIENTS;
        let gone_on = poll(PATIENCE, || {
            let done = self.done.lock().unwrap();
            let since = done.iter().filter(|done| done.begun >= now);
            let (images, others): (Vec<_>, Vec<_>) = since.partition(|done| done.what == What::Image);
            (others.len() >= answers && (!with_crane || !images.is_empty())).then_some(())
        });
        assert!(gone_on.is_some(), "the clients wait: {:?}", self.done.lock().unwrap().last());
    }

    /// Waits until so many refresh tokens were given out.
    pub(super) fn has_minted(&self, tokens: usize) {
        let minted = poll(PATIENCE, || (minted(&self.done.lock().unwrap()).len() >= tokens).then_some(()));
        assert!(minted.is_some(), "{:?}", self.done.lock().unwrap().last());
    }

    /// A token that somebody was given.
    pub(super) fn a_token(&self) -> String {
        minted(&self.done.lock().unwrap()).swap_remove(0)
    }

    /// What became of everything, once the last client has its answer.
    pub(super) fn stop(self) -> Vec<Done> {
        drop(self.going);
        for client in self.clients {
            client.join().unwrap();
        }
        let mut done = self.done.lock().unwrap();
        std::mem::take(&mut *done)
    }
}

/// The refresh tokens that were given out.
pub(super) fn minted(done: &[Done]) -> Vec<String> {
    done.iter().filter_map(|done| done.answer.as_ref().ok()?.refresh_token()).collect()
}

/// How long good answers took that were begun in a span: the middle one, the 99th of 100, and the longest.
pub(super) fn times(done: &[Done], span: Span) -> String {
    let inside = |done: &&Done| done.begun >= span.begun && done.begun <= span.ended;
    let asked = done.iter().filter(|done| done.what != What::Image && done.is_good());
    let mut times: Vec<Duration> = asked.filter(inside).map(|done| done.ended - done.begun).collect();
    times.sort_unstable();
    let Some(last) = times.len().checked_sub(1) else { return "nothing".to_owned() };
    let of = |hundredths: usize| times[last * hundredths / 100];
    format!("{} answers, p50 {:.1?}, p99 {:.1?}, most {:.1?}", times.len(), of(50), of(99), of(100))
}
