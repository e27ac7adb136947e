//! What a seal is made over.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, Tag};
use dockgate_api::{Record, Shelf};

use crate::record::milliseconds;

/// Only ever one meaning: each part has its length before it, and each number its place.
pub(super) fn tag(key: &Key, shelf: Shelf, record: &Record) -> Tag {
    let mut context = Context::with_key(key);
    part(&mut context, shelf.name().as_bytes());
    part(&mut context, record.key.as_bytes());
    match &record.owner {
        None => context.update(&[0]),
        Some(owner) => {
            context.update(&[1]);
            for text in [&owner.link, &owner.subject, &owner.account] {
                part(&mut context, text.as_bytes());
            }
        }
    }
    context.update(&milliseconds(record.created_at).to_be_bytes());
    match record.expires_at {
        None => context.update(&[0]),
        Some(end) => {
            context.update(&[1]);
            context.update(&milliseconds(end).to_be_bytes());
        }
    }
    part(&mut context, &record.value);
    context.sign()
}

/// A key for one thing and nothing else, of a secret that may be used elsewhere too.
pub(super) fn derive(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    let derived = aws_lc_rs::hmac::sign(&Key::new(HMAC_SHA256, secret), purpose);
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(derived.as_ref()) {
        *to = *from;
    }
    key
}

fn part(context: &mut Context, bytes: &[u8]) {
    context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(bytes);
}
