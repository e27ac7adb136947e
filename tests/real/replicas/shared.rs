//! The store that both servers have.

use serde_json::Value;

use crate::store::postgres::server::{Options, Postgres};
use crate::store::redis::server::Server as Redis;

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Redis,
    Postgres,
}

pub(super) enum Shared {
    Redis(Redis),
    Postgres(Postgres),
}

impl Shared {
    /// `None` if a component is missing. Redis is told to keep what it answers for.
    pub(super) fn start(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Redis => Redis::start().map(Self::Redis),
            Kind::Postgres => Postgres::start(Options::default()).map(Self::Postgres),
        }
    }

    /// Its key in the section `store`, and what stands there.
    pub(super) fn section(&self) -> (&'static str, Value) {
        match self {
            Self::Redis(redis) => ("redis", redis.section()),
            Self::Postgres(postgres) => ("postgres", postgres.section()),
        }
    }

    pub(super) fn kill(&mut self) {
        match self {
            Self::Redis(redis) => redis.kill(),
            Self::Postgres(postgres) => postgres.kill(),
        }
    }

    /// It stands still in the middle of what it does while something is done: it takes questions and answers none.
    pub(super) fn hangs_while(&self, act: impl FnOnce()) {
        match self {
            Self::Redis(redis) => {
                let _frozen = redis.freeze();
                act();
            }
            Self::Postgres(postgres) => {
                postgres.pause();
                act();
                postgres.go_on();
            }
        }
    }

    pub(super) fn start_again(&mut self) {
        match self {
            Self::Redis(redis) => redis.start_again(),
            Self::Postgres(postgres) => postgres.restart(),
        }
    }
}
