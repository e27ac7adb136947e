//! `dockgate keys show CONFIG`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use super::export::{bundle, jwks, need_service};
use crate::backends::Backends;
use crate::cli::{date, header_words, say, shell_word};
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
        Settings { config, state: &state, signing: &signing, profile, key }.write(&mut text);
    }
    say(text.trim_end());
    ExitCode::SUCCESS
}

fn describe(text: &mut String, position: usize, key: &LoadedKey, signing: &Signing) {
    let (public, leaf) = (key.key.public_key(), key.key.leaf());
    let of_key = signing.profiles().filter(|(profile, _)| profile.key() == position);
    let services: Vec<&str> = of_key
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
        if managed.renews_itself {
            text.push_str("  renewal       by itself, well before it ends\n");
        } else {
            let end = date(leaf.not_after());
            let _ = writeln!(text, "  renewal       by `dockgate keys issue-leaf`, before {end}");
        }
        for authority in &managed.authorities {
            let (from, to) = (date(authority.not_before()), date(authority.not_after()));
            let _ = writeln!(text, "  authority     {}, {from} to {to}", authority.subject());
        }
    }
    text.push('\n');
}

/// What the registry of a service is to be told, and which versions then take the tokens.
struct Settings<'a> {
    config: &'a Path,
    state: &'a State,
    signing: &'a Signing,
    profile: &'a ServiceProfile,
    key: &'a LoadedKey,
}

impl Settings<'_> {
    fn write(&self, text: &mut String) {
        let _ = match &self.profile.service {
            Some(service) => writeln!(text, "Settings of the registry whose service is {service}\n"),
            None => writeln!(text, "Settings of a registry\n"),
        };
        let content = bundle(self.signing, self.profile);
        if let Ok(trust) = Trust::bundle(&file("bundle.pem", &content)) {
            self.write_way(text, "rootcertbundle", "bundle.pem", "--bundle", &trust);
        }
        if self.key.managed.is_some() {
            text.push_str(
                "  With `jwks`: the key changes every few days, and a registry reads the file only when it starts. Use \
                 `rootcertbundle`, or give this service a key of its own.\n\n",
            );
            return;
        }
        let content = jwks(self.signing, self.profile).unwrap_or_default();
        if let Ok(trust) = Trust::jwks(&file("jwks.json", &content)) {
            self.write_way(text, "jwks", "jwks.json", "--jwks", &trust);
        }
    }

    fn write_way(&self, text: &mut String, setting: &str, name: &str, option: &str, trust: &Trust) {
        let form = TokenForm { key: &self.key.key, header: &self.profile.header };
        let now = self.state.now();
        let takes: Vec<String> = Version::ALL
            .into_iter()
            .filter(|version| trust.takes(*version, form, now).is_ok())
            .map(|version| version.to_string())
            .collect();
        if takes.is_empty() {
            let cure = cure(trust, form, now);
            let _ = writeln!(text, "  With `{setting}`: no registry takes tokens of this form.{cure}\n");
            return;
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let service = self.profile.service.as_deref().unwrap_or("SERVICE");
        let only = if need_service(self.signing) {
            format!(" --service {}", shell_word(service))
        } else {
            String::new()
        };
        let _ = write!(
            text,
            "  With `{setting}`, for registry {}:\n\n    \
             auth:\n      token:\n        \
             realm: https://HOST{}/auth   # where clients reach this server\n        \
             service: {}\n        \
             issuer: {}\n        \
             {setting}: /etc/registry/{name}   # dockgate keys export {option}{only} {} > {name}\n\n",
            takes.join(", "),
            self.state.prefix(),
            quoted(service),
            quoted(self.state.issuer()),
            shell_word(&self.config.display().to_string()),
        );
    }
}

fn file(name: &str, content: &str) -> TrustFile {
    TrustFile { path: PathBuf::from(name), bytes: content.as_bytes().to_vec() }
}

/// What to write to be taken by the newest version that can be pleased.
fn cure(trust: &Trust, form: TokenForm<'_>, now: SystemTime) -> String {
    let mut newest_first = Version::ALL.into_iter().rev();
    let header = newest_first.find_map(|version| trust.header_for(version, form, now));
    header.map_or_else(String::new, |header| format!(" Write {} to change that.", header_words(&header)))
}
