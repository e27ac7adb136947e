//! Another server, as a test writes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dockgate_api::{
    BackendError, Call, HttpClient, HttpRequest, HttpResponse, HttpSettings, HttpSettingsError, Outbound,
    async_trait,
};

/// Answers each method and URL as it was told, and writes down what it was asked; what it was told nothing of is an
/// error. A clone is the same server.
#[derive(Clone, Default)]
pub struct ScriptedHttp(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answers: BTreeMap<(String, String), Result<HttpResponse, BackendError>>,
    asked: Vec<HttpRequest>,
}

impl ScriptedHttp {
    /// A server that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers so from now on.
    pub fn on(&self, method: &str, url: &str, answer: HttpResponse) {
        self.script().answers.insert((method.to_owned(), url.to_owned()), Ok(answer));
    }

    /// Answers with this status and JSON document from now on.
    pub fn json(&self, method: &str, url: &str, status: u16, document: &str) {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        self.on(method, url, HttpResponse::new(status, headers, document.as_bytes().to_vec()));
    }

    /// Gives no answer from now on.
    pub fn fail(&self, method: &str, url: &str, error: BackendError) {
        self.script().answers.insert((method.to_owned(), url.to_owned()), Err(error));
    }

    /// Everything that was asked since this was last called.
    pub fn take_asked(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut self.script().asked)
    }

    /// The same, each as `METHOD URL`.
    pub fn take_urls(&self) -> Vec<String> {
        let asked = self.take_asked();
        asked.iter().map(|request| format!("{} {}", request.method, request.url)).collect()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HttpClient for ScriptedHttp {
    async fn send(&self, _cx: &Call, request: HttpRequest) -> Result<HttpResponse, BackendError> {
        // Others have their turn meanwhile, as they have where there is a network.
        tokio::task::yield_now().await;
        let mut script = self.script();
        let asked = (request.method.clone(), request.url.clone());
        let nothing =
            || Err(BackendError::Protocol(format!("nothing is scripted for {} {}", asked.0, asked.1)));
        let answer = script.answers.get(&asked).cloned().unwrap_or_else(nothing);
        script.asked.push(request);
        answer
    }
}

impl Outbound for ScriptedHttp {
    fn client(&self, _settings: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError> {
        Ok(Arc::new(self.clone()))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}
