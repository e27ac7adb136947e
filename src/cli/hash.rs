//! `dockgate hash`.

use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use dockgate_api::secrecy::{ExposeSecret, SecretString};

use super::arguments::{HashKind, HashOptions};
use crate::outside::Outside;

/// Longer than any password; a bound on what is read.
const LONGEST_LINE: u64 = 4096;

pub(super) fn run(options: &HashOptions, outside: &Outside) -> ExitCode {
    let kind = match options.kind() {
        Ok(kind) => kind,
        Err(message) => return super::refuse_usage(message),
    };
    let password = match read() {
        Ok(password) => password,
        Err(message) => return super::failed(&message),
    };
    let random = outside.random.as_ref();
    let made = match kind {
        HashKind::Bcrypt { cost } => dockgate_passwords::hash_bcrypt(&password, cost, random),
        HashKind::Argon2id => dockgate_passwords::hash_argon2id(&password, random),
    };
    match made {
        Ok(hash) => {
            super::say(&hash);
            ExitCode::SUCCESS
        }
        Err(error) => super::failed(&error.to_string()),
    }
}

fn read() -> Result<SecretString, String> {
    use std::io::Read as _;
    let cannot = |error: std::io::Error| format!("cannot read the password: {error}");
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().take(LONGEST_LINE + 1).read_line(&mut line).map_err(cannot)?;
        if line.len() as u64 > LONGEST_LINE {
            return Err(format!("the password has more than {LONGEST_LINE} bytes: choose a shorter one"));
        }
        return Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map(SecretString::from).map_err(cannot);
    let (first, second) = (ask("Password: ")?, ask("The same again: ")?);
    if first.expose_secret() == second.expose_secret() {
        Ok(first)
    } else {
        Err("the two passwords differ: nothing was hashed".to_owned())
    }
}
