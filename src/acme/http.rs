//! The library's way to the authority: the site's, with its proxies and authorities.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::http::{Request, Response};
use bytes::Bytes;
use dockgate_api::{Call, Clock, HttpClient, HttpRequest, HttpResponse, RequestId};
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// An answer comes within this, or never.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// Beyond any chain of certificates, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;
/// An authority that wants to be left alone for longer is asked all the same.
const LONGEST_PAUSE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Asks the authority, and remembers when it wants to be asked again. A clone is the same.
#[derive(Clone)]
pub(super) struct Http {
    client: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    not_before: Arc<Mutex<Option<SystemTime>>>,
}

impl Http {
    pub(super) fn new(client: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock, not_before: Arc::default() }
    }

    /// What it last said of that when it refused something.
    pub(super) fn not_before(&self) -> Option<SystemTime> {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await;
        let mut asked = HttpRequest::new(head.method.as_str(), head.uri.to_string());
        // Who asks is said by the client.
        let content_type = head.headers.get("content-type").and_then(|value| value.to_str().ok());
        asked.headers =
            content_type.map(|value| ("content-type".to_owned(), value.to_owned())).into_iter().collect();
        asked.body = body.to_bytes().into();
        asked.max_response = LONGEST_ANSWER;
        let now = self.clock.now();
        let call = Call::new(now, Instant::now() + ANSWERED_WITHIN, RequestId::from_bits(0));
        let answer = self.client.send(&call, asked).await.map_err(|error| Error::Other(Box::new(error)))?;
        if answer.status >= 400 {
            *self.not_before.lock().unwrap_or_else(PoisonError::into_inner) =
                pause(&answer, self.clock.now());
            // A proxy's page says nothing that could be shown.
            if !answer.body.starts_with(b"{") {
                let host = head.uri.host().unwrap_or_default();
                return Err(Error::Other(
                    format!("{host} answers with HTTP status {}", answer.status).into(),
                ));
            }
        }
        let mut response = Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        let (parts, ()) = response.body(())?.into_parts();
        Ok(BytesResponse { parts, body: Box::new(Bytes::from(answer.body)) })
    }
}

impl instant_acme::HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().exchange(request))
    }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn pause(answer: &HttpResponse, now: SystemTime) -> Option<SystemTime> {
    let mut headers = answer.headers.iter();
    let value = headers.find(|(name, _)| name == "retry-after").map(|(_, value)| value.trim())?;
    let until = match value.parse() {
        Ok(seconds) => now.checked_add(Duration::from_secs(seconds))?,
        Err(_) => SystemTime::from(OffsetDateTime::parse(value, &Rfc2822).ok()?),
    };
    Some(until.min(now + LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn both_ways_to_ask_for_a_pause() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (value, seconds) in [
            ("120", Some(120)),
            ("Sun, 09 Sep 2001 01:47:40 GMT", Some(60)),
            ("999999999", Some(LONGEST_PAUSE.as_secs())),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = vec![("retry-after".to_owned(), value.to_owned())];
            let until = pause(&HttpResponse::new(429, headers, Vec::new()), now);
            assert_eq!(until, seconds.map(|seconds| now + Duration::from_secs(seconds)), "{value}");
        }
        assert_eq!(pause(&HttpResponse::new(503, Vec::new(), Vec::new()), now), None);
    }
}
