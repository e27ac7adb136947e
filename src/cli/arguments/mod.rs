//! What may stand on the command line: one file a command.

mod admin;
mod bans;
mod check;
mod docker_auth;
mod explain;
mod forward_auth_test;
mod hash;
mod keys;
mod ldap_test;
mod login;
mod quickstart;
mod store;
mod tokens;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(super) use admin::AdminOptions;
pub(super) use bans::{BansCommand, LiftOptions, ListBansOptions};
pub(super) use check::{CheckOptions, Given};
pub(super) use docker_auth::normalized;
pub(super) use explain::ExplainOptions;
pub(super) use forward_auth_test::ForwardAuthTestOptions;
pub(super) use hash::{HashKind, HashOptions};
pub(super) use keys::{ExportOptions, KeysCommand, RotateOptions};
pub(super) use ldap_test::LdapTestOptions;
pub(super) use login::LoginOptions;
pub(super) use quickstart::QuickstartOptions;
pub(super) use store::StoreCommand;
pub(super) use tokens::{CreateTokenOptions, Ends, ListTokensOptions, RevokeOptions, TokensCommand};

/// Decides who may pull from and push to a container registry.
#[derive(Debug, Parser)]
#[command(
    name = "dockgate",
    version,
    about = "Token authentication server for container registries",
    long_about = "Token authentication server for container registries.\n\n\
        A registry sends its clients here; they prove who they are and get a signed token that says what they may \
        pull and push. One YAML file says who they can be and what they may do; a file of docker_auth works as it is.",
    after_help = "First steps:\n  \
        dockgate quickstart --with-registry    a server and a registry to try, in ./dockgate-quickstart\n  \
        dockgate check CONFIG                  what is wrong with a configuration, and what it does\n  \
        dockgate explain CONFIG --account A --scope S    why somebody may do something, or not\n  \
        dockgate CONFIG                        serve (short for `dockgate serve CONFIG`)\n\n\
        Exit codes: 0 done, 1 failed while running, 2 a mistake in the command line or the configuration."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve a configuration until SIGTERM or SIGINT; requests in flight may end.
    Serve {
        /// The configuration file (YAML).
        config: PathBuf,
    },
    /// Have a running server take up its configuration now, and say what came of it.
    #[command(
        after_help = "A server takes up changes by itself; this waits and tells. Exit code 0 if the configuration \
        was taken up, 2 if something is wrong with it and the one from before goes on, 1 if no server answers."
    )]
    Reload(AdminOptions),
    /// Say how a running server and its backends are.
    #[command(
        after_help = "JSON, as at `/readyz` on the metrics door. Exit code 0 if it is ready, 1 if not or if no server \
        answers."
    )]
    Status(AdminOptions),
    /// Say what is wrong with a configuration, or what it does; serve nothing.
    #[command(after_help = "Exit code 0 if it would serve, 2 if not. Every problem is shown at once, as \
        FILE:LINE:COLUMN: KEY: what is wrong and what to do.")]
    Check(CheckOptions),
    /// Say who an account is, what it may do, and which rule decides so; serve nothing.
    Explain(Box<ExplainOptions>),
    /// Say what the directories of a configuration know of an account; serve nothing.
    LdapTest(LdapTestOptions),
    /// Prove from outside that a proxy, its gate and the registry behind them keep what they promise.
    ForwardAuthTest(Box<ForwardAuthTestOptions>),
    /// Make the hash of a password, for `users:` or an htpasswd file.
    #[command(
        after_help = "The password is asked for, or read from standard input: `dockgate hash < FILE`. It is \
        never an argument, where every user of the machine could read it.\n\n\
        In an htpasswd file (`users_file:`) write `ACCOUNT:` and the hash on a line."
    )]
    Hash(HashOptions),
    /// Log this machine in to a registry, by a code that somebody confirms in a browser.
    #[command(
        after_help = "Prints a page and a code, and waits until somebody who signs in there has typed and confirmed it. \
        The app password is kept for docker-credential-dockgate, which docker, podman and the others ask for it and \
        which renews it; docker's config.json is told so. `docker logout` ends it.\n\n\
        SCOPE is TYPE:NAME:ACTIONS with a pattern for the name, such as `repository:team/**:pull`."
    )]
    Login(LoginOptions),
    /// Make and show signing keys, and what registries must be told of them.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// List and lift bans of those whose logins failed too often, on a running server.
    Bans {
        #[command(subcommand)]
        command: BansCommand,
    },
    /// Make tokens for robots; list and revoke them, and clients' refresh tokens.
    Tokens {
        #[command(subcommand)]
        command: TokensCommand,
    },
    /// Revoke all stored tokens of an account, of a link, or from before a time.
    Revoke(RevokeOptions),
    /// Copy what a running server keeps: out of its store as lines, or lines into it.
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Make a working directory with configuration, keys and two users, and serve it.
    #[command(
        after_help = "Run again it keeps what is there. The passwords are shown once, when they are made."
    )]
    Quickstart(QuickstartOptions),
    /// Print the JSON Schema of the configuration, for editors.
    #[command(
        after_help = "JSON Schema, draft 2020-12, with the backends of this build. Editors that know the YAML \
        language server take it from a first line in the configuration:\n\n  \
        # yaml-language-server: $schema=dockgate.schema.json"
    )]
    Schema,
    /// Print a script with which a shell completes this command line.
    #[command(after_help = "For this shell only:  source <(dockgate completions bash)\n\
        For good:  dockgate completions bash > /etc/bash_completion.d/dockgate\n           \
        dockgate completions zsh > a directory of `fpath`, as _dockgate\n           \
        dockgate completions fish > ~/.config/fish/completions/dockgate.fish")]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
