//! Two servers behind one nginx, with one store: each answers for all, and nobody misses one that ends.
//!
//! The servers run `config/replicas.yml`, and nginx the lines of `docs/stores.md`.

mod asking;
mod bans;
mod front;
mod killed;
mod load;
mod minting;
mod moved;
mod people;
mod renewed;
mod replica;
mod rolling;
mod shared;
mod sign_in;
mod site;
mod store_away;
mod tokens;
mod visitor;

use std::time::Duration;

/// Until what must come has come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a test of each store: a flow is a `fn flow(store: Kind)`.
macro_rules! with_each_store {
    ($($flow:ident),+ $(,)?) => {
        $(mod $flow {
            use crate::replicas::shared::Kind;
            #[test] fn redis() { super::$flow(Kind::Redis); }
            #[test] fn postgres() { super::$flow(Kind::Postgres); }
        })+
    };
}
use with_each_store;
