//! Stores with real servers behind them.

mod opened;
pub(crate) mod postgres;
pub(crate) mod redis;
mod writer;
