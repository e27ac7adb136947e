//! Which key comes to sign, and in whose place.

use std::path::Path;

use dockgate_api::config::nearest;

use crate::cli::shell_word;
use crate::config::token::{KeyFiles, KeyRole, SigningKeyConfig, TokenConfig};

/// Positions in `token.keys`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The key that signs from now on.
    pub(super) next: usize,
    /// The one that signed until now; none if the next one begins with services that had no key of their own.
    pub(super) before: Option<usize>,
}

/// What to call a key.
pub(super) fn title(key: &SigningKeyConfig) -> &str {
    key.name.as_deref().unwrap_or(key.path.as_str())
}

/// The step from these keys, or why there is none and what to do.
pub(super) fn step(
    token: &TokenConfig,
    keys: &[SigningKeyConfig],
    to: Option<&str>,
    config: &Path,
) -> Result<Step, String> {
    let next = next(token, keys, to, config)?;
    let Some(wanted) = keys.get(next) else { return Err("there is no such key".to_owned()) };
    let current = || keys.iter().enumerate().filter(|(_, key)| key.role == KeyRole::Current);
    let mut services = wanted.services.clone();
    services.sort();
    let before = current().find(|(_, key)| {
        let mut own = key.services.clone();
        own.sort();
        own == services
    });
    let shares = |key: &SigningKeyConfig| key.services.iter().any(|own| services.contains(own));
    if before.is_none()
        && let Some((_, other)) = current().find(|(_, key)| shares(key))
    {
        return Err(format!(
            "{} and {} share some `services` and not all: write the same list for both",
            title(wanted),
            title(other)
        ));
    }
    if let Some((_, old)) = before {
        if let KeyFiles::Managed(directory) = &old.files {
            return Err(format!(
                "{} is a directory of managed keys, which cannot be `retired` as such: write `certificate: \
                 {}/bundle.pem` and `use: retired` in its place, and `use: current` for {}",
                title(old),
                directory.value.display(),
                title(wanted)
            ));
        }
        let named =
            token.services.iter().filter_map(|(service, own)| Some((service, own.as_ref()?.key.as_ref()?)));
        if let Some((service, _)) = named.into_iter().find(|(_, name)| Some(&name.value) == old.name.as_ref())
        {
            return Err(format!(
                "`token.services.{service}.key` names {}, which is to sign no more: take that line away, or name {} \
                 there, write `use: retired` and `use: current` for the two, and reload once",
                title(old),
                title(wanted)
            ));
        }
    }
    Ok(Step { next, before: before.map(|(position, _)| position) })
}

fn next(
    token: &TokenConfig,
    keys: &[SigningKeyConfig],
    to: Option<&str>,
    config: &Path,
) -> Result<usize, String> {
    let of_role = |role| keys.iter().enumerate().filter(move |(_, key)| key.role == role);
    if let Some(name) = to {
        let found = keys.iter().enumerate().find(|(_, key)| title(key) == name);
        return match found {
            Some((position, key)) => match key.role {
                KeyRole::Next => Ok(position),
                KeyRole::Current => Err(format!("{name} signs already")),
                KeyRole::Retired => Err(format!(
                    "{name} is retired: to let it sign again, write `use: current` and its `key` there, take its \
                     `retired_at` away, and write `use: retired` for the one that signs; registries that still know it \
                     take its tokens"
                )),
            },
            None => Err(match nearest(name, keys.iter().map(title)) {
                Some(near) => format!("no key is called `{name}`: did you mean `{near}`?"),
                None => format!("no key is called `{name}`: `dockgate keys list` shows them"),
            }),
        };
    }
    let mut candidates = of_role(KeyRole::Next);
    match (candidates.next(), candidates.next()) {
        (Some((position, _)), None) => Ok(position),
        (Some(_), Some(_)) => Err(format!(
            "several keys are `next`: say which with --to NAME, one of {}",
            of_role(KeyRole::Next).map(|(_, key)| title(key)).collect::<Vec<_>>().join(", ")
        )),
        (None, _) => Err(nothing_is_next(token, keys, config)),
    }
}

fn nothing_is_next(token: &TokenConfig, keys: &[SigningKeyConfig], config: &Path) -> String {
    let managed = keys.iter().find_map(|key| match &key.files {
        KeyFiles::Managed(directory) if key.role == KeyRole::Current => Some(directory),
        _ => None,
    });
    if let Some(directory) = managed {
        let directory = shell_word(&directory.value.display().to_string());
        return format!(
            "managed keys rotate by themselves: for a new signing key now, `dockgate keys renew {directory}`; for a new \
             authority, `dockgate keys next-ca {directory}`, its bundle.pem to the registries, then `dockgate keys \
             switch-ca {directory}`"
        );
    }
    let config = shell_word(&config.display().to_string());
    let begin = "- {certificate: NEW.crt, key: NEW.key, use: next}";
    if token.keys.is_none() {
        let (certificate, key) = (token.certificate.as_ref(), token.key.as_ref());
        let path = |of: Option<&dockgate_api::config::Located<std::path::PathBuf>>, or: &str| {
            of.map_or_else(|| or.to_owned(), |path| path.value.display().to_string())
        };
        return format!(
            "there is no key to rotate to: write, in place of `certificate` and `key`,\n  keys:\n    \
             - {{certificate: {}, key: {}}}\n    {begin}\n\
             give the registries what `dockgate keys export` prints then, restart them, and do it again",
            path(certificate, "OLD.crt"),
            path(key, "OLD.key"),
        );
    }
    format!(
        "no key is `next`: add one to `token.keys`,\n    {begin}\n\
         give the registries what `dockgate keys export --bundle {config}` prints then, restart them, and do it again"
    )
}
