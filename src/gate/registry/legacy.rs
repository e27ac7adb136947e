//! `/v1/`: the first registry's protocol, which knew no scopes (docker-registry 0.9, `docker_registry/{index,images,tags}.py`).

use dockgate_api::Resource;

use super::name::is_tag;
use super::{BAD_NAME, Demand, NotAsked, UNKNOWN_PATH, actions, known, reading, repository};

/// What stands behind a repository's name.
const OF_REPOSITORY: [&str; 5] = ["images", "tags", "auth", "json", "properties"];
/// What is known of an image.
const OF_IMAGE: [&str; 5] = ["layer", "json", "checksum", "ancestry", "files"];
/// Where a name has one part only.
const DEFAULT_NAMESPACE: &str = "library";

/// Reads what stands behind `/v1/`.
///
/// # Errors
/// As [`read`](super::read).
pub(super) fn read(method: &str, segments: &[&str]) -> Result<Demand, NotAsked> {
    match segments {
        [] | ["" | "_ping"] => reading(method, Demand::Base),
        // `docker login` of old: POST to make an account, GET to try it.
        ["users"] | ["users", ""] => {
            known(method, &["GET", "HEAD", "POST"])?;
            Ok(Demand::Login)
        }
        ["search"] => reading(method, Demand::on(Resource::new("registry", "catalog"), &["*"])),
        // An image belongs to no repository there.
        ["images", id, what] if is_image(id) && OF_IMAGE.contains(what) => {
            known(method, &["GET", "HEAD", "PUT"])?;
            Ok(Demand::on(Resource::new("registry", "v1-images"), actions(method)))
        }
        ["repositories", rest @ ..] => of_repository(method, rest),
        _ => Err(UNKNOWN_PATH),
    }
}

/// That registry takes anything for a name, with slashes and keywords in it, wherever none of its routes fits better: only
/// what one of them fits is let through.
fn of_repository(method: &str, segments: &[&str]) -> Result<Demand, NotAsked> {
    let (name, rest) = match segments {
        [repo] | [repo, ""] => ([DEFAULT_NAMESPACE, *repo], &[][..]),
        [repo, rest @ ..] if rest.first().is_some_and(is_keyword) => ([DEFAULT_NAMESPACE, *repo], rest),
        [namespace, repo, ""] => ([*namespace, *repo], &[][..]),
        [namespace, repo, rest @ ..] => ([*namespace, *repo], rest),
        [] => return Err(UNKNOWN_PATH),
    };
    if name.iter().any(is_keyword) {
        return Err(BAD_NAME);
    }
    let methods: &[&str] = match rest {
        [] => &["PUT", "DELETE"],
        ["images"] => &["GET", "HEAD", "PUT", "DELETE"],
        ["auth"] => &["PUT"],
        ["properties"] => &["GET", "HEAD", "PUT"],
        ["json"] => &["GET", "HEAD"],
        ["tags"] => &["GET", "HEAD", "DELETE"],
        ["tags", tag] if is_unmistakable(tag) => &["GET", "HEAD", "PUT", "DELETE"],
        ["tags", tag, "json"] if is_unmistakable(tag) => &["GET", "HEAD"],
        _ => return Err(UNKNOWN_PATH),
    };
    let on = repository(&name)?;
    known(method, methods)?;
    Ok(Demand::on(on, actions(method)))
}

fn is_keyword(segment: &&str) -> bool {
    OF_REPOSITORY.contains(segment)
}

fn is_unmistakable(tag: &&str) -> bool {
    is_tag(tag) && !is_keyword(tag)
}

fn is_image(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}
