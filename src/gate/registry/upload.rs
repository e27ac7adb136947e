//! The beginning of an upload, which may take a blob over from another repository.

use dockgate_api::{ActionSet, Resource};

use super::name::{is_digest, is_name};
use super::{Demand, NotAsked, actions};
use crate::gate::Original;

/// A registry reads `mount` and `from` from such a body too, where nobody sees them.
const FORMS: [&str; 2] = ["form-urlencoded", "multipart"];

/// # Errors
/// If the body may be a form.
pub(super) fn refuse_form(original: Original<'_>) -> Result<(), NotAsked> {
    let content_type = original.content_type.unwrap_or_default().to_ascii_lowercase();
    if FORMS.iter().any(|form| content_type.contains(form)) {
        return Err(NotAsked(
            "an upload with a form for a body: a registry would read `mount` and `from` in it",
        ));
    }
    Ok(())
}

/// `POST /v2/NAME/blobs/uploads/`: with `from`, that repository is read.
///
/// # Errors
/// If the query says `mount` or `from` twice, the one without the other, or can be read in more than one way.
pub(super) fn begin(on: Resource, query: Option<&str>) -> Result<Demand, NotAsked> {
    let from = query.map_or(Ok(None), from)?;
    let source = from.map(|name| (Resource::repository(name), ["pull"].into_iter().collect::<ActionSet>()));
    Ok(Demand::of([(on, actions("POST").iter().copied().collect())].into_iter().chain(source)))
}

/// The repository that a blob is to come from.
fn from(query: &str) -> Result<Option<String>, NotAsked> {
    // Some servers take a semicolon for an ampersand, others drop what it stands in; some begin at the last question mark.
    if !query.bytes().all(|byte| byte.is_ascii_graphic() && !b";#?".contains(&byte)) || !is_encoded(query) {
        return Err(NotAsked("the query can be read in more than one way"));
    }
    let (mut mount, mut from) = (None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match key.as_ref() {
            "mount" => &mut mount,
            "from" => &mut from,
            other if is_like_one(other) => {
                return Err(NotAsked("`mount` and `from` are written otherwise than clients write them"));
            }
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(NotAsked("`mount` or `from` is there more than once"));
        }
    }
    let from = from.filter(|from| !from.is_empty());
    match (mount.filter(|mount| !mount.is_empty()), &from) {
        (Some(mount), _) if !is_digest(&mount) => return Err(NotAsked("`mount` is no digest")),
        // Registries that keep each blob once have no rules for whom they give it to: that is what the gate is for.
        (Some(_), None) => {
            return Err(NotAsked("`mount` without `from`: the registry would take the blob from anywhere"));
        }
        _ => {}
    }
    if from.as_ref().is_some_and(|from| !is_name(from)) {
        return Err(NotAsked("`from` is no repository's name"));
    }
    Ok(from)
}

/// Some servers read capitals as small letters, drop spaces, and make lists of `from[]`.
fn is_like_one(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["mount", "from"].iter().any(|known| key.contains(known))
}

/// Whether each percent sign encodes a byte of text.
fn is_encoded(query: &str) -> bool {
    let mut parts = query.split('%');
    parts.next();
    let is_digit = |byte: u8| byte.is_ascii_hexdigit();
    parts.all(|part| match part.as_bytes() {
        [high, low, ..] => {
            is_digit(*high)
                && is_digit(*low)
                && !matches!((high, low), (b'0' | b'1' | b'8'..=b'9', _) | (b'7', b'f' | b'F'))
        }
        _ => false,
    })
}
