//! Asking other servers: the one place where the site's proxies and the authorities that it trusts are known.

mod apart;
mod client;
mod failure;
mod proxies;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use dockgate_api::{Clock, HttpClient, HttpSettings, HttpSettingsError, Outbound};
use dockgate_tls::{ClientSettings, cause};
use rustls_pki_types::CertificateDer;

use crate::outside::Outside;
use apart::Apart;
use client::{Connections, SiteClient};
use proxies::Proxies;
use trust::SystemTrust;

/// Connections to one server that wait for the next request; more are closed.
const MOST_IDLE: usize = 32;
/// Below the 5 seconds after which Node closes a connection, the shortest of the servers that are common: a request must
/// not meet a connection that is being closed.
const IDLE: Duration = Duration::from_secs(4);

/// Makes clients for other servers, as one configuration says.
pub struct Site {
    trust: SystemTrust,
    proxies: Result<Proxies, String>,
    clock: Arc<dyn Clock>,
    apart: Apart,
}

impl Site {
    /// With authorities beside the system's, and with the proxies that the environment names.
    pub fn new(authorities: Vec<CertificateDer<'static>>, outside: &Outside) -> Self {
        let lookup = outside.environment.as_ref();
        Self {
            trust: SystemTrust::new(authorities, lookup),
            proxies: Proxies::read(lookup),
            clock: Arc::clone(&outside.clock),
            apart: Apart::default(),
        }
    }
}

impl Outbound for Site {
    fn client(&self, settings: HttpSettings) -> Result<Arc<dyn HttpClient>, HttpSettingsError> {
        let proxies = self.proxies.as_ref().map_err(|why| HttpSettingsError::Client(why.clone()))?;
        let lacking = match &settings.authorities {
            Some(_) => "none of the given authorities vouches for it",
            None => self.trust.load().lacking,
        };
        let tls = ClientSettings {
            authorities: settings.authorities,
            client_certificate: settings.client_certificate,
            insecure: false,
            alpn: vec![b"http/1.1".to_vec()],
        };
        let tls = tls.config(|| self.trust.load().roots, &self.clock)?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(MOST_IDLE)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("dockgate/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            // Those of the process's environment: ours were looked up.
            .no_proxy();
        for proxy in proxies.iter() {
            builder = builder.proxy(proxy);
        }
        let client = builder.build();
        let client = client.map_err(|error| HttpSettingsError::Client(cause(&error.without_url())))?;
        let connections = Connections { client, lacking };
        Ok(Arc::new(SiteClient { connections, apart: self.apart.clone() }))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.trust.certificates()
    }
}

#[cfg(test)]
mod tests;
