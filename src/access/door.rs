//! Requests that are refused before anybody is asked.

use std::net::IpAddr;

use dockgate_api::RequestId;

use crate::audit::{Audit, Event};

/// What is known of such a request. What the client wrote is bounded where it is written down.
#[derive(Clone, Copy, Debug)]
pub struct AtTheDoor<'a> {
    /// The id of the request.
    pub request_id: RequestId,
    /// Where the client is, as far as it is known.
    pub client: Option<IpAddr>,
    /// What the client says it is.
    pub client_id: Option<&'a str>,
    /// The account that it names, if it came to that.
    pub account: Option<&'a str>,
    /// The service that it names, if it came to that.
    pub service: Option<&'a str>,
    /// The kind of refusal.
    pub reason: &'static str,
    /// What is wrong.
    pub detail: &'static str,
}

impl AtTheDoor<'_> {
    pub(super) fn log(&self) {
        let client = self.client.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
        tracing::info!(request_id = %self.request_id, %client, reason = self.detail, "refused at the door");
    }

    pub(super) fn event(&self, audit: &Audit) -> Event {
        audit.event("refused", |event| {
            event.quoted("request_id", |to| to.id(self.request_id));
            event.text_if_any("account", self.account);
            match self.client {
                Some(_) => event.quoted("client", |to| to.address(self.client)),
                None => event.null("client"),
            }
            event.text_if_any("client_id", self.client_id);
            event.text_if_any("service", self.service);
            event.text("reason", self.reason);
            event.text("detail", self.detail);
        })
    }
}
