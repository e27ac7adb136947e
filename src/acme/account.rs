//! The account at the authority: made once, kept, and used again.

use std::sync::Arc;

use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use tokio::task::spawn_blocking;

use super::Acme;
use super::cache::{Cache, Held};
use super::failure::Failure;
use super::http::Http;
use super::keeper::on_disk;

/// The account that is kept, or a new one. To configure an authority is to agree to its terms.
pub(super) async fn account(acme: &Acme, http: &Http, lock: &Arc<Held>) -> Result<Account, Failure> {
    let path = acme.cache.account();
    let kept = on_disk(spawn_blocking(move || Cache::read(&path))).await?;
    let builder = Account::builder_with_http(Box::new(http.clone()));
    if let Some(text) = kept {
        if let Ok(credentials) = serde_json::from_slice::<AccountCredentials>(&text) {
            return Ok(builder.from_credentials(credentials).await?);
        }
        tracing::warn!(
            file = %acme.cache.account().display(),
            "the account that is kept cannot be read: another one is made in its place"
        );
    }
    new(acme, http, lock).await
}

/// A new account, in place of one that is not known any more.
pub(super) async fn new(acme: &Acme, http: &Http, lock: &Arc<Held>) -> Result<Account, Failure> {
    let settings = acme.settings();
    let contact = settings.email.as_ref().map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.as_deref().into_iter().collect();
    let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let external = settings.external_account.as_ref();
    let external = external.map(|(id, key)| ExternalAccountKey::new(id.clone(), key));
    let builder = Account::builder_with_http(Box::new(http.clone()));
    let (account, credentials) =
        builder.create(&wanted, settings.directory.clone(), external.as_ref()).await?;
    let text = serde_json::to_vec(&credentials).map_err(|error| Failure::ours(&error.to_string()))?;
    let (lock, path) = (Arc::clone(lock), acme.cache.account());
    on_disk(spawn_blocking(move || lock.write(&path, &text))).await?;
    tracing::info!(
        directory = settings.directory.as_str(),
        account = account.id(),
        "account made at the authority"
    );
    Ok(account)
}
