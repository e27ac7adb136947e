//! `dockgate explain CONFIG`.

mod rules;
pub(super) mod text;

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;

use dockgate_api::secrecy::SecretString;

use super::arguments::ExplainOptions;
use crate::access::explanation::{Explanation, Outcome};
use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::{self, ExplainRequest, Lasting};

/// Longer than any password; a bound on what is read.
const LONGEST_LINE: u64 = 64 * 1024;

pub(super) fn run(options: &ExplainOptions, backends: &Backends, outside: &Outside) -> ExitCode {
    if options.live {
        return live(options, outside);
    }
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let explained = runtime.block_on(async {
        let loaded = state::load(&options.config, backends, outside, &Lasting::default());
        let loaded = loaded.map_err(|problems| super::refuse(&options.config, &problems))?;
        let request = request(options).map_err(|message| super::refuse_usage(&message))?;
        loaded.state.explain(request).await.map_err(|message| super::refuse_usage(&message))
    });
    super::end(runtime);
    match explained {
        Ok(explanation) => tell(&explanation, options.json),
        Err(code) => code,
    }
}

fn live(options: &ExplainOptions, outside: &Outside) -> ExitCode {
    let request = match request(options) {
        Ok(request) => request,
        Err(message) => return super::refuse_usage(&message),
    };
    match super::admin::explain(&options.config, &request, outside) {
        Ok(explanation) => tell(&explanation, options.json),
        Err(code) => code,
    }
}

fn tell(explanation: &Explanation, json: bool) -> ExitCode {
    if json {
        match serde_json::to_string_pretty(explanation) {
            Ok(text) => super::say(&text),
            Err(error) => return super::failed(&format!("cannot write JSON: {error}")),
        }
    } else {
        super::say(text::write(explanation).trim_end());
    }
    match explanation.outcome {
        Outcome::Granted => ExitCode::SUCCESS,
        Outcome::Refused => ExitCode::from(super::FAILED),
        Outcome::Unknown => ExitCode::from(super::MISTAKE),
    }
}

fn request(options: &ExplainOptions) -> Result<ExplainRequest, String> {
    if options.password_stdin && options.account.is_empty() {
        return Err("`--password-stdin` needs `--account`: nobody in particular has no password".to_owned());
    }
    let password = options.password_stdin.then(read_password).transpose()?;
    Ok(ExplainRequest {
        account: options.account.clone(),
        scopes: options.scopes.clone(),
        service: options.service.clone(),
        ip: options.ip,
        at: options.at,
        password,
        as_link: options.as_link.clone(),
        labels: options.labels.iter().map(|label| (label.key.clone(), label.value.clone())).collect(),
    })
}

pub(super) fn read_password() -> Result<SecretString, String> {
    let cannot = |error: std::io::Error| format!("cannot read the password: {error}");
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ").map(SecretString::from).map_err(cannot);
    }
    let mut line = String::new();
    std::io::stdin().lock().take(LONGEST_LINE).read_line(&mut line).map_err(cannot)?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}
