//! `login:` — the page where people sign in through a browser, and what they get there.

use std::path::PathBuf;
use std::time::Duration;

use dockgate_api::config::{KeyPath, Located, Problem, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::credentials::AppPasswordTerms;
use crate::login::PublicUrl;
use crate::scope::is_unprintable;

const DAY: Duration = Duration::from_hours(24);
/// How long a sign-in in a browser lasts, if that is not said.
const SESSION: Duration = Duration::from_hours(8);
const SESSIONS: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(30 * 24));
/// From an hour to ten years.
const LIFETIMES: (Duration, Duration) = (Duration::from_hours(1), Duration::from_hours(3650 * 24));
const MOST: u32 = 1000;
/// In characters: it stands in one line.
const LONGEST_TITLE: usize = 100;

/// The `login` section.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LoginConfig {
    /// Where browsers reach this server, `server.path_prefix` included: `https://auth.example.com`. If not given, what the
    /// browser's request says.
    #[schemars(with = "Option<String>")]
    pub public_url: Option<Located<String>>,
    /// What stands above the page; `Container registry` if not given.
    #[schemars(with = "Option<String>")]
    pub title: Option<Located<String>>,
    /// A picture beside it: a PNG or SVG file.
    #[schemars(with = "Option<String>")]
    pub logo: Option<Located<PathBuf>>,
    /// The registries that people log in to, as they write them: `registry.example.com`. For the commands on the page.
    #[schemars(with = "Vec<String>")]
    pub registries: Vec<Located<String>>,
    /// How long a sign-in in a browser lasts; `8h` if not given.
    #[schemars(with = "Option<Span>")]
    pub session: Option<Located<Span>>,
    /// What holds for app passwords.
    pub app_passwords: AppPasswordsConfig,
    /// Whether programs can ask for a credential that somebody confirms in a browser (RFC 8628); true if not given.
    pub device: Option<bool>,
}

/// `login.app_passwords`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AppPasswordsConfig {
    /// How long one lives if its owner does not say; `90d` if not given.
    #[schemars(with = "Option<Span>")]
    pub lifetime: Option<Located<Span>>,
    /// The longest that its owner can say; `365d` if not given.
    #[schemars(with = "Option<Span>")]
    pub longest: Option<Located<Span>>,
    /// How many an account has at the most; 50 if not given.
    #[schemars(with = "Option<u32>")]
    pub most: Option<Located<u32>>,
}

impl LoginConfig {
    /// What is wrong with the section, and what should be known of it. `prefix` is `server.path_prefix`.
    pub fn validate(
        &self,
        prefix: &str,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) {
        if let Some(written) = &self.public_url {
            let path = path.key("public_url");
            validate_public_url(written, prefix, "sessions and app passwords", &path, problems, warnings);
        }
        if let Some(title) = &self.title {
            let length = title.chars().count();
            if title.trim().is_empty() || length > LONGEST_TITLE || title.contains(is_unprintable) {
                let message =
                    format!("a title is one line of 1 to {LONGEST_TITLE} letters, such as `Acme registry`");
                problems.push(Problem::new(title.location.clone(), path.key("title"), message));
            }
        }
        for (index, registry) in self.registries.iter().enumerate() {
            if let Err(message) = is_registry(registry) {
                let path = path.key("registries").item(registry.index.unwrap_or(index));
                problems.push(Problem::new(registry.location.clone(), path, message));
            }
        }
        span(self.session.as_ref(), &path.key("session"), SESSIONS, problems);
        self.app_passwords.validate(&path.key("app_passwords"), problems);
    }

    /// Where browsers reach this server, if that is said.
    pub fn public_url(&self) -> Option<PublicUrl> {
        PublicUrl::parse(self.public_url.as_deref()?).ok()
    }

    /// How long a sign-in in a browser lasts.
    pub fn session(&self) -> Duration {
        self.session.as_ref().map_or(SESSION, |session| session.value.0)
    }

    /// Whether anything of the section is written down.
    pub(crate) fn is_written(&self) -> bool {
        self.public_url.is_some()
            || self.title.is_some()
            || self.logo.is_some()
            || !self.registries.is_empty()
            || self.session.is_some()
            || self.device.is_some()
            || self.app_passwords.is_written()
    }
}

impl AppPasswordsConfig {
    fn is_written(&self) -> bool {
        self.lifetime.is_some() || self.longest.is_some() || self.most.is_some()
    }

    /// What holds for app passwords.
    pub fn terms(&self) -> AppPasswordTerms {
        let default = AppPasswordTerms::default();
        let longest = self.longest.as_ref().map_or(default.longest, |longest| longest.value.0);
        let lifetime = self.lifetime.as_ref().map_or(default.lifetime.min(longest), |life| life.value.0);
        let most = self.most.as_ref().and_then(|most| usize::try_from(most.value).ok());
        AppPasswordTerms { lifetime, longest, most: most.unwrap_or(default.most) }
    }

    fn validate(&self, path: &KeyPath, problems: &mut Vec<Problem>) {
        span(self.lifetime.as_ref(), &path.key("lifetime"), LIFETIMES, problems);
        span(self.longest.as_ref(), &path.key("longest"), LIFETIMES, problems);
        let longest = self.terms().longest;
        if let Some(lifetime) = self.lifetime.as_ref().filter(|lifetime| lifetime.value.0 > longest) {
            let message =
                format!("longer than the longest, {}: write less, or more for `longest`", Span(longest));
            problems.push(Problem::new(lifetime.location.clone(), path.key("lifetime"), message));
        }
        if let Some(most) = self.most.as_ref().filter(|most| !(1..=MOST).contains(&most.value)) {
            let message = format!("{} is out of range: write a number from 1 to {MOST}", most.value);
            problems.push(Problem::new(most.location.clone(), path.key("most"), message));
        }
    }
}

/// What is wrong with a URL of this server. Without TLS everybody on the way would see `seen`.
pub(super) fn validate_public_url(
    written: &Located<String>,
    prefix: &str,
    seen: &str,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let problem = |message: String| Problem::new(written.location.clone(), path.clone(), message);
    match PublicUrl::parse(written) {
        Err(message) => problems.push(problem(message)),
        Ok(url) if !url.path().ends_with(prefix) => problems.push(problem(format!(
            "`server.path_prefix` is missing at its end: write `{}{prefix}`",
            url.origin()
        ))),
        Ok(url) if !url.is_https() && !url.is_loopback() => warnings.push(problem(format!(
            "without TLS everybody on the way sees {seen}: write `https://`, and let a proxy or `server.certificate` \
             speak it"
        ))),
        Ok(_) => {}
    }
}

/// `registry.example.com`, `localhost:5000`: what stands behind `docker login`.
fn is_registry(text: &str) -> Result<(), String> {
    if let Some((_, host)) = text.split_once("://") {
        return Err(format!(
            "clients write registries without a scheme: write `{}`",
            host.trim_end_matches('/')
        ));
    }
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/[]".contains(&byte);
    if text.is_empty() || text.len() > 255 || !text.bytes().all(is_known) || text.starts_with(['-', '/']) {
        return Err("this is no registry: write its host, such as `registry.example.com`".to_owned());
    }
    Ok(())
}

fn span(
    span: Option<&Located<Span>>,
    path: &KeyPath,
    (least, most): (Duration, Duration),
    problems: &mut Vec<Problem>,
) {
    if let Some(span) = span.filter(|span| !(least..=most).contains(&span.value.0)) {
        let (least, most) = (in_words(least), in_words(most));
        let message = format!("out of range: write a span from `{least}` to `{most}`");
        problems.push(Problem::new(span.location.clone(), path.clone(), message));
    }
}

/// `30d`, `1h`, `5m`.
fn in_words(span: Duration) -> String {
    match span.as_secs() {
        seconds if seconds >= DAY.as_secs() => format!("{}d", seconds / DAY.as_secs()),
        seconds if seconds >= 3600 => format!("{}h", seconds / 3600),
        seconds => format!("{}m", seconds / 60),
    }
}
