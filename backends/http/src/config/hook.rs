//! What both sections have in common.

use std::time::Duration;

use dockgate_api::config::secret::{self, Given};
use dockgate_api::config::{Located, Remark};
use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BuildContext, BuildError};
use dockgate_hooks::{Limits, LimitsConfig, Slots};

use super::key;
use super::tls::TlsConfig;
use super::url::HookUrl;
use super::values::BreakerConfig;
use crate::breaker::Breaker;
use crate::hook::Hook;
use crate::meter::Meter;
use crate::signature::Signer;

const LIMITS: Limits = Limits { max_concurrent: 64, max_queue: 1000 };

/// The keys of a hook.
pub(super) struct HookKeys {
    pub(super) url: Located<String>,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    pub(super) limits: LimitsConfig,
    pub(super) tls: Option<TlsConfig>,
    pub(super) bearer: Given,
    pub(super) signing: Given,
    pub(super) breaker: BreakerConfig,
}

impl HookKeys {
    /// Makes the hook of a link; `kind` is the key of its section.
    pub(super) fn build(self, kind: &str, cx: &BuildContext, errors: &mut BuildError) -> Option<Hook> {
        let url = HookUrl::read(&self.url);
        let url = url.map_err(|message| errors.add(self.at_url(message))).ok();
        let bearer = bearer(self.bearer, cx, errors);
        let signer = signer(self.signing, cx, errors);
        if let (Some(HookUrl { is_tls: false, .. }), Some(_)) = (&url, &self.tls) {
            let message = "`tls` does nothing for `http://`: write `https://`, or take `tls` away";
            errors.add(Remark::new(self.url.location.clone(), key("url"), message));
        }
        let tls = self.tls.unwrap_or_default();
        let settings = tls.settings(cx, errors);
        if !errors.is_empty() {
            return None;
        }
        let url = url?;
        let client = cx.http_client(settings).map_err(|error| errors.add(tls.remark(&error))).ok()?;
        if url.in_clear {
            let message = "whoever is on the way reads what is asked, passwords too, and can answer in the hook's place: \
                           write `https://`";
            cx.warn(Remark::new(self.url.location, key("url"), message));
        }
        let name = format!("{} {kind} {}", cx.link(), url.whole);
        let meter = Meter::new(cx.metrics().as_ref());
        let secrets = bearer.iter().cloned().chain(url.secrets).collect();
        let breaker = cx.kept(&name, Breaker::default);
        meter.breaker_open.set(i64::from(breaker.is_open()));
        Some(Hook {
            client,
            clock: cx.clock(),
            random: cx.random(),
            url: url.whole,
            shown: url.shown,
            timeout: self.timeout,
            retries: self.retries,
            bearer,
            secrets,
            signer,
            slots: Slots::kept(cx, kind, self.limits.or(LIMITS)),
            breaker,
            bounds: self.breaker.bounds(),
            meter,
        })
    }

    fn at_url(&self, message: String) -> Remark {
        Remark::new(self.url.location.clone(), key("url"), message)
    }
}

fn bearer(given: Given, cx: &BuildContext, errors: &mut BuildError) -> Option<SecretString> {
    let found = secret::find("bearer_token", given, cx, errors)?;
    let token = found.secret.expose_secret();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "a token is one word of visible ASCII characters (RFC 6750): correct it";
        errors.add(Remark::new(found.location, key(&found.key), message));
        return None;
    }
    Some(found.secret)
}

fn signer(given: Given, cx: &BuildContext, errors: &mut BuildError) -> Option<Signer> {
    let found = secret::find("signing_key", given, cx, errors)?;
    let read = Signer::read(&found.secret);
    read.map_err(|message| errors.add(Remark::new(found.location, key(&found.key), message))).ok()
}
