//! Token authentication server for container registries.
//!
//! A registry sends its clients here to prove who they are and to get a signed token that says what they may do. Who
//! somebody is goes through one chain of backends, what they may do through another; one YAML file chooses both.
//!
//! The rooms, from the outside in: [`cli`] reads the command line, `server` runs from the first connection to the last and
//! lets one configuration follow another, [`net`] listens, [`http`] has the routes, [`access`] decides (and nothing else
//! does), [`chain`] asks the backends in order, [`token`] signs what was granted. [`outbound`] asks other
//! servers where a backend needs one, and [`acme`] an authority for the doors' certificate. [`config`] reads the file, [`state`]
//! makes everything of it, [`watch`] notices that a file changed. [`logging`] and [`audit`] write down what happened, [`metrics`]
//! counts it.
//!
//! Those for people with a browser: [`login`] is what they see, and what programs without one ask ([`login::device`]);
//! [`sign_ins`] remembers who signed in and has the provider asked again; [`credentials`] makes and recognises what the
//! server itself hands out, app passwords among it. [`credential_helper`] is the other program of this package, which runs
//! beside docker on somebody's own machine and talks to [`login::device`] over the network alone.
//!
//! The public face is [`run`] and [`Backends`]. The modules are public for this package's own tests and promise nothing
//! to others; a backend depends on `dockgate-api` alone.
//!
//! The binary is [`run`] with the built-in backends. A server with a backend of one's own is the same line with one
//! more word: see [`Backends`] and `examples/custom_backend.rs`.

pub mod access;
pub mod acme;
pub mod audit;
mod backends;
pub mod chain;
pub mod cli;
pub mod config;
pub mod credential_helper;
pub mod credentials;
pub mod gate;
mod gate_probe;
pub mod http;
pub mod live;
pub mod lockout;
pub mod logging;
pub mod login;
pub mod metrics;
pub mod net;
pub mod outbound;
pub mod outside;
mod quickstart;
pub mod scope;
mod server;
pub mod sign_ins;
pub mod state;
pub mod token;
pub mod watch;

pub use backends::Backends;
pub use cli::run;
