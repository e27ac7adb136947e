//! `dockgate ldap-test CONFIG`.

use std::process::ExitCode;

use super::arguments::LdapTestOptions;
use super::explain::{read_password, text};
use crate::access::explanation::{Explanation, Outcome};
use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::{self, LdapTest};

pub(super) fn run(options: &LdapTestOptions, backends: &Backends, outside: &Outside) -> ExitCode {
    if options.account.is_empty() {
        return super::refuse_usage("`--account` is empty: no directory is asked about nobody");
    }
    let password = match options.password_stdin.then(read_password).transpose() {
        Ok(password) => password,
        Err(message) => return super::refuse_usage(&message),
    };
    let test = LdapTest { account: options.account.clone(), password, link: options.link.clone() };
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let asked = runtime.block_on(state::ldap_test(&options.config, backends, outside, &test));
    super::end(runtime);
    match asked {
        Ok(explanations) => tell(&explanations, options.json),
        Err(problems) => super::refuse(&options.config, &problems),
    }
}

fn tell(explanations: &[Explanation], json: bool) -> ExitCode {
    if json {
        let identities: Vec<_> = explanations.iter().map(|explanation| &explanation.identity).collect();
        match serde_json::to_string_pretty(&identities) {
            Ok(text) => super::say(&text),
            Err(error) => return super::failed(&format!("cannot write JSON: {error}")),
        }
    } else {
        let texts: Vec<String> = explanations.iter().map(text::directory).collect();
        super::say(texts.join("\n\n").trim_end());
    }
    if explanations.iter().any(|explanation| explanation.outcome == Outcome::Unknown) {
        ExitCode::from(super::MISTAKE)
    } else if explanations.iter().all(|explanation| explanation.outcome == Outcome::Granted) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(super::FAILED)
    }
}
