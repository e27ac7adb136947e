//! Real servers on loopback, fair and foul.

mod answers;
mod proxies;
mod servers;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::{BackendError, Call, HttpRequest, HttpResponse, HttpSettings, Outbound as _, RequestId};
use dockgate_testkit::fakes::{RepeatableRandom, TurnableClock, noon};

use super::Site;
use crate::logging::Log;
use crate::outside::{MemoryMetrics, Outside};

const GOOD: &str = "HTTP/1.1 200 OK\r\nX-Answer: one\r\nContent-Length: 4\r\n\r\ngood";

/// A site in an environment of its own, without authorities of the system.
struct Place {
    site: Site,
    clock: Arc<TurnableClock>,
}

impl Place {
    fn new(authorities: &[&str], environment: &[(&str, &str)]) -> Self {
        let clock = Arc::new(TurnableClock::at(noon()));
        let metrics = Arc::new(MemoryMetrics::default());
        let mut variables: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.push(("SSL_CERT_FILE".to_owned(), "/nowhere/at/all.pem".to_owned()));
        let outside = Outside {
            clock: clock.clone(),
            random: Arc::new(RepeatableRandom::seeded(1)),
            environment: Arc::new(move |name| {
                variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            }),
            log: Log::new(clock.clone(), metrics.as_ref()),
            metrics,
        };
        let authorities =
            authorities.iter().flat_map(|pem| dockgate_tls::authorities(pem.as_bytes()).unwrap());
        Self { site: Site::new(authorities.collect(), &outside), clock }
    }

    async fn get(&self, url: &str) -> Result<HttpResponse, BackendError> {
        self.ask(HttpSettings::new(), HttpRequest::new("GET", url)).await
    }

    async fn ask(&self, settings: HttpSettings, request: HttpRequest) -> Result<HttpResponse, BackendError> {
        self.site.client(settings).unwrap().send(&within(Duration::from_secs(30)), request).await
    }
}

fn within(time: Duration) -> Call {
    Call::new(noon(), Instant::now() + time, RequestId::from_bits(1))
}

/// The text of an error, in which there is no secret.
fn clean(error: &BackendError) -> String {
    let text = format!("{error} {error:?}");
    assert!(!text.contains("canary"), "{text}");
    error.to_string()
}
