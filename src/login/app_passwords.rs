//! `POST {prefix}/app-passwords` and `{prefix}/app-passwords/revoke`.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use dockgate_api::config::Span;
use dockgate_api::secrecy::ExposeSecret as _;

use super::answer::{page, see_other};
use super::commands::commands;
use super::page::{CommandsPart, CreatedPage, Row};
use super::{Form, Trouble, Visit, home};
use crate::credentials::{AppPasswordTerms, Limit, NewAppPassword, NotCreated};
use crate::scope::is_unprintable;

/// In characters.
const LONGEST_NAME: usize = 100;
/// Patterns of one app password, and bytes of one of them.
const MOST_PATTERNS: usize = 20;
const LONGEST_PATTERN: usize = 256;
const DAY: Duration = Duration::from_hours(24);
const DAYS: [u32; 6] = [1, 7, 30, 90, 180, 365];

/// The form for a new app password, as somebody filled it in, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) name_error: Option<String>,
    /// What can be chosen: value, words, and whether it is.
    pub(crate) lifetimes: Vec<(String, String, bool)>,
    pub(crate) lifetime_error: Option<String>,
    pub(crate) pull_only: bool,
    pub(crate) patterns: String,
    pub(crate) patterns_error: Option<String>,
    /// What is wrong with the whole.
    pub(crate) error: Option<String>,
}

impl Asked {
    /// An empty form.
    pub(crate) fn new(terms: &AppPasswordTerms) -> Self {
        Self { lifetimes: lifetimes(terms, terms.lifetime), ..Self::default() }
    }

    /// What is wanted.
    fn read(form: &Form, terms: &AppPasswordTerms) -> Result<Result<NewAppPassword, Self>, Trouble> {
        let field = |name| form.one(name).map(|value| value.unwrap_or_default().trim().to_owned());
        let mut asked = Self::new(terms);
        (asked.name, asked.patterns) = (field("name")?, field("patterns")?);
        asked.pull_only = form.one("pull")?.is_some();
        asked.name_error = name_error(&asked.name).map(str::to_owned);
        let lifetime = match field("lifetime")?.as_str() {
            "" => Ok(terms.lifetime),
            text => text.parse::<Span>().map(|span| span.0),
        };
        match lifetime {
            Ok(lifetime) if lifetime > terms.longest || lifetime < Duration::from_mins(1) => {
                asked.lifetime_error = Some(format!("Choose at most {}.", in_words(terms.longest)));
            }
            Ok(lifetime) => asked.lifetimes = lifetimes(terms, lifetime),
            Err(_) => asked.lifetime_error = Some("Choose one of these.".to_owned()),
        }
        let scopes = match limits(&asked.patterns, asked.pull_only) {
            Ok(scopes) => scopes,
            Err(error) => {
                asked.patterns_error = Some(error);
                Vec::new()
            }
        };
        let is_wrong = [&asked.name_error, &asked.lifetime_error, &asked.patterns_error];
        if is_wrong.iter().any(|error| error.is_some()) {
            return Ok(Err(asked));
        }
        Ok(Ok(NewAppPassword { name: asked.name, scopes, lifetime: lifetime.ok(), client_id: None }))
    }
}

fn name_error(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("Say what it is for, such as “laptop”.")
    } else if name.chars().count() > LONGEST_NAME {
        Some("A name has at most 100 letters.")
    } else if name.contains(is_unprintable) {
        Some("A name is one line, without control characters.")
    } else {
        None
    }
}

/// What the password is restricted to: names of repositories, or whole scopes as commands take them.
fn limits(patterns: &str, pull_only: bool) -> Result<Vec<Limit>, String> {
    let actions = if pull_only { "pull" } else { "*" };
    let mut texts: Vec<&str> = patterns.split_whitespace().collect();
    if texts.is_empty() && pull_only {
        texts.push("**");
    }
    if texts.len() > MOST_PATTERNS {
        return Err(format!("At most {MOST_PATTERNS} names."));
    }
    let limit = |text: &str| {
        if text.len() > LONGEST_PATTERN {
            return Err(format!("A name has at most {LONGEST_PATTERN} letters."));
        }
        if text.contains(':') {
            return Err(format!(
                "“{text}” is no name of a repository: write it without registry and tag, such as “team/*”."
            ));
        }
        Limit::parse(&format!("repository:{text}:{actions}"))
    };
    texts.into_iter().map(limit).collect()
}

fn lifetimes(terms: &AppPasswordTerms, chosen: Duration) -> Vec<(String, String, bool)> {
    let mut all: Vec<Duration> = DAYS.iter().map(|days| *days * DAY).collect();
    all.extend([terms.lifetime, terms.longest, chosen]);
    all.retain(|lifetime| *lifetime <= terms.longest);
    all.sort();
    all.dedup();
    let shown = |lifetime: Duration| (Span(lifetime).to_string(), in_words(lifetime), lifetime == chosen);
    all.into_iter().map(shown).collect()
}

fn in_words(span: Duration) -> String {
    let (number, unit) = match span.as_secs() {
        seconds if seconds.is_multiple_of(86_400) => (seconds / 86_400, "day"),
        seconds if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        seconds => (seconds / 60, "minute"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Makes one, and shows it once.
pub(crate) async fn create(visit: Visit, body: Body) -> Response {
    let answer = created(&visit, body).await;
    visit.answer(answer)
}

async fn created(visit: &Visit, body: Body) -> Result<Response, Trouble> {
    let session = visit.session().await?.ok_or(Trouble::SignedOut)?;
    let form = Form::read(visit, &session, body).await?;
    let identity = visit.identity(&session).await?;
    let terms = visit.login.terms();
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    let wanted = match Asked::read(&form, terms)? {
        Ok(wanted) => wanted,
        Err(asked) => return home::show(visit, &session, &identity, again, None, &asked).await,
    };
    let access = visit.state.access();
    let made = access.create_app_password(&visit.cx, session.owner(), wanted, terms, visit.client).await;
    let (secret, listed) = match made {
        Ok(made) => made,
        Err(NotCreated::Failed(error)) => return Err(error.into()),
        Err(NotCreated::TooMany(most)) => {
            let error = Some(format!("You have {most} already: revoke one that you do not need any more."));
            let asked = Asked { error, ..Asked::new(terms) };
            return home::show(visit, &session, &identity, again, None, &asked).await;
        }
    };
    let registries = visit.login.registries(&session.owner().link);
    let content = CreatedPage {
        base: visit.login.base(),
        row: Row::of(&listed),
        secret: secret.expose_secret(),
        commands: CommandsPart { registries: commands(&identity.account, &registries) },
    };
    Ok(page(&visit.login, StatusCode::OK, "Your new app password", &content))
}

/// Takes one away.
pub(crate) async fn revoke(visit: Visit, body: Body) -> Response {
    let answer = async {
        let session = visit.session().await?.ok_or(Trouble::SignedOut)?;
        let form = Form::read(&visit, &session, body).await?;
        let id = form.one("id")?.ok_or(Trouble::BadRequest("The form does not say which app password."))?;
        // One that is gone already is gone: its owner pressed twice.
        visit.state.access().revoke_app_password(&visit.cx, session.owner(), id, visit.client).await?;
        Ok(see_other(&format!("{}/?revoked", visit.login.base())))
    };
    let answer = answer.await;
    visit.answer(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(patterns: &str, pull_only: bool) -> Vec<String> {
        limits(patterns, pull_only).unwrap().iter().map(Limit::text).collect()
    }

    #[test]
    fn what_a_password_is_restricted_to() {
        assert!(texts("", false).is_empty());
        assert_eq!(texts(" ", true), ["repository:**:pull"]);
        assert_eq!(texts("team/*\n  base ", true), ["repository:team/*:pull", "repository:base:pull"]);
        assert_eq!(texts("team/*", false), ["repository:team/*:delete,pull,push"]);
        for (patterns, says) in [
            ("team/[", "team/["),
            ("registry.example.com:5000/team", "without registry and tag"),
            (&"a ".repeat(21), "At most 20"),
            (&"a".repeat(257), "at most 256"),
        ] {
            let error = limits(patterns, true).unwrap_err();
            assert!(error.contains(says), "{patterns}: {error}");
        }
    }

    #[test]
    fn lifetimes_end_at_the_longest() {
        let terms = AppPasswordTerms { lifetime: Duration::from_hours(12), longest: 30 * DAY, most: 1 };
        let shown = lifetimes(&terms, terms.lifetime);
        let words: Vec<&str> = shown.iter().map(|(_, words, _)| words.as_str()).collect();
        assert_eq!(words, ["12 hours", "1 day", "7 days", "30 days"]);
        assert!(shown.iter().filter(|(_, _, chosen)| *chosen).map(|(value, ..)| value).eq(["43200s"]));
        assert!(shown.iter().all(|(value, ..)| value.parse::<Span>().is_ok()));
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!(name_error("laptop <at> home"), None);
        for bad in ["", "a\nb", "a\u{202e}b", &"a".repeat(101)] {
            assert!(name_error(bad).is_some(), "{bad}");
        }
    }
}
