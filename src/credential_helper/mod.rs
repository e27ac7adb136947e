//! `docker-credential-dockgate`: keeps what `dockgate login` got, and renews it by itself.
//!
//! Clients run it as a program and speak the protocol of docker's credential helpers with it
//! (`github.com/docker/docker-credential-helpers`): a word as its one argument, the rest on standard input, the answer on
//! standard output. What they hand over for other servers is kept beside.

mod file;
mod kept;
mod protocol;
mod remote;
mod server_name;
mod web_url;
mod whole;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

pub(crate) use file::{CredentialFile, Unusable};
pub(crate) use kept::{Login, Secret, seconds};
pub(crate) use remote::{CodeAnswer, Endpoints, NotGiven, Remote, TokenAnswer};
pub(crate) use server_name::normalised;
pub(crate) use web_url::WebUrl;
pub(crate) use whole::write_whole;

use crate::outside::Outside;

/// Runs it: what the binary's `main` does.
pub fn run() -> ExitCode {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    protocol::run(&words, &mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &Outside::real())
}
