//! One order, from the account to the certificate.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use tokio::task::spawn_blocking;

use super::Acme;
use super::cache::Held;
use super::certificate::Certificate;
use super::challenge::Proofs;
use super::failure::{Failure, Kind};
use super::http::Http;
use super::{account, keeper};
use crate::live::Live;

/// The authority looks at a host, and issues, in seconds.
const POLLS: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .backoff(1.5)
    .timeout(Duration::from_secs(120));
/// An order as a whole.
const DONE_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Orders a certificate and keeps it. Only who holds the lock of the directory may.
pub(super) async fn order(acme: &Acme, lock: Held) -> Result<Certificate, Failure> {
    let lock = Arc::new(lock);
    let client = Live::load(&acme.client);
    let http = Http::new(Arc::clone(&client), Arc::clone(&acme.clock));
    let ordered = tokio::time::timeout(DONE_WITHIN, ordered(acme, &http, &lock)).await;
    let ordered = ordered.unwrap_or_else(|_| Err(Failure::ours("the order took too long and was given up")));
    ordered.map_err(|failure| Failure { not_before: http.not_before(), ..failure })
}

async fn ordered(acme: &Acme, http: &Http, lock: &Arc<Held>) -> Result<Certificate, Failure> {
    let account = account::account(acme, http, lock).await?;
    let pem = match issued(acme, &account, lock).await {
        Err(failure) if failure.kind == Kind::NoAccount => {
            tracing::warn!(
                "the account that is kept is not known to the authority any more: another one is made"
            );
            let account = account::new(acme, http, lock).await?;
            issued(acme, &account, lock).await
        }
        issued => issued,
    }?;
    let certificate = Certificate::read(pem.clone(), &acme.settings.hosts)
        .map_err(|why| Failure::refused(&format!("what the authority issued cannot be used: {why}")))?;
    let (lock, path) = (Arc::clone(lock), acme.cache.certificate());
    keeper::on_disk(spawn_blocking(move || lock.write(&path, &pem))).await?;
    Ok(certificate)
}

/// The key and the chain, PEM.
async fn issued(acme: &Acme, account: &Account, lock: &Arc<Held>) -> Result<Vec<u8>, Failure> {
    let hosts = &acme.settings.hosts;
    let identifiers: Vec<Identifier> = hosts.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let mut proofs = Proofs::new(acme, lock);
    prove(&mut order, &mut proofs).await?;
    match order.poll_ready(&POLLS).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(why(&mut order, Failure::refused("the authority refuses the order")).await),
        Err(error) => return Err(why(&mut order, error.into()).await),
    }
    drop(proofs);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256);
    let request = key.and_then(|key| {
        let mut params = CertificateParams::new(hosts.clone())?;
        params.distinguished_name = DistinguishedName::new();
        Ok((params.serialize_request(&key)?, key))
    });
    let (request, key) = request
        .map_err(|error| Failure::ours(&format!("cannot make the request for a certificate: {error}")))?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&POLLS).await?;
    Ok((key.serialize_pem() + &chain).into_bytes())
}

/// Shows the authority what it wants to see, for each host that it does not know of yet.
async fn prove(order: &mut Order, proofs: &mut Proofs<'_>) -> Result<(), Failure> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let host = authorization.identifier().to_string();
        let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
            let reason = format!("{host}: the authority does not offer to look by TLS-ALPN (tls-alpn-01)");
            return Err(Failure::refused(&reason));
        };
        proofs.show(&host, challenge.key_authorization().digest().as_ref()).await?;
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the authority saw when it looked, if that is why; else what is known already.
async fn why(order: &mut Order, known: Failure) -> Failure {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let host = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return Failure::of_host(&host, problem);
        }
    }
    known
}
