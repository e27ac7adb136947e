//! The command line, as somebody types it.

mod check;
mod commands;
mod completions;
mod explain;
mod explain_agrees;
mod forward_auth_test;
mod hash;
mod help;
mod quickstart;
mod quickstart_registry;
mod running;
mod schema;
mod stop;
