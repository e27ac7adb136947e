//! One provider, as it is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dockgate_api::{
    BackendError, BuildContext, Call, Clock, Health, HttpClient, HttpRequest, HttpResponse, HttpSettings,
    HttpSettingsError, async_trait,
};
use serde::de::DeserializeOwned;

use super::limits::{Asker, Limits, asked_to_wait};
use super::meter::Meter;

/// Sends what is asked, in time and not while the provider wants nothing to be sent. An answer with a status of 500 or
/// more, and one that says to wait, is none.
pub(crate) struct Provider {
    title: &'static str,
    client: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    limits: Arc<Limits>,
    meter: Meter,
    /// What the last question came to, if to nothing.
    trouble: Mutex<Option<String>>,
}

impl Provider {
    /// The provider of a link; `place` is where it is.
    pub(crate) fn new(
        title: &'static str,
        place: &str,
        timeout: Duration,
        cx: &BuildContext,
    ) -> Result<Self, HttpSettingsError> {
        Ok(Self {
            title,
            client: cx.http_client(HttpSettings::new())?,
            clock: cx.clock(),
            timeout,
            limits: cx.kept(&format!("{} {title} {place}", cx.link()), Limits::default),
            meter: Meter::new(cx.metrics().as_ref()),
            trouble: Mutex::default(),
        })
    }

    /// What people call it.
    pub(crate) fn title(&self) -> &'static str {
        self.title
    }

    /// How it answered last.
    pub(crate) fn health(&self) -> Health {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |trouble: &String| Health::Degraded(format!("the last question failed: {trouble}"));
        trouble.as_ref().map_or(Health::Up, told)
    }

    fn remember(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    async fn ask(&self, cx: &Call, request: HttpRequest, asker: Asker) -> Result<HttpResponse, BackendError> {
        let answer = self.client.send(cx, request).await?;
        let now = self.clock.now();
        if let Some(wait) = asked_to_wait(&answer, now) {
            self.limits.remember(asker, now, wait);
            return Err(self.overloaded(wait));
        }
        match answer.status {
            status @ 500.. => {
                Err(BackendError::Unavailable(format!("{} answered with status {status}", self.title)))
            }
            _ => Ok(answer),
        }
    }

    fn overloaded(&self, retry_after: Duration) -> BackendError {
        BackendError::Overloaded {
            detail: format!("{} limits how often it is asked", self.title),
            retry_after,
        }
    }
}

#[async_trait]
impl HttpClient for Provider {
    async fn send(&self, cx: &Call, request: HttpRequest) -> Result<HttpResponse, BackendError> {
        let asker = Asker::of(&request);
        if let Some(wait) = self.limits.wait(asker, self.clock.now()) {
            self.meter.kept_back();
            return Err(self.overloaded(wait));
        }
        // Whoever gave it less has no right to call it late.
        let fair = cx.remaining() >= self.timeout;
        let answer = self.ask(&cx.with_deadline(Instant::now() + self.timeout), request, asker).await;
        self.meter.count(&answer);
        match &answer {
            Ok(_) => self.remember(None),
            Err(BackendError::Timeout(_)) if !fair => {}
            // One person's limit says nothing of the provider.
            Err(BackendError::Overloaded { .. }) if asker != Asker::default() => {}
            Err(error) => self.remember(Some(error.to_string())),
        }
        answer
    }
}

/// The first header of a name.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Reads an answer. What it says is not repeated.
pub(crate) fn read_json<T: DeserializeOwned>(
    title: &str,
    what: &str,
    answer: &HttpResponse,
) -> Result<T, BackendError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        BackendError::Protocol(format!("{title} answered {what} with something else, at {line}:{column}"))
    })
}

/// What the API says of a refusal, in lower case; none if that is not the API's: somebody on the way also has statuses to
/// give, and nobody's access ends by them.
pub(crate) fn said(answer: &HttpResponse) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Said {
        message: Option<serde_json::Value>,
        error: Option<serde_json::Value>,
    }
    let Said { message, error } = serde_json::from_slice(&answer.body).ok()?;
    let texts = [message, error].into_iter().flatten().map(|text| text.to_string().to_lowercase());
    Some(texts.collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
}
