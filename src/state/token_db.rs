//! The store of docker_auth's files, which have no `store:` section: where a provider's section keeps who signed in.

use std::path::PathBuf;

use dockgate_api::BuildContext;
use dockgate_api::config::{Entry, KeyPath, Located, Node, Problem, Value};
use dockgate_oauth2::{DockerAuthStore, TokenDbSection};
use dockgate_store::{StoreConfig, StoreHandle};

use crate::backends::Backends;
use crate::config::Source;
use crate::config::links::{self, ChainKind, LinkConfig};

/// Backends through which people sign in with a browser.
const PROVIDERS: [&str; 4] = ["google_auth", "github_auth", "oidc_auth", "gitlab_auth"];
/// Where docker_auth keeps who signed in.
const TOKEN_DBS: [&str; 3] = ["level_token_db", "redis_token_db", "gcs_token_db"];
const NO_PLACE: &str = "needs a place for sign-ins and app passwords: write `store: {file: DIRECTORY}`, or `redis` or \
                        `postgres` for several servers";
const NO_KEY: &str = "whoever can write to that Redis could make credentials: write a `client_secret`, of which a key for \
                      this server's records is derived, or `store: {redis: …, secret_file: FILE}`";

/// The store that a provider's section describes.
pub(super) struct OfProvider {
    pub(super) handle: StoreHandle,
    /// The section, and the way to the key in it.
    pub(super) section: Node,
    pub(super) path: KeyPath,
}

/// One provider's section that names a place.
struct Named<'a> {
    link: LinkConfig<'a>,
    entry: &'a Entry,
}

/// Whether a file names a place for its store, in a section of its own or in a provider's.
pub(super) fn is_anywhere(source: &Source, backends: &Backends) -> bool {
    is_given(source) || !named(&providers(source, backends)).is_empty()
}

fn is_given(source: &Source) -> bool {
    source.root.get("store").is_some_and(|entry| !entry.value.is_null())
}

/// Beside a section `store`: what the providers' token databases still are.
pub(super) fn beside(source: &Source, backends: &Backends, notes: &mut Vec<Problem>) {
    for Named { link, entry } in named(&providers(source, backends)) {
        let message = match entry.key.text.as_ref() {
            "redis_token_db" => {
                "only the passwords that docker_auth left there are read; everything else is in `store`"
            }
            "level_token_db" => "is not used: sign-ins and app passwords are in `store`",
            _ => continue,
        };
        notes.push(Problem::new(entry.key.location.clone(), link.path.key(&entry.key.text), message));
    }
}

/// Without one: the store of the first provider that names a place.
pub(super) fn read(
    source: &Source,
    backends: &Backends,
    cx: &BuildContext,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
    notes: &mut Vec<Problem>,
) -> Option<OfProvider> {
    let providers = providers(source, backends);
    let named = named(&providers);
    if named.is_empty() {
        let missing =
            |link: &LinkConfig<'_>| Problem::new(link.key.location.clone(), link.path.clone(), NO_PLACE);
        problems.extend(providers.iter().map(missing));
        return None;
    }
    let mut first: Option<(OfProvider, &Named<'_>)> = None;
    for named in &named {
        let path = named.link.path.key(&named.entry.key.text);
        let made = make(source, named, cx);
        // What is worth saying of the section, its backend says.
        let _ = (cx.take_warnings(named.link.section, &path), cx.take_notes(named.link.section, &path));
        let Some(made) = made else { continue };
        let handle = match (made, &first) {
            (Ok(handle), _) => handle,
            // A place that is not used may be as it likes.
            (Err(_), Some(_)) => continue,
            (Err(mut found), None) => {
                problems.append(&mut found);
                return None;
            }
        };
        let location = named.entry.key.location.clone();
        match &first {
            None => {
                notes.push(Problem::new(location, path.clone(), note(&handle, named)));
                let section = named.link.section.clone();
                first = Some((OfProvider { handle, section, path }, named));
            }
            Some((taken, _)) if taken.handle.is_in_the_same_place(&handle) => {}
            Some((_, taken)) => {
                let message = format!(
                    "is not this server's store: there is one, and `{}` in line {} comes first; name it with `store:`",
                    taken.link.name, taken.entry.key.location.line
                );
                warnings.push(Problem::new(location, path, message));
            }
        }
    }
    first.map(|(of_provider, _)| of_provider)
}

fn note(handle: &StoreHandle, named: &Named<'_>) -> String {
    let what = "sign-ins, app passwords and refresh tokens are kept";
    if handle.is_shared() {
        format!(
            "{what} there, signed with a key that is derived from the `client_secret` of `{}`; with `store: {{redis: …, \
             secret_file: FILE}}` they outlive a change of that",
            named.link.name
        )
    } else {
        format!(
            "{what} in this directory, as with `store: {{file: DIRECTORY}}`; what docker_auth kept there is not read"
        )
    }
}

/// None if the backend says what is wrong.
fn make(source: &Source, named: &Named<'_>, cx: &BuildContext) -> Option<Result<StoreHandle, Vec<Problem>>> {
    let path = named.link.path.key(&named.entry.key.text);
    let problem = |message: &str| Problem::new(named.entry.key.location.clone(), path.clone(), message);
    let section: TokenDbSection = cut_down(named.link.section).decode(&named.link.path).ok()?;
    let (file, redis, secret) = match section.store(cx)? {
        DockerAuthStore::File(path) if path.value.as_os_str().is_empty() => return None,
        DockerAuthStore::File(path) => (Some(resolved(source, path)), None, None),
        DockerAuthStore::Redis { config, secret } => {
            // Nothing is read or written where files are not to be read.
            let unread = || cx.offline().then(|| "0".repeat(64).into());
            let secret = secret.or_else(unread).map(|secret| Located {
                location: named.entry.key.location.clone(),
                index: None,
                value: secret.into(),
            });
            if secret.is_none() {
                return Some(Err(vec![problem(NO_KEY)]));
            }
            (None, Some(*config), secret)
        }
    };
    let config = StoreConfig {
        file,
        redis,
        postgres: None,
        recheck: None,
        secret,
        secret_file: None,
        secret_before: None,
        secret_before_file: None,
    };
    match StoreHandle::new(config, cx) {
        Ok(handle) => Some(Ok(handle)),
        // Of the options for Redis the backend says what is wrong with them.
        Err(_) if named.entry.key.text.as_ref() == "redis_token_db" => None,
        Err(error) => {
            let mut found = error.into_problems(named.link.section, &path);
            for problem in &mut found {
                problem.path.clone_from(&path);
            }
            Some(Err(found))
        }
    }
}

fn resolved(source: &Source, mut path: Located<PathBuf>) -> Located<PathBuf> {
    path.value = source.resolve(&path.value);
    path
}

/// The section with only what is read here.
fn cut_down(section: &Node) -> Node {
    let entries = section.entries().unwrap_or_default().iter();
    let ours = entries.filter(|entry| TokenDbSection::KEYS.contains(&entry.key.text.as_ref()));
    Node { location: section.location.clone(), value: Value::Mapping(ours.cloned().collect()) }
}

/// The providers of a file, in the order in which they are asked.
fn providers<'a>(source: &'a Source, backends: &Backends) -> Vec<LinkConfig<'a>> {
    let known = |link: &LinkConfig<'_>| {
        let key = link.key.text.as_ref();
        PROVIDERS.contains(&key) && backends.authenticators().contains(key)
    };
    // What is wrong with the chain is said where it is made.
    links::read(&source.root, ChainKind::Authn, &[], &mut Vec::new()).into_iter().filter(known).collect()
}

fn named<'a>(providers: &[LinkConfig<'a>]) -> Vec<Named<'a>> {
    let entry = |link: &LinkConfig<'a>| {
        let section: &'a Node = link.section;
        TOKEN_DBS.iter().find_map(|key| section.get(key).filter(|entry| !entry.value.is_null()))
    };
    providers.iter().filter_map(|link| entry(link).map(|entry| Named { link: link.clone(), entry })).collect()
}
