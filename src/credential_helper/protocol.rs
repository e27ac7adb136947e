//! What clients ask (docker-credential-helpers, `credentials/credentials.go`). They read errors from standard output, and
//! know two of them by their words.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::file::CredentialFile;
use super::kept::{Kept, Login, Other, Secret};
use super::remote::{NotRenewed, Remote};
use super::server_name::normalised;
use crate::outside::Outside;

/// Clients take these words for "there is none" and go on without.
const NOT_FOUND: &str = "credentials not found in native keychain";
const NO_SERVER: &str = "no credentials server URL";
const NO_USERNAME: &str = "no credentials username";
const USAGE: &str = "Usage: docker-credential-dockgate <store|get|erase|list|version>";

/// A client waits while it is renewed, and the old one is good for a while.
const RENEWED_WITHIN: Duration = Duration::from_secs(5);
/// Whoever logs out does not wait for a server that is away.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(3);
/// A server that did not answer is not asked at every pull.
const PAUSE: Duration = Duration::from_mins(1);
/// A name, a password and a URL.
const LONGEST_INPUT: u64 = 256 * 1024;

/// As clients write and read it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    #[serde(rename = "ServerURL", default)]
    server: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Answers one question.
pub(super) fn run(
    words: &[OsString],
    input: &mut impl Read,
    output: &mut impl Write,
    outside: &Outside,
) -> ExitCode {
    let answered = match words {
        [word] => answer(word.to_str().unwrap_or_default(), input, outside),
        _ => Err(USAGE.to_owned()),
    };
    let (text, code) = match answered {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(text) => (text, ExitCode::FAILURE),
    };
    // A client that does not listen any more is no reason to fail.
    let _ = if text.is_empty() { Ok(()) } else { writeln!(output, "{text}") };
    code
}

fn answer(word: &str, input: &mut impl Read, outside: &Outside) -> Result<String, String> {
    let helper = || {
        Ok::<_, String>(Helper {
            file: CredentialFile::of(outside.environment.as_ref()).map_err(told)?,
            outside,
        })
    };
    match word {
        "get" => helper()?.get(&server(input)?),
        "store" => {
            let given = read(input)?;
            // Of serde's message nothing is told: it may show the secret.
            let given: Credentials = serde_json::from_str(&given)
                .map_err(|_| "what stands on standard input is no credential".to_owned())?;
            helper()?.store(given)
        }
        "erase" => helper()?.erase(&server(input)?),
        "list" => helper()?.list(),
        "version" | "--version" | "-v" => {
            Ok(concat!("docker-credential-dockgate (dockgate) v", env!("CARGO_PKG_VERSION")).to_owned())
        }
        "--help" | "-h" => Ok(USAGE.to_owned()),
        _ => Err(format!("unknown credential action: {USAGE}")),
    }
}

struct Helper<'a> {
    file: CredentialFile,
    outside: &'a Outside,
}

impl Helper<'_> {
    fn get(&self, server: &str) -> Result<String, String> {
        let mut kept = self.file.read().map_err(told)?;
        if kept.login(server).is_some_and(|login| login.is_due(self.outside.clock.now())) {
            kept = self.renewed(server)?;
        }
        let (username, secret) = if let Some(login) = kept.login(server) {
            if login.is_over(self.outside.clock.now()) {
                return Err(ended(login));
            }
            (&login.account, &login.secret)
        } else if let Some(other) = kept.others.get(&normalised(server)) {
            (&other.username, &other.secret)
        } else {
            return Err(NOT_FOUND.to_owned());
        };
        let answer =
            Credentials { server: server.to_owned(), username: username.clone(), secret: secret.0.clone() };
        serde_json::to_string(&answer).map_err(|_| "it cannot be written as JSON".to_owned())
    }

    /// Of several that find it due at once, one asks the server. Whoever comes meanwhile takes the one before, which is good
    /// for a while beside the new one.
    fn renewed(&self, server: &str) -> Result<Kept, String> {
        // Where nothing can be written, what there is is good for as long as it lives.
        let Ok(held) = self.file.hold() else { return self.file.read().map_err(told) };
        let mut kept = held.read().map_err(told)?;
        let now = self.outside.clock.now();
        let Some(login) = kept.login_mut(server).filter(|login| login.is_due(now)) else { return Ok(kept) };
        login.wait(now, PAUSE);
        // What could not be written down is not asked for.
        if held.write(&kept).is_err() {
            return Ok(kept);
        }
        let Some(login) = kept.login_mut(server) else { return Ok(kept) };
        let asked = Remote::new(login.ca.as_deref().map(Path::new), self.outside)
            .map_err(|_| NotRenewed::Unanswered)
            .and_then(|remote| remote.renew(&login.token_endpoint, &login.secret.0, RENEWED_WITHIN));
        match asked {
            Ok(answer) => login.renew(answer, now),
            Err(NotRenewed::Refused) => return Err(ended(login)),
            Err(NotRenewed::Unanswered) => return Ok(kept),
        }
        held.write(&kept).map_err(told)?;
        Ok(kept)
    }

    fn store(&self, given: Credentials) -> Result<String, String> {
        if given.server.trim().is_empty() {
            return Err(NO_SERVER.to_owned());
        }
        if given.username.is_empty() {
            return Err(NO_USERNAME.to_owned());
        }
        let held = self.file.hold().map_err(told)?;
        let mut kept = held.read().map_err(told)?;
        // A client that logged in with what it got from here hands it over again.
        if kept.login(&given.server).is_some_and(|login| login.secret.0 == given.secret) {
            return Ok(String::new());
        }
        let idle = kept.erase(&given.server);
        let other =
            Other { server: given.server.clone(), username: given.username, secret: Secret(given.secret) };
        kept.others.insert(normalised(&given.server), other);
        held.write(&kept).map_err(told)?;
        drop(held);
        self.give_back(idle.as_ref());
        Ok(String::new())
    }

    fn erase(&self, server: &str) -> Result<String, String> {
        let held = self.file.hold().map_err(told)?;
        let mut kept = held.read().map_err(told)?;
        let before = kept.clone();
        let idle = kept.erase(server);
        if kept != before {
            held.write(&kept).map_err(told)?;
        }
        drop(held);
        self.give_back(idle.as_ref());
        Ok(String::new())
    }

    /// It ends by itself; who logs out need not wait for that.
    fn give_back(&self, idle: Option<&Login>) {
        if let Some(login) = idle
            && let Some(endpoint) = &login.revocation_endpoint
            && let Ok(remote) = Remote::new(login.ca.as_deref().map(Path::new), self.outside)
        {
            let _ = remote.revoke(endpoint, &login.secret.0, GIVEN_BACK_WITHIN);
        }
    }

    fn list(&self) -> Result<String, String> {
        let kept = self.file.read().map_err(told)?;
        let mut all: BTreeMap<&str, &str> = BTreeMap::new();
        for login in &kept.logins {
            all.extend(login.registries.iter().map(|registry| (registry.as_str(), login.account.as_str())));
        }
        all.extend(kept.others.values().map(|other| (other.server.as_str(), other.username.as_str())));
        serde_json::to_string(&all).map_err(|_| "it cannot be written as JSON".to_owned())
    }
}

fn ended(login: &Login) -> String {
    format!(
        "the login of {} at {} has ended: run `dockgate login {}`",
        login.account, login.server, login.server
    )
}

fn server(input: &mut impl Read) -> Result<String, String> {
    let server = read(input)?.trim().to_owned();
    if server.is_empty() { Err(NO_SERVER.to_owned()) } else { Ok(server) }
}

fn read(input: &mut impl Read) -> Result<String, String> {
    let mut text = String::new();
    let read = input.take(LONGEST_INPUT + 1).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read standard input: {error}"))?;
    if text.len() as u64 > LONGEST_INPUT {
        return Err(format!("more than {LONGEST_INPUT} bytes stand on standard input"));
    }
    Ok(text)
}

fn told(error: impl ToString) -> String {
    error.to_string()
}
