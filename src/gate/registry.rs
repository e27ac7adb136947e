//! What a registry demands for a request: the path and the method become scopes (distribution,
//! `docs/content/spec/api.md`, and its `registry/handlers/app.go`; OCI distribution specification 1.1).
//!
//! Only what is known to be a request of a registry is read. A path is decoded once and matched against the grammar of
//! names and references, which knows no empty segment, no `..` and no percent sign: what a proxy and a registry could
//! read in different ways is refused.

mod legacy;
mod name;
mod upload;

use dockgate_api::{ActionSet, Resource};

use super::{NotAsked, Original};
use crate::scope::{RequestedScope, RequestedScopes};
use name::{is_digest, is_name, is_reference, is_upload};

/// The longest path that is looked at, in bytes: a name of 255 and a reference of 135 with what stands around them, each
/// byte encoded.
const LONGEST_PATH: usize = 2048;

/// What a registry would demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// No rights: that somebody is logged in, or holds a token, be it nobody's in particular.
    Base,
    /// No rights: that somebody is logged in.
    Login,
    /// These rights, all of them.
    Rights(RequestedScopes),
}

impl Demand {
    fn of(scopes: impl IntoIterator<Item = (Resource, ActionSet)>) -> Self {
        let mut list: Vec<RequestedScope> = Vec::with_capacity(1);
        for (resource, actions) in scopes {
            match list.iter_mut().find(|scope| scope.resource == resource) {
                Some(scope) => scope.actions.extend(actions.iter().map(str::to_owned)),
                None => list.push(RequestedScope { resource, actions, asked_as: Vec::new() }),
            }
        }
        Self::Rights(RequestedScopes { scopes: list, malformed: Vec::new() })
    }

    fn on(resource: Resource, actions: &[&str]) -> Self {
        Self::of([(resource, actions.iter().copied().collect())])
    }

    /// Whether no rights are demanded.
    pub fn is_login(&self) -> bool {
        matches!(self, Self::Base | Self::Login)
    }

    /// The rights that are demanded; none if a login will do.
    pub fn scopes(&self) -> RequestedScopes {
        match self {
            Self::Base | Self::Login => RequestedScopes::default(),
            Self::Rights(scopes) => scopes.clone(),
        }
    }
}

const UNKNOWN_PATH: NotAsked = NotAsked("the path is none of a registry's");
const UNKNOWN_METHOD: NotAsked = NotAsked("the method is none that registries know there");
const BAD_NAME: NotAsked = NotAsked("the repository's name is none");

/// Reads a request to a registry.
///
/// # Errors
/// If it is none, or could be read in more than one way.
pub fn read(original: Original<'_>) -> Result<Demand, NotAsked> {
    let (path, query) = match original.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (original.target, None),
    };
    if path.len() > LONGEST_PATH {
        return Err(NotAsked("the path is longer than any of a registry's"));
    }
    let segments = segments(path)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["v2"] | ["v2", ""] => reading(original.method, Demand::Base),
        ["v2", "_catalog"] => {
            reading(original.method, Demand::on(Resource::new("registry", "catalog"), &["*"]))
        }
        ["v2", rest @ ..] => of_repository(original, rest, query),
        ["v1", rest @ ..] => legacy::read(original.method, rest),
        _ => Err(UNKNOWN_PATH),
    }
}

/// The segments behind the first slash, decoded once (RFC 3986, section 2.1). An encoded slash would be one more, or none.
fn segments(path: &str) -> Result<Vec<String>, NotAsked> {
    let rest = path.strip_prefix('/').ok_or(NotAsked("the path does not begin with a slash"))?;
    rest.split('/').map(decoded).collect()
}

/// ASCII that is seen, and no more than one level of encoding: nothing else is in any name.
fn decoded(segment: &str) -> Result<String, NotAsked> {
    let mut text = String::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
                return Err(NotAsked("the path holds a percent sign that encodes nothing"));
            };
            u8::try_from(16 * high + low).unwrap_or_default()
        } else {
            byte
        };
        if !byte.is_ascii_graphic() || b"/\\%?#;".contains(&byte) {
            return Err(NotAsked("the path holds what is in no name of a registry"));
        }
        text.push(char::from(byte));
    }
    Ok(text)
}

/// GET and HEAD, and nothing else.
fn reading(method: &str, demand: Demand) -> Result<Demand, NotAsked> {
    known(method, &["GET", "HEAD"])?;
    Ok(demand)
}

fn known(method: &str, methods: &[&str]) -> Result<(), NotAsked> {
    if methods.contains(&method) { Ok(()) } else { Err(UNKNOWN_METHOD) }
}

/// `NAME/manifests/REFERENCE` and its like. What a name may hold may also be a keyword: the last one counts, as for a
/// registry, whose routes are greedy.
fn of_repository(original: Original<'_>, segments: &[&str], query: Option<&str>) -> Result<Demand, NotAsked> {
    let (name, methods): (&[&str], &[&str]) = match segments {
        [name @ .., "tags", "list"] => (name, &["GET", "HEAD"]),
        [name @ .., "manifests", reference] if is_reference(reference) => {
            (name, &["GET", "HEAD", "PUT", "DELETE"])
        }
        [name @ .., "referrers", digest] if is_digest(digest) => (name, &["GET", "HEAD"]),
        [name @ .., "blobs", "uploads", ""] => {
            let on = repository(name)?;
            upload::refuse_form(original)?;
            known(original.method, &["POST"])?;
            return upload::begin(on, query);
        }
        [name @ .., "blobs", "uploads", id] if is_upload(id) => {
            upload::refuse_form(original)?;
            (name, &["GET", "HEAD", "PATCH", "PUT", "DELETE"])
        }
        [name @ .., "blobs", digest] if is_digest(digest) => (name, &["GET", "HEAD", "DELETE"]),
        _ => return Err(UNKNOWN_PATH),
    };
    let on = repository(name)?;
    known(original.method, methods)?;
    Ok(Demand::on(on, actions(original.method)))
}

/// What registries ask for a method: who writes must be able to read.
fn actions(method: &str) -> &'static [&'static str] {
    match method {
        "GET" | "HEAD" => &["pull"],
        "DELETE" => &["delete"],
        _ => &["pull", "push"],
    }
}

fn repository(name: &[&str]) -> Result<Resource, NotAsked> {
    let name = name.join("/");
    if is_name(&name) { Ok(Resource::repository(name)) } else { Err(BAD_NAME) }
}

#[cfg(test)]
mod tests;
