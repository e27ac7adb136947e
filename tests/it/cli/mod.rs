//! The command line, as somebody types it.

mod check;
mod hash;
mod help;
mod quickstart;
mod quickstart_registry;
mod stop;
