//! From the configuration and its chain to the page.

use std::path::PathBuf;
use std::sync::Arc;

use dockgate_api::config::{Key, KeyPath, Node, Problem};
use dockgate_api::{Authenticator, Metrics};
use tokio::sync::Semaphore;

use super::logo::Logo;
use super::meter::Meter;
use super::page::Look;
use super::provider::{is_route_name, route_of};
use super::{COMPLETIONS, Login, Provider, PublicUrl, assets};
use crate::chain::Chain;
use crate::config::Source;
use crate::config::links::LinkConfig;
use crate::config::login::LoginConfig;
use crate::config::server::ServerConfig;
use crate::http::Addresses;

const TITLE: &str = "Container registry";
/// How sections of providers call their callback.
const REDIRECT_KEYS: [&str; 2] = ["redirect_uri", "redirect_url"];

/// What surrounds the page in its configuration.
pub(crate) struct Site<'a> {
    pub(crate) source: &'a Source,
    pub(crate) server: &'a ServerConfig,
    /// The links of `authn`, as they are written.
    pub(crate) links: &'a [LinkConfig<'a>],
    pub(crate) authn: &'a Chain<dyn Authenticator>,
    pub(crate) has_store: bool,
    /// Whether files are not to be read.
    pub(crate) offline: bool,
}

/// What is read along the way.
pub(crate) struct Findings<'a> {
    pub(crate) problems: &'a mut Vec<Problem>,
    pub(crate) warnings: &'a mut Vec<Problem>,
    /// Files whose change changes the page.
    pub(crate) files: &'a mut Vec<PathBuf>,
}

/// The page of a configuration; none if no link signs people in.
pub(crate) fn load(
    config: &LoginConfig,
    site: &Site<'_>,
    metrics: &dyn Metrics,
    findings: &mut Findings<'_>,
) -> Option<Login> {
    let Site { source, server, links, authn, has_store, offline } = *site;
    let path = KeyPath::root().key("login");
    let section = source.root.get("login");
    let logo = if offline { None } else { logo(source, config, &path, findings) };
    if authn.flows().next().is_none() {
        if let Some(section) = section.filter(|_| config.is_written()) {
            let message =
                "does nothing: no link signs people in through a browser, as `github_auth` or `oidc_auth` do";
            findings.warnings.push(Problem::new(section.key.location.clone(), path, message));
        }
        return None;
    }
    refuse_unfit_names(authn, links, findings.problems);
    let providers: Vec<Provider> = authn.flows().map(|(link, flow)| provider(link, flow)).collect();
    let written = config.public_url();
    let base = written.as_ref().map_or(server.prefix(), PublicUrl::path).to_owned();
    // docker_auth's files say it in the callback that they name, if they do.
    let public_url = written.or_else(|| {
        let mut callbacks = providers.iter().filter_map(|provider| provider.redirect_uri.as_deref());
        callbacks.find_map(|url| PublicUrl::parse(url).ok()).map(|url| url.with_path(&base))
    });
    for provider in &providers {
        refuse_other_callback(provider, &base, links, findings.problems);
    }
    if !has_store {
        warn_of_no_store(&providers, links, findings.warnings);
    }
    let title = config.title.as_ref().map_or(TITLE, |title| title.value.as_str()).to_owned();
    let version = assets::version(logo.as_ref());
    let registries = config.registries.iter().map(|registry| registry.value.clone()).collect();
    Some(Login {
        meter: Meter::new(metrics, providers.iter().map(|provider| provider.link.as_ref())),
        providers,
        public_url,
        proxies: Addresses::new(server),
        look: Look { title, base, has_logo: logo.is_some(), version },
        logo,
        registries,
        session: config.session(),
        terms: config.app_passwords.terms(),
        device: config.device.unwrap_or(true),
        completions: Arc::new(Semaphore::new(COMPLETIONS)),
    })
}

fn logo(source: &Source, config: &LoginConfig, path: &KeyPath, findings: &mut Findings<'_>) -> Option<Logo> {
    let written = config.logo.as_ref()?;
    let file = source.resolve(written);
    let read = Logo::read(&file);
    findings.files.push(file);
    let problem = |message: String| Problem::new(written.location.clone(), path.key("logo"), message);
    read.map_err(|message| findings.problems.push(problem(message))).ok()
}

fn provider(link: &Arc<str>, flow: &dyn dockgate_api::LoginFlow) -> Provider {
    let terms = flow.terms();
    Provider {
        link: Arc::clone(link),
        title: terms.title.clone(),
        route: route_of(link),
        redirect_uri: terms.redirect_uri.clone(),
        registry: terms.registry.clone(),
    }
}

fn refuse_unfit_names(
    authn: &Chain<dyn Authenticator>,
    links: &[LinkConfig<'_>],
    problems: &mut Vec<Problem>,
) {
    for link in links.iter().filter(|link| authn.flow(&link.name).is_some() && !is_route_name(&link.name)) {
        let message =
            "this name stands in a URL: write at most 64 letters, digits, `-`, `_` and `.`, such as `corp`";
        problems.push(Problem::new(link.key.location.clone(), link.item.key("name"), message));
    }
}

/// The provider sends the browser to the callback that its section names; if that is not where this link listens,
/// nobody ever comes back.
fn refuse_other_callback(
    provider: &Provider,
    base: &str,
    links: &[LinkConfig<'_>],
    problems: &mut Vec<Problem>,
) {
    let Some(written) = &provider.redirect_uri else { return };
    let expected = format!("{base}{}", provider.route);
    let url = PublicUrl::parse(written);
    if url.as_ref().is_ok_and(|url| url.path() == expected) {
        return;
    }
    let Some(link) = links.iter().find(|link| link.name == *provider.link) else { return };
    let (key, node): (Option<&Key>, &Node) = REDIRECT_KEYS
        .iter()
        .find_map(|key| link.section.get(key))
        .map_or((None, link.section), |entry| (Some(&entry.key), &entry.value));
    let path = key.map_or(link.path.clone(), |key| link.path.key(&key.text));
    let message = match url {
        Err(message) => message,
        Ok(url) => format!(
            "this link listens at `{expected}`: write `{}{expected}` here and at the provider; if a proxy takes a part of \
             the path away, write `login.public_url` with that part",
            url.origin()
        ),
    };
    problems.push(Problem::new(node.location.clone(), path, message));
}

fn warn_of_no_store(providers: &[Provider], links: &[LinkConfig<'_>], warnings: &mut Vec<Problem>) {
    for link in links.iter().filter(|link| providers.iter().any(|known| *known.link == *link.name)) {
        let message = "nobody can sign in: there is no place for sign-ins and app passwords; write `store: {file: \
                       DIRECTORY}`, or `redis` or `postgres` for several servers";
        warnings.push(Problem::new(link.key.location.clone(), link.path.clone(), message));
    }
}
