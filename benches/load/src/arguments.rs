//! What may stand on the command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::RangedU64ValueParser;

/// Where a password is looked for that does not stand in `--user`.
pub(crate) const PASSWORD_VARIABLE: &str = "DOCKGATE_LOAD_PASSWORD";

/// More make the generator the bottleneck.
const MOST_CONNECTIONS: u64 = 1024;
/// Each takes a file descriptor and a local port.
const MOST_IN_A_CROWD: u64 = 25_000;
pub(crate) const MOST_ACCOUNTS: u32 = 100_000;

/// clap takes `{n}` for the end of a line; what is printed of its help says `{n}` where this stands.
pub(crate) const NUMBER_IN_HELP: &str = "{#}";

/// Ask one or two token servers for tokens, and compare what it costs them.
// Values that may hold a password are plain text here and looked at later: clap quotes what it refuses.
#[derive(Debug, Parser)]
#[command(
    name = "dockgate-load",
    version,
    after_help = "\
Examples:
  One server, one user, as fast as it goes:
    dockgate-load --url 'http://127.0.0.1:5001/auth?service=r&scope=repository:a/b:pull' --user alice
    (the password stands in DOCKGATE_LOAD_PASSWORD)
  Two servers in turns, a thousand users:
    dockgate-load --url URL1 --url URL2 --user 'user{#}:password{#}' --accounts 1000
  TLS, a new client for every token, beside 10,000 connections that say nothing:
    dockgate-load --url 'https://localhost:5001/auth?…' --ca cert.pem --new-connection --idle 10000
  500 good logins a second while 16 connections guess passwords:
    dockgate-load --url URL --user alice:… --rate 500 --flood same --flood-user 'alice:RANDOM'

Of two servers the last column says the second divided by the first: put yours first.
Latency with --rate counts from when a request was due, also if no connection was free by then.
Exit codes: 0 every answer was a token, 1 some were not or something failed, 2 the command line is wrong."
)]
pub(crate) struct Arguments {
    /// Where to ask, once or twice: `http://127.0.0.1:5001/auth?service=NAME&scope=repository:NAME:pull`
    #[arg(long, required = true, value_name = "URL")]
    pub(crate) url: Vec<String>,

    /// Who asks, for both servers or for each: NAME:PASSWORD, which other users of this machine can read, or NAME with
    /// the password in the environment variable of --password-env. `{#}` stands for 0, 1, 2, … up to --accounts. Without it nobody in particular asks
    #[arg(long, value_name = "NAME:PASSWORD", conflicts_with = "users")]
    user: Vec<String>,

    /// How many accounts `{#}` makes; they are asked for in turns
    #[arg(long, default_value_t = 1, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ACCOUNTS)))]
    pub(crate) accounts: u32,

    /// A file with a NAME:PASSWORD a line, which are asked for in turns
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,

    /// The environment variable with the password of a --user without one
    #[arg(long, default_value = PASSWORD_VARIABLE, value_name = "NAME")]
    pub(crate) password_env: String,

    /// Connections to a server
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = connections())]
    pub(crate) connections: usize,

    /// A new connection for every request
    #[arg(long)]
    pub(crate) new_connection: bool,

    #[command(flatten)]
    pub(crate) tls: TlsArguments,

    /// So many more connections that say nothing, to each server during all of its rounds
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = crowd())]
    pub(crate) idle: usize,

    /// So many more that send a byte a second
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = crowd())]
    pub(crate) slow: usize,

    /// Requests a second; 0 is as fast as the server answers
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) rate: u32,

    /// How long a round lasts
    #[arg(long, default_value = "4", value_parser = seconds)]
    pub(crate) seconds: f64,

    /// A round ends after so many requests, if --seconds is not over before
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) requests: Option<u64>,

    /// Rounds with each server
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,

    /// How long each server is asked before its first round, after each account was asked for once
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = seconds)]
    pub(crate) warm_up: f64,

    /// The process of each server, if it cannot be found by its port (it belongs to another user, say)
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pid: Vec<u32>,

    /// Wrong passwords at the same time: `same` for the server of the round, or a URL. They are counted apart
    #[arg(long, value_name = "same|URL")]
    pub(crate) flood: Option<String>,

    /// Who guesses: `RANDOM` becomes another text in each request, `{#}` counts as in --user
    #[arg(long, default_value = "x:RANDOM", value_name = "NAME:RANDOM", requires = "flood")]
    flood_user: String,

    /// Connections of those who guess
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = connections(), requires = "flood")]
    pub(crate) flood_connections: usize,

    /// Guesses a second; 0 is as fast as they are answered
    #[arg(long, default_value_t = 0, value_name = "N", requires = "flood",
        value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) flood_rate: u32,

    /// Ask servers on other machines too: yours, please
    #[arg(long)]
    pub(crate) anywhere: bool,

    /// The report as JSON, with every round
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a server with https is spoken to.
#[derive(Debug, clap::Args)]
pub(crate) struct TlsArguments {
    /// The certificates (PEM) that a server with https is to prove itself with; no others are trusted
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// Go on with TLS sessions of earlier connections, as one client that comes again does. Without it each
    /// connection is a new client's
    #[arg(long, requires = "ca")]
    pub(crate) resume: bool,
}

impl Arguments {
    pub(crate) fn user(&self) -> &[String] {
        &self.user
    }

    pub(crate) fn flood_user(&self) -> &str {
        &self.flood_user
    }
}

fn crowd() -> impl clap::builder::IntoResettable<clap::builder::ValueParser> {
    RangedU64ValueParser::<usize>::new().range(0..=MOST_IN_A_CROWD)
}

fn connections() -> impl clap::builder::IntoResettable<clap::builder::ValueParser> {
    RangedU64ValueParser::<usize>::new().range(1..=MOST_CONNECTIONS)
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds, such as 4 or 0.5".to_owned())?;
    if (0.0..=600.0).contains(&seconds) { Ok(seconds) } else { Err("0 to 600 seconds".to_owned()) }
}
