//! Who asks.

use std::sync::Arc;

use rustls::ClientConfig;

use super::Plan;
use super::answer::Answer;
use super::challenge::Challenge;
use super::place::Place;
use super::report::Broken;
use super::request::Request;
use super::stand_in::StandIn;
use super::wire::{Unanswered, Wire};

/// Asks the registry through its proxy, and others where a check wants it.
pub(super) struct Prober<'p> {
    pub(super) plan: &'p Plan,
    /// What the registry answers to somebody whom it does not know.
    pub(super) challenge: Option<Challenge>,
    /// What stands in the registry's place.
    pub(super) stand_in: Option<StandIn>,
    wire: Wire,
}

impl<'p> Prober<'p> {
    pub(super) fn new(plan: &'p Plan, tls: Arc<ClientConfig>, stand_in: Option<StandIn>) -> Self {
        Self { plan, challenge: None, stand_in, wire: Wire::new(tls, plan.within) }
    }

    /// What the registry answers.
    ///
    /// # Errors
    /// If it does not.
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, Broken> {
        self.ask_at(&self.plan.registry, request).await
    }

    /// What somebody else answers.
    ///
    /// # Errors
    /// If it does not.
    pub(super) async fn ask_at(&self, place: &Place, request: &Request) -> Result<Answer, Broken> {
        self.wire.ask(place, request).await.map_err(|why| Broken(format!("{request} at {place}: {why}")))
    }

    /// The same for a request that a proxy may well drop without a word.
    ///
    /// # Errors
    /// If the proxy is not there, or no time is left.
    pub(super) async fn attempt(&self, request: &Request) -> Result<Option<Answer>, Broken> {
        match self.wire.ask(&self.plan.registry, request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Unanswered::NoAnswer(_)) => Ok(None),
            Err(why) => Err(Broken(format!("{request} at {}: {why}", self.plan.registry))),
        }
    }

    /// What is at a place where nothing should be; nothing if it cannot be reached.
    ///
    /// # Errors
    /// If no time is left.
    pub(super) async fn knock(&self, place: &Place, request: &Request) -> Result<Knocked, Broken> {
        match self.wire.ask(place, request).await {
            Ok(answer) => Ok(Knocked::Answered(answer)),
            Err(Unanswered::NotConnected(_)) => Ok(Knocked::Nobody),
            Err(Unanswered::NoAnswer(why)) => Ok(Knocked::Mute(why)),
            Err(why @ Unanswered::NoTime) => Err(Broken(format!("{request} at {place}: {why}"))),
        }
    }
}

/// What became of knocking at a door that should be closed.
pub(super) enum Knocked {
    Nobody,
    /// Somebody is there and says nothing that can be read.
    Mute(String),
    Answered(Answer),
}
