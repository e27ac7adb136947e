//! Where a provider is, and where it sends people back to.

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_api::{BuildContext, BuildError, Dialect};
use url::{Host, Url};

/// The same of a key that may be missing, or empty: the usual one then.
pub(crate) fn uri(
    key: &str,
    given: Option<Located<String>>,
    section: &Location,
    usual: impl FnOnce() -> String,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<Url> {
    let given = given.filter(|given| !given.value.is_empty());
    let given = given.unwrap_or_else(|| Located { location: section.clone(), index: None, value: usual() });
    base_url(key, &given, cx, errors)
}

/// A URL of the provider's, below which others stand; what is wrong with it goes to `errors`.
fn base_url(key: &str, given: &Located<String>, cx: &BuildContext, errors: &mut BuildError) -> Option<Url> {
    let path = KeyPath::root().key(key);
    let mut fail = |message: &str| {
        errors.add(Remark::new(given.location.clone(), path.clone(), message));
        None
    };
    let url = match read(&given.value) {
        Ok(url) => url,
        Err(message) => return fail(message),
    };
    if url.query().is_some() {
        return fail("paths are added to this URL: take away what follows `?`");
    }
    if url.scheme() == "http" && !is_on_this_machine(&url) {
        let message = "whoever is on the way can sign in as anybody: write `https://`";
        if cx.dialect() == Dialect::Native {
            return fail(message);
        }
        cx.warn(Remark::new(given.location.clone(), path, message));
    }
    Some(url)
}

/// The callback as it is registered at the provider, if that is said.
pub(crate) fn callback(
    given: Option<Located<String>>,
    cx: &BuildContext,
    errors: &mut BuildError,
) -> Option<String> {
    let given = given.filter(|given| !given.value.is_empty())?;
    let path = KeyPath::root().key("redirect_uri");
    match read(&given.value) {
        Ok(url) => {
            if url.scheme() == "http" && !is_on_this_machine(&url) {
                let message =
                    "whoever is on the way can read the code with which people sign in: write `https://`";
                cx.warn(Remark::new(given.location, path, message));
            }
            Some(given.value)
        }
        Err(message) => {
            errors.add(Remark::new(given.location, path, message));
            None
        }
    }
}

fn read(text: &str) -> Result<Url, &'static str> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("a URL holds no white space: write it in one line");
    }
    let url = Url::parse(text).map_err(|_| "this is no URL: write `https://HOST`")?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err("the URL begins with `https://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("this URL holds no user and no password: take them away");
    }
    if url.fragment().is_some() {
        return Err("what follows `#` is never sent: take it away");
    }
    Ok(url)
}

/// Whether a URL leads no further than this machine.
pub(crate) fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A URL below another.
pub(crate) fn below<'a>(base: &Url, steps: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(steps);
    }
    url
}

/// What never changes of somebody. Ids are small numbers, and the next instance has the same ones: a link that is turned to
/// it must not know its people by what those of the other left here.
pub(crate) fn subject(api: &Url, id: u64) -> String {
    format!("{} {id}", api.origin().ascii_serialization())
}

/// What people call a provider: what is written, or its usual name, with the host of an instance of one's own.
pub(crate) fn titled(given: Option<String>, usual: &str, usual_web: &str, web: &Url) -> String {
    let is_own = Url::parse(usual_web).is_ok_and(|usual| usual.host() != web.host());
    given.filter(|given| !given.trim().is_empty()).unwrap_or_else(|| match web.host_str() {
        Some(host) if is_own => format!("{usual} ({host})"),
        _ => usual.to_owned(),
    })
}
