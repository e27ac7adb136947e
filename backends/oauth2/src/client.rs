//! The server's HTTP client, as the `oauth2` crates want one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use dockgate_api::{BackendError, Call, HttpClient, HttpRequest};
use oauth2::AsyncHttpClient;

/// An answer of a provider is short; a list of keys or groups is a page of it.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// The client for the length of one call, under its deadline.
pub(crate) struct ForCall<'a> {
    pub(crate) client: &'a dyn HttpClient,
    pub(crate) cx: &'a Call,
}

/// What the crates hand on of a request that got no answer.
#[derive(Debug)]
pub(crate) struct NoAnswer(pub(crate) BackendError);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for NoAnswer {}

impl<'c> AsyncHttpClient<'c> for ForCall<'_> {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let mut ours = HttpRequest::new(head.method.as_str(), head.uri.to_string());
            for (name, value) in &head.headers {
                let value = value.to_str().map_err(|_| protocol("a header that is no text"))?;
                ours.headers.push((name.as_str().to_owned(), value.to_owned()));
            }
            (ours.body, ours.max_response) = (body, LONGEST_ANSWER);
            let answer = self.client.send(self.cx, ours).await.map_err(NoAnswer)?;
            let mut response = http::Response::builder().status(answer.status);
            for (name, value) in answer.headers {
                response = response.header(name, value);
            }
            response.body(answer.body).map_err(|_| protocol("an answer with impossible headers"))
        })
    }
}

fn protocol(what: &str) -> NoAnswer {
    NoAnswer(BackendError::Protocol(what.to_owned()))
}
