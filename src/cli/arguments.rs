//! What may stand on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::token::trust::Version;

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
    /// Say what is wrong with a configuration, or what it does; serve nothing.
    #[command(after_help = "Exit code 0 if it would serve, 2 if not. Every problem is shown at once, as \
        FILE:LINE:COLUMN: KEY: what is wrong and what to do.")]
    Check(CheckOptions),
    /// Make the hash of a password, for `users:` or an htpasswd file.
    #[command(
        after_help = "The password is asked for, or read from standard input: `dockgate hash < FILE`. It is \
        never an argument, where every user of the machine could read it.\n\n\
        In an htpasswd file (`users_file:`) write `ACCOUNT:` and the hash on a line."
    )]
    Hash(HashOptions),
    /// Make and show signing keys, and what registries must be told of them.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Make a working directory with configuration, keys and two users, and serve it.
    #[command(
        after_help = "Run again it keeps what is there. The passwords are shown once, when they are made."
    )]
    Quickstart(QuickstartOptions),
}

#[derive(Debug, Args)]
pub(super) struct HashOptions {
    /// The kind of hash.
    #[arg(long, value_enum, default_value_t = HashFormat::Bcrypt, value_name = "FORMAT")]
    format: HashFormat,
    /// How expensive a bcrypt hash is: each step doubles the work of checking and of guessing it (4 to 14; 10 if not
    /// given).
    #[arg(long, value_name = "COST", value_parser = cost())]
    cost: Option<u32>,
}

/// What to make.
pub(super) enum HashKind {
    Bcrypt { cost: u32 },
    Argon2id,
}

impl HashOptions {
    /// What to make.
    ///
    /// # Errors
    /// If a cost is asked of a kind that has none.
    pub(super) fn kind(&self) -> Result<HashKind, &'static str> {
        match (self.format, self.cost) {
            (HashFormat::Bcrypt, cost) => {
                Ok(HashKind::Bcrypt { cost: cost.unwrap_or(dockgate_passwords::DEFAULT_COST) })
            }
            (HashFormat::Argon2id, None) => Ok(HashKind::Argon2id),
            (HashFormat::Argon2id, Some(_)) => {
                Err("`--cost` is about bcrypt: leave it away, argon2id hashes have one size here")
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HashFormat {
    /// Every program reads it; takes passwords up to 72 bytes.
    Bcrypt,
    /// Harder to guess with special hardware; each login that is not remembered takes 19 MiB for its moment.
    Argon2id,
}

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    /// The configuration file (YAML).
    pub(super) config: PathBuf,
    /// Do without keys, secret files and environment variables, as for a change that is proposed.
    #[arg(long, conflicts_with_all = ["registry_bundle", "registry_jwks"])]
    pub(super) offline: bool,
    /// Say also whether a registry with this `rootcertbundle` takes our tokens; exit code 2 if none does.
    #[arg(long, value_name = "FILE", group = "registry")]
    registry_bundle: Option<PathBuf>,
    /// The same for a registry with this `jwks`.
    #[arg(long, value_name = "FILE", group = "registry")]
    registry_jwks: Option<PathBuf>,
    /// Of these, only the tokens for this service: the registry's own.
    #[arg(long, value_name = "SERVICE", requires = "registry")]
    pub(super) service: Option<String>,
    /// Of these, only whether this version takes them: 2.8, 3.0 or 3.1 (and later).
    #[arg(long, value_name = "VERSION", requires = "registry", value_parser = version)]
    pub(super) registry_version: Option<Version>,
}

fn version(text: &str) -> Result<Version, String> {
    let known = Version::ALL.into_iter().find(|version| version.to_string() == text);
    known.ok_or_else(|| "write 2.8, 3.0 or 3.1, which stands for later ones too".to_owned())
}

/// What a registry was given to trust.
pub(super) enum Given {
    Bundle(PathBuf),
    Jwks(PathBuf),
}

impl CheckOptions {
    /// What the registry was given, if it is asked about.
    pub(super) fn registry(&self) -> Option<Given> {
        let bundle = self.registry_bundle.clone().map(Given::Bundle);
        bundle.or_else(|| self.registry_jwks.clone().map(Given::Jwks))
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a directory of signing keys that renew themselves, for `token.managed_keys`.
    #[command(
        after_help = "The directory gets an authority (ca.key), which registries come to trust, and a \
        short-lived key that it issues. Give every registry bundle.pem as its `rootcertbundle`; it stays good for years."
    )]
    Init {
        /// The directory; it must be empty or not there.
        directory: PathBuf,
    },
    /// Show ids, algorithms and expiry of the keys, and the settings of a registry that trusts them.
    Show {
        /// The configuration file (YAML).
        config: PathBuf,
    },
    /// Print what a registry must be given to trust the keys.
    Export(ExportOptions),
    /// Issue a new signing key now; running servers take it up by themselves.
    Renew {
        /// A directory that `keys init` made.
        directory: PathBuf,
    },
    /// Issue a signing key into a directory that gets no authority's key: the authority can then stay offline.
    IssueLeaf {
        /// The directory with the authority.
        directory: PathBuf,
        /// The directory for the server; made, or given a new signing key.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        /// How long the key is good.
        #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
    /// Make the next authority and publish it in bundle.pem, so that registries trust it before it is needed.
    NextCa {
        /// A directory that `keys init` made.
        directory: PathBuf,
    },
    /// Let the next authority issue from now on; every registry must have the bundle with it.
    SwitchCa {
        /// A directory that `keys init` made.
        directory: PathBuf,
        /// Even if the next authority was published less than a day ago.
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub(super) struct ExportOptions {
    /// Certificates (PEM), for `rootcertbundle`: every registry.
    #[arg(long, group = "what")]
    pub(super) bundle: bool,
    /// A JWK set (JSON), for `jwks`: registry 3.
    #[arg(long, group = "what")]
    pub(super) jwks: bool,
    /// Export the JWK set of managed keys all the same, although it is good for days only.
    #[arg(long, requires = "jwks")]
    pub(super) short_lived: bool,
    /// For the registry with this `service`: needed where registries have keys of their own.
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: Option<String>,
    /// The configuration file (YAML).
    pub(super) config: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct QuickstartOptions {
    /// The directory; made if it is not there.
    #[arg(default_value = "dockgate-quickstart")]
    pub(super) directory: PathBuf,
    /// Start a registry beside it, wired to it: `docker-registry` or `registry` from PATH, or a Docker engine.
    #[arg(long)]
    pub(super) with_registry: bool,
    /// The port of the token server, when the directory is made.
    #[arg(long, default_value_t = 5001, value_name = "PORT")]
    pub(super) port: u16,
    /// The port of the registry, when the directory is made.
    #[arg(long, default_value_t = 5000, value_name = "PORT")]
    pub(super) registry_port: u16,
}

fn cost() -> clap::builder::RangedI64ValueParser<u32> {
    let (least, most) = (dockgate_passwords::LOWEST_COST, dockgate_passwords::MOST_COST);
    clap::value_parser!(u32).range(i64::from(least)..=i64::from(most))
}

fn is_command(word: &str) -> bool {
    word == "help" || Arguments::command().get_subcommands().any(|command| command.get_name() == word)
}

/// docker_auth's flags (those of Go's glog), which existing unit files and compose files still carry.
const GLOG_SWITCHES: [&str; 2] = ["logtostderr", "alsologtostderr"];
const GLOG_VALUES: [&str; 6] = ["v", "vmodule", "stderrthreshold", "log_dir", "log_backtrace_at", "log_file"];

/// Makes `dockgate CONFIG` of docker_auth into `dockgate serve CONFIG`, and takes out its flags, which are returned.
pub(super) fn normalized(arguments: Vec<OsString>) -> (Vec<OsString>, Vec<String>) {
    let mut arguments = arguments.into_iter();
    let mut kept: Vec<OsString> = arguments.next().into_iter().collect();
    let mut ignored = Vec::new();
    let mut rest: Vec<OsString> = Vec::new();
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy().into_owned();
        let Some((name, has_value)) = glog_flag(&text) else {
            rest.push(argument);
            continue;
        };
        ignored.push(text);
        // `-v 2`: Go takes the next argument as the value.
        if GLOG_VALUES.contains(&name.as_str()) && !has_value {
            ignored.extend(arguments.next().map(|value| value.to_string_lossy().into_owned()));
        }
    }
    let first = rest.first().map(|first| first.to_string_lossy().into_owned());
    if first.as_deref().is_some_and(|first| !first.starts_with('-') && !is_command(first)) {
        kept.push("serve".into());
    }
    kept.extend(rest);
    (kept, ignored)
}

fn glog_flag(argument: &str) -> Option<(String, bool)> {
    let flag = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    let (name, has_value) = flag.split_once('=').map_or((flag, false), |(name, _)| (name, true));
    let known = GLOG_SWITCHES.contains(&name) || GLOG_VALUES.contains(&name);
    known.then(|| (name.to_owned(), has_value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(line: &str) -> (String, Vec<String>) {
        let (kept, ignored) = normalized(line.split(' ').map(OsString::from).collect());
        let kept: Vec<String> = kept.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        (kept.join(" "), ignored)
    }

    #[test]
    fn docker_auths_command_lines_serve() {
        for (line, kept, ignored) in [
            ("dockgate a.yml", "dockgate serve a.yml", 0),
            ("dockgate --v=2 --alsologtostderr a.yml", "dockgate serve a.yml", 2),
            ("dockgate -v=2 -logtostderr a.yml", "dockgate serve a.yml", 2),
            ("dockgate -v 2 a.yml", "dockgate serve a.yml", 2),
            ("dockgate serve a.yml", "dockgate serve a.yml", 0),
            ("dockgate check a.yml", "dockgate check a.yml", 0),
            ("dockgate --help", "dockgate --help", 0),
            ("dockgate", "dockgate", 0),
        ] {
            let (found, dropped) = normal(line);
            assert_eq!((found.as_str(), dropped.len()), (kept, ignored), "{line}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
