//! What is known of a provider: its document and its keys, asked for at first use and again now and then.

mod document;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use dockgate_api::{BackendError, Call, Health};
use openidconnect::core::CoreJsonWebKeySet;
use serde_json::Value;

use self::document::Document;
use super::web::Web;

/// After so long the document and the keys are asked for again.
const FRESH: Duration = Duration::from_hours(1);
/// For so long the last good ones do while the provider is down.
const LAST_GOOD: Duration = Duration::from_hours(24);
/// For so long a failure is not tried again.
const REST: Duration = Duration::from_secs(5);
/// Keys are not asked for more often, whatever tokens name: whoever makes some up must not wear the provider out.
const BETWEEN_KEYS: Duration = Duration::from_secs(30);

/// A provider.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) web: Web,
    pub(crate) memory: Arc<Memory>,
}

/// What outlives a reload of the configuration.
#[derive(Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
    /// Whoever asks holds it, so that others wait for the same answer.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    known: Option<Arc<Known>>,
    failed: Option<(SystemTime, BackendError)>,
    keys_asked: Option<SystemTime>,
}

/// A provider as it was at one moment.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) document: Document,
    pub(crate) keys: CoreJsonWebKeySet,
    read_at: SystemTime,
}

impl Provider {
    /// What is known, asked for if it is old.
    ///
    /// # Errors
    /// If nothing is known, or nothing that still counts.
    pub(crate) async fn known(&self, cx: &Call) -> Result<Arc<Known>, BackendError> {
        if let Some(answer) = self.remembered(cx.now()) {
            return answer;
        }
        let _asking = self.turn(cx).await?;
        if let Some(answer) = self.remembered(cx.now()) {
            return answer;
        }
        match self.read(cx).await {
            Ok(known) => {
                let known = Arc::new(known);
                let mut state = self.state();
                (state.known, state.failed) = (Some(Arc::clone(&known)), None);
                state.keys_asked = Some(cx.now());
                Ok(known)
            }
            Err(error) => {
                let mut state = self.state();
                state.failed = Some((cx.now(), error.clone()));
                state.last_good(cx.now()).ok_or(error)
            }
        }
    }

    /// Other keys than those that a token did not fit; none if there are none, or if they were asked for just now.
    ///
    /// # Errors
    /// If they cannot be asked for.
    pub(crate) async fn other_keys(
        &self,
        cx: &Call,
        tried: &Arc<Known>,
    ) -> Result<Option<Arc<Known>>, BackendError> {
        let _asking = self.turn(cx).await?;
        {
            let mut state = self.state();
            if let Some(newer) = state.known.as_ref().filter(|known| !Arc::ptr_eq(known, tried)) {
                return Ok(Some(Arc::clone(newer)));
            }
            if state.keys_asked.is_some_and(|asked| age(cx.now(), asked) < BETWEEN_KEYS) {
                return Ok(None);
            }
            state.keys_asked = Some(cx.now());
        }
        let keys = self.read_keys(cx, &tried.document).await?;
        let known = Known { document: tried.document.clone(), keys, read_at: tried.read_at };
        let known = Arc::new(known);
        self.state().known = Some(Arc::clone(&known));
        Ok(Some(known))
    }

    /// How the provider was when it was last asked.
    pub(crate) fn health(&self) -> Health {
        let state = self.state();
        match (&state.failed, &state.known) {
            (None, _) => Health::Up,
            (Some((_, error)), Some(_)) => {
                Health::Degraded(format!("what is known of the provider is old: {error}"))
            }
            (Some((_, error)), None) => Health::Down(error.to_string()),
        }
    }

    fn remembered(&self, now: SystemTime) -> Option<Result<Arc<Known>, BackendError>> {
        let state = self.state();
        let fresh = state.known.as_ref().filter(|known| age(now, known.read_at) < FRESH);
        if let Some(known) = fresh {
            return Some(Ok(Arc::clone(known)));
        }
        let (at, error) = state.failed.as_ref()?;
        (age(now, *at) < REST).then(|| state.last_good(now).ok_or_else(|| error.clone()))
    }

    async fn turn(&self, cx: &Call) -> Result<tokio::sync::MutexGuard<'_, ()>, BackendError> {
        let turn = tokio::time::timeout(cx.remaining(), self.memory.asking.lock()).await;
        turn.map_err(|_| BackendError::Timeout("the provider has not said yet who it is".to_owned()))
    }

    async fn read(&self, cx: &Call) -> Result<Known, BackendError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document = self.web.document(cx, "the discovery document", &url).await?;
        let document = Document::read(&self.issuer, document)?;
        let keys = self.read_keys(cx, &document).await?;
        Ok(Known { document, keys, read_at: cx.now() })
    }

    async fn read_keys(&self, cx: &Call, document: &Document) -> Result<CoreJsonWebKeySet, BackendError> {
        let keys = self.web.document(cx, "the provider's keys", &document.jwks_uri).await?;
        let keys = serde_json::from_value(Value::Object(keys));
        keys.map_err(|_| BackendError::Protocol("the provider's keys are no key set (RFC 7517)".to_owned()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.memory.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn last_good(&self, now: SystemTime) -> Option<Arc<Known>> {
        self.known.as_ref().filter(|known| age(now, known.read_at) < LAST_GOOD).cloned()
    }
}

/// A time that is still to come is out of a clock that was set back: it counts for nothing.
fn age(now: SystemTime, then: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or(Duration::MAX)
}
