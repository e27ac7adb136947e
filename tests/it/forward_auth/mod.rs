//! The gate for a registry behind a proxy: `{prefix}/forward-auth`.

mod basic;
mod gate;
