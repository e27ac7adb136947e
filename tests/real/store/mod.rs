//! Stores with real servers behind them.

mod opened;
mod postgres;
mod redis;
mod writer;
