//! `dockgate keys show CONFIG`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use super::super::date;
use super::{bundle, jwks};
use crate::backends::Backends;
use crate::outside::Outside;
use crate::state::{LoadedKey, ServiceProfile, Signing, State};
use crate::token::trust::{TokenForm, Trust, TrustFile, Version};
use crate::token::{libtrust_id, thumbprint};

pub(super) fn run(config: &Path, backends: &Backends, outside: &Outside) -> ExitCode {
    let state = match super::load(config, backends, outside) {
        Ok(state) => state,
        Err(code) => return code,
    };
    let signing = state.signing();
    let mut text = String::new();
    for (position, key) in signing.keys().iter().enumerate() {
        describe(&mut text, position, key, &signing);
    }
    for (profile, key) in signing.profiles() {
        settings(&mut text, config, &state, &signing, profile, key);
    }
    super::super::say(text.trim_end());
    ExitCode::SUCCESS
}

fn describe(text: &mut String, position: usize, key: &LoadedKey, signing: &Signing) {
    let (public, leaf) = (key.key.public_key(), key.key.leaf());
    let services: Vec<&str> = signing
        .profiles()
        .filter(|(profile, _)| profile.key() == position)
        .map(|(profile, _)| profile.service.as_deref().unwrap_or("every service that is not listed"))
        .collect();
    let signs =
        if services.is_empty() { "nothing yet, only published".to_owned() } else { services.join(", ") };
    let _ = write!(
        text,
        "Key {}\n  \
         signs for     {signs}\n  \
         algorithm     {} ({})\n  \
         libtrust id   {}\n  \
         RFC 7638 id   {}\n  \
         certificate   {}, {} to {}\n",
        position + 1,
        key.key.algorithm(),
        public.material().kind(),
        libtrust_id(public),
        thumbprint(public.material()),
        leaf.subject(),
        date(leaf.not_before()),
        date(leaf.not_after()),
    );
    if let Some(managed) = &key.managed {
        text.push_str("  renews itself well before it ends\n");
        for authority in &managed.authorities {
            let _ = writeln!(
                text,
                "  issued below  {}, {} to {}",
                authority.subject(),
                date(authority.not_before()),
                date(authority.not_after())
            );
        }
    }
    text.push('\n');
}

/// What the registry of a service is to be told, and which versions then take the tokens.
fn settings(
    text: &mut String,
    config: &Path,
    state: &State,
    signing: &Signing,
    profile: &ServiceProfile,
    key: &LoadedKey,
) {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let service = profile.service.as_deref().unwrap_or("SERVICE");
    let form = TokenForm { key: &key.key, header: &profile.header };
    // The command refuses short-lived keys unless it is told that they are meant.
    let any_managed = signing.keys().iter().any(|key| key.managed.is_some());
    let jwks_option = if any_managed { "--jwks --short-lived" } else { "--jwks" };
    let ways = [
        (
            "rootcertbundle",
            "bundle.pem",
            "--bundle",
            Trust::bundle(&file("bundle.pem", &bundle(signing))).ok(),
        ),
        ("jwks", "jwks.json", jwks_option, Trust::jwks(&file("jwks.json", &jwks(signing))).ok()),
    ];
    let _ = match &profile.service {
        Some(service) => writeln!(text, "Settings of the registry whose service is {service}\n"),
        None => writeln!(text, "Settings of a registry\n"),
    };
    for (setting, name, option, trust) in ways {
        let Some(trust) = trust else { continue };
        if setting == "jwks" && key.managed.is_some() {
            text.push_str(
                "  With `jwks`: the key renews itself every few days, and a registry reads the file only when it starts. Use \
                 `rootcertbundle`, or give this service a key of its own.\n\n",
            );
            continue;
        }
        let takes = versions(&trust, form, state.now());
        if takes.is_empty() && key.managed.is_some() && setting == "jwks" {
            // A file that the registry reads once is nothing for keys that change.
            continue;
        }
        if takes.is_empty() {
            let _ = writeln!(
                text,
                "  With `{setting}`: no registry takes tokens of this form.{}\n",
                cure(&trust, form, state.now())
            );
            continue;
        }
        let _ = write!(
            text,
            "  With `{setting}`, for registry {}:\n\n    \
             auth:\n      token:\n        \
             realm: https://HOST{}/auth   # where clients reach this server\n        \
             service: {}\n        \
             issuer: {}\n        \
             {setting}: /etc/registry/{name}   # dockgate keys export {option} {} > {name}\n\n",
            takes.join(", "),
            state.prefix(),
            quoted(service),
            quoted(state.issuer()),
            config.display(),
        );
    }
}

fn file(name: &str, content: &str) -> TrustFile {
    TrustFile { path: PathBuf::from(name), bytes: content.as_bytes().to_vec() }
}

fn versions(trust: &Trust, form: TokenForm<'_>, now: SystemTime) -> Vec<String> {
    let takes = Version::ALL.into_iter().filter(|version| trust.takes(*version, form, now).is_ok());
    takes.map(|version| version.to_string()).collect()
}

/// What to write to be taken by the newest version that can be pleased.
fn cure(trust: &Trust, form: TokenForm<'_>, now: SystemTime) -> String {
    let mut newest_first = Version::ALL.into_iter().rev();
    let header = newest_first.find_map(|version| trust.header_for(version, form, now));
    header.map_or_else(String::new, |header| {
        format!(" Write {} to change that.", super::super::header_words(&header))
    })
}
