//! What a backend renewed.

use std::sync::{Mutex, PoisonError};

use dockgate_api::secrecy::SecretString;
use dockgate_api::{Renewal, async_trait};

/// Remembers what a backend handed over to be kept.
#[derive(Debug, Default)]
pub struct Renewals(Mutex<Vec<SecretString>>);

impl Renewals {
    /// What was handed over since this was asked last, in order.
    pub fn take(&self) -> Vec<SecretString> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Renewal for Renewals {
    async fn renewed(&self, keep: SecretString) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(keep);
    }
}
