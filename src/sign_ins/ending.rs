//! Somebody is gone: what counted for them ends.

use dockgate_api::{BackendError, Call, Filter, Identity, Owner, Reason, Shelf};

use super::{Inside, person};

/// Records of one person are read so many at a time.
const PAGE: usize = 200;
/// A store that does not answer is asked so often; what is left then ends with the person's record.
const TRIES: usize = 3;

impl Inside {
    /// Ends everything that hangs on somebody's sign-in, and writes it down. The record goes first: without it nothing
    /// else counts. Answers whether all of it is gone.
    pub(super) async fn end(&self, cx: &Call, owner: &Owner, identity: &Identity, reason: &Reason) -> bool {
        let (mut was_there, mut revoked, mut trouble) = (false, 0, None);
        for _ in 0..TRIES {
            trouble = None;
            match self.store.take(cx, Shelf::SignIns, &person::key(owner)).await {
                Ok(taken) => was_there |= taken.is_some(),
                Err(error) => trouble = Some(error),
            }
            match self.take_all(cx, owner).await {
                Ok(taken) => revoked += taken,
                Err(error) => trouble = trouble.or(Some(error)),
            }
            if trouble.is_none() {
                break;
            }
        }
        let account = identity.account.as_str();
        let is_done = trouble.is_none();
        if let Some(error) = trouble {
            tracing::error!(
                request_id = %cx.request_id(), link = owner.link, ?account, %error,
                "not everything of somebody who is gone could be taken away: the provider is asked again at the next use"
            );
        } else if !was_there {
            // Another replica was faster, and wrote it down.
            return true;
        }
        tracing::info!(
            request_id = %cx.request_id(), link = owner.link, ?account, revoked, %reason,
            "the provider does not know somebody any more: app passwords and browser sessions ended"
        );
        if let Some(audit) = &self.audit {
            let event = audit.event("sign_in_ended", |event| {
                event.quoted("request_id", |to| to.id(cx.request_id()));
                event.text("account", account);
                event.text("backend", &owner.link);
                let subject = Some(owner.subject.as_str()).filter(|subject| *subject != account);
                event.text_if_any("subject", subject);
                event.text("reason", reason.code.as_str());
                event.text("detail", &reason.detail);
                event.number("revoked", revoked);
            });
            audit.push(&event);
        }
        is_done
    }

    /// Takes away app passwords, which are counted, and whatever else belongs to somebody's sign-in.
    pub(super) async fn take_all(&self, cx: &Call, owner: &Owner) -> Result<u64, BackendError> {
        let filter = Filter::owned_by(owner);
        let mut revoked = 0;
        for shelf in [Shelf::AppPasswords, Shelf::SignIns] {
            let mut after = None;
            loop {
                let page = self.store.list(cx, shelf, &filter, after.as_ref(), PAGE).await?;
                for record in &page.records {
                    let taken = self.store.take(cx, shelf, &record.key).await?.is_some();
                    revoked += u64::from(taken && shelf == Shelf::AppPasswords);
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(revoked)
    }
}
