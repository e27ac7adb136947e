//! `dockgate login`: a credential for this machine, confirmed in a browser on any other (RFC 8628).

mod docker_config;
mod machine;
mod text;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::arguments::LoginOptions;
use crate::credential_helper::{
    CodeAnswer, CredentialFile, Endpoints, Login, NotGiven, Remote, Secret, TokenAnswer, WebUrl, normalised,
    seconds,
};
use crate::outside::Outside;
use crate::scope::is_unprintable;
use docker_config::DockerConfig;

/// One answer of the server.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);
/// What a server says that has nobody wait for long.
const LONGEST_WAIT: Duration = Duration::from_mins(30);
/// RFC 8628, section 3.5.
const SLOWER: Duration = Duration::from_secs(5);
/// More are named by no server that means well.
const MOST_REGISTRIES: usize = 100;
const PULL_ONLY: &str = "repository:**:pull";

pub(super) fn run(options: &LoginOptions, outside: &Outside) -> ExitCode {
    let server = match WebUrl::parse(&options.server) {
        Ok(server) => server,
        Err(why) => return super::refuse_usage(&why),
    };
    match log_in(options, &server, outside) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => super::failed(&why),
    }
}

fn log_in(options: &LoginOptions, server: &WebUrl, outside: &Outside) -> Result<(), String> {
    let lookup = outside.environment.as_ref();
    // What would be refused in the end is refused before anybody walks to a browser.
    let file = CredentialFile::of(lookup).map_err(|error| error.to_string())?;
    file.read().map_err(|error| error.to_string())?;
    let docker = if options.no_docker_config { None } else { Some(DockerConfig::of(lookup)?) };
    if let Some(docker) = &docker {
        docker.look()?;
    }
    let ca = options.ca.as_deref().map(absolute).transpose()?;
    let remote = Remote::new(ca.as_deref(), outside)?;
    let (endpoints, is_registry) = remote.discover(server, ANSWERED_WITHIN)?;

    let name = options.name.clone().or_else(|| machine::name(lookup)).unwrap_or_default();
    let scope = if options.pull_only { PULL_ONLY.to_owned() } else { options.scopes.join(" ") };
    let codes = remote.codes(&endpoints, &name, &scope, ANSWERED_WITHIN)?;
    super::say(&text::typed(&checked(&codes, server)?));
    let given = wait(&remote, &endpoints, &codes)?;
    let mut registries = registries(options, &given, &endpoints, server, is_registry)?;
    if options.registries.is_empty() {
        leave_to_others(&file, &mut registries, &endpoints)?;
    }

    let now = seconds(outside.clock.now());
    let login = Login {
        registries: registries.clone(),
        server: endpoints.issuer.clone(),
        token_endpoint: endpoints.token_endpoint.clone(),
        revocation_endpoint: endpoints.revocation_endpoint.clone(),
        ca: ca.and_then(|ca| ca.to_str().map(str::to_owned)),
        account: given.account.clone(),
        secret: Secret(given.secret),
        made: now,
        ends: given.expires_in.map(|life| now.saturating_add(life)),
        not_before: None,
    };
    for idle in keep(&file, login)? {
        if let Some(endpoint) = &idle.revocation_endpoint {
            // It ends by itself.
            let _ = remote.revoke(endpoint, &idle.secret.0, ANSWERED_WITHIN);
        }
    }
    if let Some(docker) = &docker {
        // A server that names a registry of somebody else's must not take it over.
        for left in docker.use_helper_for(&registries, !options.registries.is_empty())? {
            super::complain(&format!(
                "warning: {} has another helper for {left}, and keeps it: say `--registry {left}` to replace it",
                docker.path().display()
            ));
        }
    }
    let account = crate::access::explanation::shown(&given.account);
    super::say(&text::done(&account, &registries, docker.as_ref().map(DockerConfig::path)));
    if let Some(missing) = machine::missing_helper(lookup) {
        super::complain(&missing);
    }
    Ok(())
}

/// What is shown comes from the server: it stands on a terminal, and leads to the server itself.
fn checked<'a>(codes: &'a CodeAnswer, server: &WebUrl) -> Result<text::Typed<'a>, String> {
    let plain = |text: &str| !text.is_empty() && text.len() < 500 && !text.contains(is_unprintable);
    WebUrl::parse(&codes.verification_uri)?;
    if !plain(&codes.user_code) || !plain(&codes.verification_uri) {
        return Err(format!("{} answers what cannot be shown", server.origin()));
    }
    Ok(text::Typed {
        url: &codes.verification_uri,
        code: &codes.user_code,
        minutes: codes.expires_in.div_ceil(60),
    })
}

/// Asks until somebody has decided, or the time is over.
fn wait(remote: &Remote<'_>, endpoints: &Endpoints, codes: &CodeAnswer) -> Result<TokenAnswer, String> {
    let life = Duration::from_secs(codes.expires_in).min(LONGEST_WAIT);
    let end = Instant::now() + life;
    let mut interval = pace(codes.interval);
    let mut unanswered = None;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(unanswered.unwrap_or_else(|| "nobody has confirmed in time: try again".to_owned()));
        }
        std::thread::sleep(interval.min(left));
        match remote.poll(endpoints, &codes.device_code, ANSWERED_WITHIN) {
            Ok(given) => return Ok(given),
            Err(NotGiven::Over(why)) => return Err(format!("not logged in: {why}")),
            Err(NotGiven::Pending) => unanswered = None,
            Err(NotGiven::SlowDown) => interval += SLOWER,
            // It may be there again before the time is over.
            Err(NotGiven::Unanswered(why)) => unanswered = Some(format!("not logged in: {why}")),
        }
    }
}

/// Between two questions; whatever the server says, it is some time.
fn pace(interval: Option<u64>) -> Duration {
    Duration::from_secs(interval.unwrap_or(5)).clamp(Duration::from_secs(1), LONGEST_WAIT)
}

/// Which registries it is for, each under its normalised name.
fn registries(
    options: &LoginOptions,
    given: &TokenAnswer,
    endpoints: &Endpoints,
    server: &WebUrl,
    is_registry: bool,
) -> Result<Vec<String>, String> {
    let mut named = options.registries.clone();
    if named.is_empty() {
        named.extend(
            if given.registries.is_empty() { &endpoints.registries } else { &given.registries }
                .iter()
                .cloned(),
        );
        if is_registry {
            named.push(server.authority());
        }
    }
    let mut all: Vec<String> = named.iter().map(|name| normalised(name)).collect();
    all.retain(|name| !name.is_empty() && !name.contains(is_unprintable));
    all.sort();
    all.dedup();
    all.truncate(MOST_REGISTRIES);
    if all.is_empty() {
        return Err(format!(
            "{} does not say which registries it is for: say it with `--registry HOST`, or have `login.registries` written \
             in its configuration. The app password that was made is on your page, where you can revoke it.",
            endpoints.issuer
        ));
    }
    Ok(all)
}

/// A server may name registries that are another's: what there is for them stays, unless somebody says otherwise.
fn leave_to_others(
    file: &CredentialFile,
    registries: &mut Vec<String>,
    endpoints: &Endpoints,
) -> Result<(), String> {
    let kept = file.read().map_err(|error| error.to_string())?;
    registries.retain(|registry| {
        let Some(other) = kept.another(registry, &endpoints.token_endpoint) else { return true };
        super::complain(&format!(
            "warning: there is a login for {registry} from {other}, which stays: say `--registry {registry}` to replace it"
        ));
        false
    });
    if registries.is_empty() {
        return Err(format!("{} names no registry that is not another's", endpoints.issuer));
    }
    Ok(())
}

fn keep(file: &CredentialFile, login: Login) -> Result<Vec<Login>, String> {
    let told = |error: crate::credential_helper::Unusable| error.to_string();
    let held = file.hold().map_err(told)?;
    let mut kept = held.read().map_err(told)?;
    let idle = kept.sign_in(login);
    held.write(&kept).map_err(told)?;
    Ok(idle)
}

/// The helper will look for it from anywhere.
fn absolute(ca: &Path) -> Result<PathBuf, String> {
    ca.canonicalize().map_err(|error| format!("{}: cannot be read ({error})", ca.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_whose_code_is_over_at_once_is_no_trouble() {
        for (says, seconds) in [(None, 5), (Some(0), 1), (Some(7), 7), (Some(u64::MAX), 30 * 60)] {
            assert_eq!(pace(says), Duration::from_secs(seconds), "{says:?}");
        }
    }
}
