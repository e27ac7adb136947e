//! `/v1/`: the first registry's protocol, which knew no scopes (docker-registry 0.9, `docker_registry/{index,images,tags}.py`).

use dockgate_api::Resource;

use super::name::is_tag;
use super::{BAD_NAME, Demand, NotAsked, UNKNOWN_METHOD, UNKNOWN_PATH, actions, reading, repository};

/// What stands behind a repository's name.
const OF_REPOSITORY: [&str; 5] = ["images", "tags", "auth", "json", "properties"];
/// What is known of an image.
const OF_IMAGE: [&str; 5] = ["layer", "json", "checksum", "ancestry", "files"];
/// Where a name has one part only.
const DEFAULT_NAMESPACE: &str = "library";

const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "POST", "DELETE"];

/// Reads what stands behind `/v1/`.
///
/// # Errors
/// As [`read`](super::read).
pub(super) fn read(method: &str, segments: &[&str]) -> Result<Demand, NotAsked> {
    if !METHODS.contains(&method) {
        return Err(UNKNOWN_METHOD);
    }
    match without_last_slash(segments) {
        [] | ["_ping"] => reading(method, Demand::Login),
        // `docker login` of old: POST to make an account, GET to try it.
        ["users"] => Ok(Demand::Login),
        ["search"] => reading(method, Demand::on(Resource::new("registry", "catalog"), &["*"])),
        // An image belongs to no repository there.
        ["images", id, what] if is_image(id) && OF_IMAGE.contains(what) => {
            Ok(Demand::on(Resource::new("registry", "v1-images"), actions(method)))
        }
        ["repositories", rest @ ..] => of_repository(method, rest),
        _ => Err(UNKNOWN_PATH),
    }
}

fn without_last_slash<'s, 't>(segments: &'s [&'t str]) -> &'s [&'t str] {
    match segments {
        [rest @ .., ""] => rest,
        all => all,
    }
}

fn of_repository(method: &str, segments: &[&str]) -> Result<Demand, NotAsked> {
    let is_word = |word: &&str| OF_REPOSITORY.contains(word);
    let (name, rest) = match segments {
        [repo] => ([DEFAULT_NAMESPACE, *repo], &[][..]),
        [repo, word, rest @ ..] if is_word(word) => ([DEFAULT_NAMESPACE, *repo], rest),
        [namespace, repo] => ([*namespace, *repo], &[][..]),
        [namespace, repo, word, rest @ ..] if is_word(word) => ([*namespace, *repo], rest),
        [] | [_, _, _, ..] => return Err(UNKNOWN_PATH),
    };
    let on = repository(&name).map_err(|_| BAD_NAME)?;
    match rest {
        [] | [_] | [_, "json"] if rest.first().is_none_or(|tag| is_tag(tag)) => {
            Ok(Demand::on(on, actions(method)))
        }
        _ => Err(UNKNOWN_PATH),
    }
}

fn is_image(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}
