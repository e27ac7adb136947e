//! One hook: a document goes there, what is read of its answer comes back, or the reason why there is none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::secrecy::{ExposeSecret, SecretString};
use dockgate_api::{BackendError, Call, Clock, Health, HttpClient, HttpRequest, HttpResponse, Random};
use dockgate_hooks::{Slots, clean};

use crate::breaker::{Bounds, Breaker, Permit};
use crate::meter::Meter;
use crate::signature::{MessageId, Signer};

/// Far beyond any list of groups, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Before the next try to connect.
const PAUSE: Duration = Duration::from_millis(50);
/// A hook that was given less says nothing of itself by being late.
const FAIR: Duration = Duration::from_secs(1);

/// Where to ask and how.
pub(crate) struct Hook {
    pub(crate) client: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) url: String,
    /// The same without what may be a secret.
    pub(crate) shown: String,
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) bearer: Option<SecretString>,
    /// What of our own a hook may repeat.
    pub(crate) secrets: Vec<SecretString>,
    pub(crate) signer: Option<Signer>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) breaker: Arc<Breaker>,
    pub(crate) bounds: Bounds,
    pub(crate) meter: Meter,
}

/// What is asked, and what must not be said of it.
pub(crate) struct Asked<'a> {
    /// The document.
    pub(crate) body: &'a str,
    /// Whether 201 is as good as 200, as for Kubernetes, where a review is made.
    pub(crate) made: bool,
    /// A password in the document, which the hook may repeat.
    pub(crate) secret: &'a str,
}

impl Hook {
    /// Asks, and reads the answer with `read`, which says what is wrong with one that is none.
    ///
    /// # Errors
    /// If the hook gave no answer that could be read; if too much is asked of it, or if it is left alone for a while.
    pub(crate) async fn ask<T>(
        &self,
        cx: &Call,
        asked: &Asked<'_>,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<T, BackendError> {
        let _slot = self.slots.take(cx).await?;
        let admitted = self.breaker.admit(self.clock.now(), self.bounds);
        let permit = admitted.map_err(|trouble| {
            self.meter.kept_back();
            BackendError::Unavailable(format!("{} is left alone for a while: {trouble}", self.shown))
        })?;
        let cx = cx.with_deadline(Instant::now() + self.timeout);
        let fair = cx.remaining() >= self.timeout.min(FAIR);
        let sent = self.send(&cx, asked).await;
        let answer = self.judge(permit, fair, sent, asked, read);
        self.meter.count(&answer);
        self.meter.breaker_open.set(i64::from(self.breaker.is_open()));
        answer
    }

    async fn send(&self, cx: &Call, asked: &Asked<'_>) -> Result<HttpResponse, BackendError> {
        let id = self.signer.as_ref().map(|_| MessageId::new(self.random.as_ref()));
        let id = id.transpose().map_err(|error| BackendError::Unavailable(error.to_string()))?;
        let mut tries = self.retries;
        loop {
            match self.client.send(cx, self.request(cx, asked, id.as_ref())).await {
                // Nothing was sent.
                Err(BackendError::Unavailable(_)) if tries > 0 && cx.remaining() > PAUSE => {
                    tries -= 1;
                    self.meter.retries.add(1);
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    fn request(&self, cx: &Call, asked: &Asked<'_>, id: Option<&MessageId>) -> HttpRequest {
        let mut request = HttpRequest::new("POST", &self.url);
        let json = "application/json".to_owned();
        request.headers = vec![("content-type".to_owned(), json.clone()), ("accept".to_owned(), json)];
        if let Some(token) = &self.bearer {
            request.headers.push(("authorization".to_owned(), format!("Bearer {}", token.expose_secret())));
        }
        if let (Some(signer), Some(id)) = (&self.signer, id) {
            request.headers.extend(signer.headers(id, cx.now(), asked.body.as_bytes()));
        }
        request.body = asked.body.as_bytes().to_vec();
        request.max_response = LONGEST_ANSWER;
        request
    }

    /// Which errors are the hook's own. What it makes of one question is none of them: else whoever asks it odd things
    /// could have it left alone.
    fn judge<T>(
        &self,
        permit: Permit<'_>,
        fair: bool,
        sent: Result<HttpResponse, BackendError>,
        asked: &Asked<'_>,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<T, BackendError> {
        let fail = |permit: Permit<'_>, error: &BackendError| {
            permit.failed(error.to_string(), self.clock.now(), self.bounds);
        };
        let response = match sent {
            Ok(response) => response,
            Err(error @ BackendError::Timeout(_)) if !fair => return Err(error),
            Err(error) => {
                fail(permit, &error);
                return Err(error);
            }
        };
        match response.status {
            200 => {}
            201 if asked.made => {}
            status @ (429 | 502..=504) => {
                let error =
                    BackendError::Unavailable(format!("{} answered with status {status}", self.shown));
                fail(permit, &error);
                return Err(error);
            }
            status => {
                let detail = format!("{} answered with status {status}: only 200 decides", self.shown);
                // 500 too: a hook that stumbles over one question says so of that question.
                let error = BackendError::Protocol(detail);
                permit.puzzled(error.to_string());
                return Err(error);
            }
        }
        match read(&response.body) {
            Ok(answer) => {
                permit.answered();
                Ok(answer)
            }
            Err(why) => {
                let error =
                    BackendError::Protocol(format!("{}: {}", self.shown, self.clean(&why, asked.secret)));
                permit.puzzled(error.to_string());
                Err(error)
            }
        }
    }

    /// A text of the hook's for log and audit.
    pub(crate) fn clean(&self, text: &str, secret: &str) -> String {
        let own = self.secrets.iter().map(ExposeSecret::expose_secret);
        clean(text, own.chain([secret]))
    }

    /// Whether the next question only tries whether it is well again.
    pub(crate) fn is_left_alone(&self) -> bool {
        self.breaker.is_open()
    }

    pub(crate) fn health(&self) -> Health {
        self.breaker.health()
    }
}
