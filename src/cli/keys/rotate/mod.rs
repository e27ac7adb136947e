//! `dockgate keys rotate CONFIG`: the next key signs, the one before is retired.

mod choose;
mod edit;
mod layout;
mod lines;
mod replace;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dockgate_api::config::{KeyPath, Moment};

use super::export::need_service;
use crate::backends::Backends;
use crate::cli::arguments::RotateOptions;
use crate::cli::{FAILED, complain, failed, refuse, refuse_usage, runtime, say, shell_word};
use crate::config::token::{KeyRole, SigningKeyConfig, TokenConfig};
use crate::config::{Sections, Source};
use crate::outside::Outside;
use crate::state::{self, Lasting, Loaded, Signing};
use choose::{Step, title};
use edit::Change;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Nobody rotates to a certificate that ends tomorrow.
const SHORTEST_USE: Duration = DAY;
/// Who rotates to one that ends so soon is told.
const SHORT_USE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A configuration file whose keys are to change.
struct Rotation<'a> {
    options: &'a RotateOptions,
    backends: &'a Backends,
    outside: &'a Outside,
    text: String,
    token: TokenConfig,
    keys: Vec<SigningKeyConfig>,
}

pub(super) fn run(options: &RotateOptions, backends: &Backends, outside: &Outside) -> ExitCode {
    let done = Rotation::read(options, backends, outside)
        .and_then(|rotation| if options.drop_retired { rotation.drop_retired() } else { rotation.rotate() });
    done.map_or_else(|code| code, |()| ExitCode::SUCCESS)
}

impl<'a> Rotation<'a> {
    /// The keys themselves are not looked at: one that cannot be used any more is a reason to rotate.
    fn read(
        options: &'a RotateOptions,
        backends: &'a Backends,
        outside: &'a Outside,
    ) -> Result<Self, ExitCode> {
        let config = &options.config;
        // Before it is opened: a pipe would be read twice.
        if !config.metadata().is_ok_and(|of| of.is_file()) {
            return Err(failed(&format!("{}: there is no such file", config.display())));
        }
        let text = std::fs::read_to_string(config)
            .map_err(|error| failed(&format!("{}: cannot be read ({error})", config.display())))?;
        let source = source_of(&text, config, outside)?;
        let mut problems = Vec::new();
        let sections = Sections::read(&source, backends, &mut problems, &mut Vec::new());
        let token = sections.token.filter(|_| problems.is_empty());
        let token = token.ok_or_else(|| refuse(config, &problems))?;
        let keys = token.signing_keys(&KeyPath::root().key("token"));
        Ok(Self { options, backends, outside, text, token, keys })
    }

    fn rotate(&self) -> Result<(), ExitCode> {
        let now = self.outside.clock.now();
        let config = self.shown_config();
        let Step { next, before } =
            choose::step(&self.token, &self.keys, self.options.to.as_deref(), &self.options.config)
                .map_err(|message| refuse_usage(&message))?;
        let mut changes = BTreeMap::from([(next, Change::Use(KeyRole::Current, None))]);
        changes.extend(
            before.map(|before| (before, Change::Use(KeyRole::Retired, Some(Moment(whole_seconds(now)))))),
        );
        let (new, signing) = self.changed(&changes)?;
        let (Some(next), before) = (self.keys.get(next), before.and_then(|before| self.keys.get(before)))
        else {
            return Err(failed("the keys changed meanwhile"));
        };
        fits(&signing, next, now)?;
        let is_done = self.write(&new)?;
        let mut said = if is_done {
            format!("{} signs from now on", title(next))
        } else {
            format!("{} would sign from now on", title(next))
        };
        if let Some(before) = before {
            let until = signing.retired().iter().find(|key| key.standing.path == before.path);
            let until = until.and_then(|key| key.needed_until).map_or_else(String::new, |until| {
                format!(" and stays in JWKS and bundle until {}", Moment(whole_seconds(until)))
            });
            said += &format!("; {} is retired{until}", title(before));
        }
        let service = if need_service(&signing) { " --service SERVICE" } else { "" };
        say(&format!(
            "{said}.\n\
             Registries take its tokens that were given, since {} is in the configuration, and restarted with:\n  \
             dockgate keys export --bundle{service} {config}      # for `rootcertbundle`\n  \
             dockgate keys export --jwks{service} {config}        # for `jwks`",
            title(next),
        ));
        if is_done {
            say(&format!(
                "A running server takes this up within a minute, and refuses to if it did not announce the key; see\n  \
                 dockgate keys list --live {config}"
            ));
        }
        Ok(())
    }

    fn drop_retired(&self) -> Result<(), ExitCode> {
        // What they are and until when they are needed, the whole configuration knows.
        let signing = self.loaded(&self.text)?;
        let longest = signing.retired().iter().map(|key| (&key.standing.path, key.is_published));
        let over: Vec<&KeyPath> = longest.filter(|(_, published)| !published).map(|(path, _)| path).collect();
        let retired = self.keys.iter().enumerate().filter(|(_, key)| key.role == KeyRole::Retired);
        let listed = |key: &SigningKeyConfig| signing.retired().iter().any(|of| of.standing.path == key.path);
        // One that is not even loaded is needed no more, and its file is gone.
        let changes: BTreeMap<usize, Change> = retired
            .filter(|(_, key)| over.contains(&&key.path) || !listed(key))
            .map(|(position, _)| (position, Change::Drop))
            .collect();
        if changes.is_empty() {
            say(
                "nothing to take away: tokens of every retired key may still live, or when it retired is not known \
                 (`dockgate keys list`)",
            );
            return Ok(());
        }
        let (new, _) = self.changed(&changes)?;
        let names: Vec<&str> =
            changes.keys().filter_map(|position| self.keys.get(*position)).map(title).collect();
        if self.write(&new)? {
            say(&format!(
                "{} is taken away. Its certificate goes from the registries when they are next given what `dockgate keys \
                 export` prints.",
                names.join(", ")
            ));
        }
        Ok(())
    }

    /// The text with these changes, and what signs under it: it loads, or nothing comes of it.
    fn changed(&self, changes: &BTreeMap<usize, Change>) -> Result<(String, Arc<Signing>), ExitCode> {
        let new = edit::edited(&self.text, changes).map_err(|unclear| {
            complain(&format!(
                "{}: {unclear}: nothing was changed. Change it yourself:",
                self.shown_config()
            ));
            for (position, change) in changes {
                if let Some(key) = self.keys.get(*position) {
                    complain(&format!("  {}, {}: {}", key.location(), title(key), in_words(change)));
                }
            }
            ExitCode::from(FAILED)
        })?;
        let signing = self.loaded(&new)?;
        Ok((new, signing))
    }

    fn loaded(&self, text: &str) -> Result<Arc<Signing>, ExitCode> {
        let runtime = runtime().map_err(|error| failed(&format!("cannot start: {error}")))?;
        let _entered = runtime.enter();
        let source = source_of(text, &self.options.config, self.outside)?;
        let loaded = state::build(&source, self.backends, self.outside, &Lasting::default());
        let Loaded { state, .. } = loaded.map_err(|problems| refuse(&self.options.config, &problems))?;
        Ok(state.signing())
    }

    /// Answers whether the file is another one now; it is not when only asked for.
    fn write(&self, new: &str) -> Result<bool, ExitCode> {
        let lines = lines::changed(&self.text, new);
        if self.options.dry_run {
            say(lines.trim_end());
            return Ok(false);
        }
        match replace::replace(&self.options.config, &self.text, new) {
            Ok(()) => Ok(true),
            Err(error) => {
                complain(&format!(
                    "{error}\nNothing was changed. These lines are to be:\n{}",
                    lines.trim_end()
                ));
                Err(ExitCode::from(FAILED))
            }
        }
    }

    fn shown_config(&self) -> String {
        shell_word(&self.options.config.display().to_string())
    }
}

/// Whether the next key's certificate is one to begin with.
fn fits(signing: &Signing, next: &SigningKeyConfig, now: SystemTime) -> Result<(), ExitCode> {
    let mut keys = signing.keys().iter().zip(signing.standings());
    let Some((key, _)) = keys.find(|(_, standing)| standing.path == next.path) else { return Ok(()) };
    if key.managed.is_some() {
        return Ok(());
    }
    let why = if key.key.leaf().not_before() > now {
        format!("is not valid before {}", Moment(key.key.leaf().not_before()))
    } else if key.ends() <= now + SHORTEST_USE {
        format!("ends on {}: renew it, and give it to the registries anew", Moment(key.ends()))
    } else {
        if key.ends() <= now + SHORT_USE {
            complain(&format!("warning: the certificate of {} ends on {}", title(next), Moment(key.ends())));
        }
        return Ok(());
    };
    Err(failed(&format!("the certificate of {} {why}; nothing was changed", title(next))))
}

fn source_of(text: &str, config: &Path, outside: &Outside) -> Result<Source, ExitCode> {
    let directory = config.parent().filter(|parent| !parent.as_os_str().is_empty());
    let name = config.display().to_string();
    Source::parse(&name, text, directory.unwrap_or(Path::new(".")), outside.environment.as_ref())
        .map_err(|problems| refuse(config, &problems))
}

fn in_words(change: &Change) -> String {
    match change {
        Change::Use(role, None) => format!("write `use: {role}`"),
        Change::Use(role, Some(since)) => format!("write `use: {role}` and `retired_at: {since}`"),
        Change::Drop => "take the item away".to_owned(),
    }
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests;
