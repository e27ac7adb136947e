//! Stores with real servers behind them.

mod redis;
