//! The browser's side: people choose a provider, sign in there, and make app passwords for their clients.
//!
//! Who may sign in is decided by [`Access::sign_in`](crate::access::Access::sign_in) and nowhere else. Here are the routes
//! of the links that have a login flow, the cookies, sessions, forms and pages. The pages are made by the server, work
//! without a script but for the copy buttons, and everything that others chose is escaped in them.

mod answer;
mod app_passwords;
mod assets;
mod commands;
mod cookies;
pub mod device;
mod form;
mod home;
mod load;
mod logo;
mod meter;
mod page;
mod pending;
mod provider;
mod public_url;
mod session;
mod sign_in;
mod sign_out;
mod trouble;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use app_passwords::{create as create_app_password, revoke as revoke_app_password};
pub(crate) use assets::get as asset;
pub(crate) use form::Form;
pub(crate) use home::{choose, get as home, to_home};
pub(crate) use load::{Findings, Site, load};
pub(crate) use pending::After;
pub(crate) use provider::Provider;
pub use public_url::PublicUrl;
pub(crate) use session::Session;
pub(crate) use sign_in::sign_in;
pub(crate) use sign_out::sign_out;
pub(crate) use trouble::Trouble;
pub(crate) use visit::Visit;

use crate::credentials::AppPasswordTerms;
use crate::http::Addresses;
use logo::Logo;
use meter::Meter;
use page::Look;

/// So many people at a time are asked about at their providers; further ones are told to try again.
const COMPLETIONS: usize = 64;

/// The page where people sign in, under one configuration.
pub struct Login {
    providers: Vec<Provider>,
    public_url: Option<PublicUrl>,
    /// Whose word counts for addresses, schemes and hosts.
    proxies: Addresses,
    look: Look,
    logo: Option<Logo>,
    registries: Vec<String>,
    session: Duration,
    terms: AppPasswordTerms,
    device: bool,
    completions: Arc<Semaphore>,
    meter: Meter,
}

impl Login {
    /// The links where people sign in, in the order of the chain.
    pub(crate) fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The one of a link; none if nobody signs in there.
    pub(crate) fn provider(&self, link: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.link.as_ref() == link)
    }

    /// The callback of each link, as it is to be registered at its provider; the route alone where the server's own name is
    /// what browsers ask for.
    pub fn callbacks(&self) -> impl Iterator<Item = (&str, String)> {
        self.providers.iter().map(|provider| {
            let own = || match &self.public_url {
                Some(url) => url.url(&provider.route),
                None => format!("{}{}", self.look.base, provider.route),
            };
            (provider.link.as_ref(), provider.redirect_uri.clone().unwrap_or_else(own))
        })
    }

    /// What stands before every route in the browser; no `/` at the end.
    pub(crate) fn base(&self) -> &str {
        &self.look.base
    }

    /// What holds for app passwords.
    pub(crate) fn terms(&self) -> &AppPasswordTerms {
        &self.terms
    }

    /// Whether programs may ask for a credential that somebody confirms in a browser.
    pub(crate) fn device(&self) -> bool {
        self.device
    }

    /// Where browsers reach this server, if the configuration says.
    pub(crate) fn public_url(&self) -> Option<&PublicUrl> {
        self.public_url.as_ref()
    }

    /// The registries of somebody who signed in at a link, as clients write them.
    pub(crate) fn registries(&self, link: &str) -> Vec<&str> {
        if !self.registries.is_empty() {
            return self.registries.iter().map(String::as_str).collect();
        }
        let of_link = self.provider(link).and_then(|provider| provider.registry.as_deref());
        of_link.map(commands::host_of).into_iter().collect()
    }

    fn proxies(&self) -> &Addresses {
        &self.proxies
    }

    fn look(&self) -> &Look {
        &self.look
    }

    fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    fn session_lasts(&self) -> Duration {
        self.session
    }

    fn meter(&self) -> &Meter {
        &self.meter
    }

    /// A place among those who are asked about; none if all are taken.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.completions).try_acquire_owned().ok()
    }
}

/// A page of ours, asked for with a method that it does not have.
pub(crate) async fn wrong_method(visit: Visit) -> Response {
    visit.trouble(&Trouble::Method)
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
