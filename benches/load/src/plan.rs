//! What the command line asks for, looked through.

use std::sync::Arc;
use std::time::Duration;

use crate::accounts::Logins;
use crate::arguments::Arguments;
use crate::crowd::Crowd;
use crate::error::LoadError;
use crate::process::Processes;
use crate::stream::{Extent, Stream};
use crate::target::Target;
use crate::tls::Trust;

const MOST_SERVERS: usize = 2;
/// Longer than that nobody is asked for before the first round, however many there are.
const WARM_UP_OF_ACCOUNTS: Duration = Duration::from_secs(120);

pub(crate) struct Plan {
    pub(crate) servers: Vec<Server>,
    pub(crate) rounds: u32,
    pub(crate) round: Extent,
    /// What comes before the first round with each server.
    pub(crate) warm_ups: [Extent; 2],
    /// Who else is connected to each server meanwhile.
    pub(crate) crowd: Crowd,
}

pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) stream: Arc<Stream>,
    pub(crate) flood: Option<Arc<Stream>>,
    /// None if they are to be found by the port.
    pub(crate) processes: Option<Processes>,
}

impl Plan {
    /// # Errors
    /// What the command line should say instead.
    pub(crate) fn new(
        arguments: &Arguments,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, LoadError> {
        if arguments.url.len() > MOST_SERVERS {
            return Err(LoadError::usage("one --url or two: more are compared two by two"));
        }
        for (option, number) in [("--user", arguments.user().len()), ("--pid", arguments.pid.len())] {
            let fits = number <= 1 && option == "--user" || number == 0 || number == arguments.url.len();
            if !fits {
                return Err(LoadError::usage(format!(
                    "{option} {number} times, for {} --url",
                    arguments.url.len()
                )));
            }
        }
        if arguments.seconds <= 0.0 {
            return Err(LoadError::usage("--seconds 0 measures nothing"));
        }
        let logins = logins(arguments, environment)?;
        let accounts = logins.iter().map(|logins| logins.number()).max().unwrap_or(1);
        let logins = logins.iter().cycle();
        let trust =
            arguments.tls.ca.as_deref().map(|file| Trust::of_file(file, arguments.tls.resume)).transpose()?;
        let trust = trust.as_ref();
        let servers = arguments.url.iter().zip(logins).enumerate().map(|(index, (url, logins))| {
            let target = Target::parse(url, trust, arguments.anywhere)?;
            let flood = flood(arguments, &target, trust)?;
            Ok(Server {
                name: target.address.to_string(),
                stream: Arc::new(Stream {
                    target,
                    logins: Arc::clone(logins),
                    connections: arguments.connections,
                    rate: arguments.rate,
                    new_connection: arguments.new_connection,
                }),
                flood: flood.map(Arc::new),
                processes: arguments.pid.get(index).copied().map(Processes::of_pid),
            })
        });
        let time = Duration::from_secs_f64(arguments.seconds);
        let warm_up = Duration::from_secs_f64(arguments.warm_up);
        let once_each = if warm_up.is_zero() { 0 } else { accounts };
        Ok(Self {
            servers: servers.collect::<Result<_, _>>()?,
            rounds: arguments.rounds,
            crowd: Crowd { idle: arguments.idle, slow: arguments.slow },
            round: Extent { time, requests: arguments.requests.unwrap_or(u64::MAX) },
            warm_ups: [
                Extent { time: WARM_UP_OF_ACCOUNTS, requests: once_each },
                Extent { time: warm_up, requests: u64::MAX },
            ],
        })
    }
}

fn logins(
    arguments: &Arguments,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Arc<Logins>>, LoadError> {
    if let Some(file) = &arguments.users {
        return Ok(vec![Arc::new(Logins::of_file(file)?)]);
    }
    if arguments.user().is_empty() {
        return Ok(vec![Arc::new(Logins::Anonymous)]);
    }
    let password = || environment(&arguments.password_env).filter(|password| !password.is_empty());
    let of_user = |user: &String| Logins::of_user(user, arguments.accounts, password()).map(Arc::new);
    arguments.user().iter().map(of_user).collect()
}

fn flood(arguments: &Arguments, target: &Target, trust: Option<&Trust>) -> Result<Option<Stream>, LoadError> {
    let Some(flood) = &arguments.flood else { return Ok(None) };
    let target =
        if flood == "same" { target.clone() } else { Target::parse(flood, trust, arguments.anywhere)? };
    Ok(Some(Stream {
        target,
        logins: Arc::new(Logins::guesses(arguments.flood_user(), arguments.accounts)?),
        connections: arguments.flood_connections,
        rate: arguments.flood_rate,
        new_connection: false,
    }))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::Plan;
    use crate::arguments::Arguments;
    use crate::error::LoadError;

    const URL: &str = "http://127.0.0.1:5001/auth?service=r";

    fn plan(words: &[&str]) -> Result<Plan, LoadError> {
        let arguments = Arguments::try_parse_from([&["dockgate-load"], words].concat()).unwrap();
        Plan::new(&arguments, &|name| (name == "P").then(|| "secret".to_owned()))
    }

    #[test]
    fn both_servers_get_the_same_unless_told_otherwise() {
        let both = plan(&["--url", URL, "--url", URL, "--user", "a{n}:b", "--accounts", "7"]).unwrap();
        assert!(both.servers.iter().all(|server| server.stream.logins.number() == 7));
        assert_eq!(both.warm_ups[0].requests, 7);
        let each = plan(&["--url", URL, "--url", URL, "--user", "a:b", "--user", "c", "--password-env", "P"]);
        let each = each.unwrap();
        assert_ne!(each.servers[0].stream.logins.header(0), each.servers[1].stream.logins.header(0));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let refusal = |words: &[&str]| plan(words).err().unwrap().to_string();
        assert!(refusal(&["--url", URL, "--url", URL, "--url", URL]).contains("two by two"));
        assert!(refusal(&["--url", URL, "--user", "a:b", "--user", "c:d"]).contains("--user 2 times"));
        assert!(refusal(&["--url", URL, "--url", URL, "--pid", "1"]).contains("--pid 1 times"));
        assert!(refusal(&["--url", URL, "--flood", "same", "--flood-user", "x:y"]).contains("RANDOM"));
        assert!(refusal(&["--url", URL, "--flood", "http://192.0.2.1/"]).contains("--anywhere"));
    }

    #[test]
    fn no_refusal_repeats_a_password() {
        let words = ["--url", URL, "--user", "alice:secret", "--user", "bob:secret"];
        assert!(!plan(&words).err().unwrap().to_string().contains("secret"));
        let twice = ["dockgate-load", "--url", URL, "--user", "alice:secret", "--users", "file"];
        let refused = Arguments::try_parse_from(twice).unwrap_err().to_string();
        assert!(refused.contains("--users") && !refused.contains("secret"), "{refused}");
    }
}
