//! `dockgate forward-auth-test URL`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::Outbound as _;
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_tls::ClientSettings;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

use super::arguments::ForwardAuthTestOptions;
use super::explain::read_password;
use crate::gate::{ACCOUNT_HEADER, GROUPS_HEADER};
use crate::gate_probe::{self, Account, Finding, Outcome, Place, Plan};
use crate::outbound::Site;
use crate::outside::Outside;

const PASSWORD: &str = "DOCKGATE_PASSWORD";
/// In bytes; of a file with nothing but a password.
const LONGEST_PASSWORD_FILE: u64 = 64 * 1024;
const LONGEST_AUTHORITIES: u64 = 1024 * 1024;

pub(super) fn run(options: &ForwardAuthTestOptions, outside: &Outside) -> ExitCode {
    let (plan, tls) = match plan(options, outside).and_then(|plan| Ok((plan, tls(options, outside)?))) {
        Ok(ready) => ready,
        Err(message) => return super::refuse_usage(&message),
    };
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::failed(&format!("cannot start: {error}")),
    };
    let mut findings = Vec::new();
    let tell = |finding: Finding| {
        if !options.json {
            super::say(&line(&finding));
        }
        findings.push(finding);
    };
    let begun = runtime.block_on(gate_probe::run(&plan, Arc::new(tls), tell));
    super::end(runtime);
    if let Err(why) = begun {
        return super::failed(&why);
    }
    end(&findings, options.json)
}

fn end(findings: &[Finding], json: bool) -> ExitCode {
    let count = |outcome| findings.iter().filter(|finding| finding.outcome == outcome).count();
    let (ok, failed, skipped) = (count(Outcome::Ok), count(Outcome::Failed), count(Outcome::Skipped));
    if json {
        let document = serde_json::json!({"version": 1, "ok": failed == 0, "findings": findings});
        match serde_json::to_string_pretty(&document) {
            Ok(text) => super::say(&text),
            Err(error) => return super::failed(&format!("cannot write JSON: {error}")),
        }
    } else {
        super::say(&format!("{ok} ok, {failed} failed, {skipped} skipped"));
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(super::FAILED) }
}

/// One finding, with what belongs to it below.
fn line(finding: &Finding) -> String {
    let Finding { says, outcome, seen, cure, .. } = finding;
    let mut lines = match (outcome, seen.as_slice()) {
        (Outcome::Ok, []) => vec![format!("ok       {says}")],
        (Outcome::Ok, seen) => vec![format!("ok       {says} ({})", seen.join("; "))],
        (Outcome::Skipped, seen) => vec![format!("skipped  {says}: {}", seen.join("; "))],
        (Outcome::Failed, _) => vec![format!("FAILED   {says}")],
    };
    if *outcome == Outcome::Failed {
        lines.extend(seen.iter().map(|seen| format!("           {seen}")));
        lines.extend(cure.iter().map(|cure| format!("         cure: {cure}")));
    }
    lines.join("\n")
}

fn plan(options: &ForwardAuthTestOptions, outside: &Outside) -> Result<Plan, String> {
    let allow_http = options.allow_http;
    let registry = Place::registry(&options.url, allow_http)?;
    // No password goes there.
    let gate = options.gate.as_deref().map(|url| Place::parse(url, true)).transpose();
    let gate = gate.map_err(|why| format!("`--gate`: {why}"))?;
    let address = options.registry_address.as_deref().map(Place::address).transpose();
    let mut identity_headers = options.identity_headers.clone();
    if identity_headers.is_empty() {
        identity_headers = [ACCOUNT_HEADER, GROUPS_HEADER].iter().map(gate_probe::written).collect();
    }
    Ok(Plan {
        registry,
        allow_http,
        account: account(options, outside)?,
        private: options.private.clone(),
        anyone_may_pull: options.anyone_may_pull,
        public: options.public.clone(),
        may_pull: options.may_pull.clone(),
        may_not_pull: options.may_not_pull.clone(),
        may_push: options.may_push.clone(),
        may_not_push: options.may_not_push.clone(),
        gate,
        registry_address: address.map_err(|why| format!("`--registry-address`: {why}"))?,
        as_registry: options.as_registry,
        identity_headers,
        within: Duration::from_secs(options.within),
    })
}

fn account(options: &ForwardAuthTestOptions, outside: &Outside) -> Result<Option<Account>, String> {
    let Some(name) = &options.account else { return Ok(None) };
    if name.is_empty() || name.contains(':') {
        return Err("`--account` is no account that can log in with a password".to_owned());
    }
    let of_environment = || (outside.environment)(PASSWORD).filter(|value| !value.is_empty());
    let password = if let Some(file) = &options.password_file {
        first_line(file).map_err(|why| format!("{}: {why}", file.display()))?
    } else if options.password_stdin {
        read_password()?
    } else if let Some(password) = of_environment() {
        SecretString::from(password)
    } else if std::io::stdin().is_terminal() {
        read_password()?
    } else {
        return Err(format!(
            "`--account` needs a password: name a file with `--password-file`, say `--password-stdin`, or set {PASSWORD}"
        ));
    };
    if password.expose_secret().is_empty() {
        return Err("the password is empty".to_owned());
    }
    Ok(Some(Account { name: name.clone(), password }))
}

fn first_line(file: &Path) -> Result<SecretString, String> {
    let bytes = dockgate_api::read_file(file, LONGEST_PASSWORD_FILE).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "this is no text".to_owned())?;
    Ok(SecretString::from(text.lines().next().unwrap_or_default().to_owned()))
}

/// Believes the system's authorities, and those that are named.
fn tls(options: &ForwardAuthTestOptions, outside: &Outside) -> Result<ClientConfig, String> {
    let named = match &options.ca {
        None => Vec::new(),
        Some(file) => {
            let pem = dockgate_api::read_file(file, LONGEST_AUTHORITIES).map_err(|error| error.to_string());
            let named = pem.and_then(|pem| dockgate_tls::authorities(&pem));
            named.map_err(|why| format!("{}: {why}", file.display()))?
        }
    };
    let mut roots = RootCertStore::empty();
    let all = Site::new(named, outside).authorities();
    roots.add_parsable_certificates(all.into_iter().map(CertificateDer::from));
    let settings = ClientSettings { alpn: vec![b"http/1.1".to_vec()], ..ClientSettings::default() };
    settings.config(|| Arc::new(roots), &outside.clock).map_err(|error| error.to_string())
}
