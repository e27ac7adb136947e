//! Who the provider is.

use dockgate_api::config::Located;
use dockgate_api::{BuildContext, BuildError};
use url::Url;

use super::at;
use crate::flow::is_on_this_machine;

/// Where Entra ID lives, in its several clouds.
const ENTRA: [&str; 4] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "sts.windows.net",
];
/// Its names for anybody's tenant.
const ANY_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

/// An issuer that can be asked.
pub(super) struct Issuer {
    pub(super) text: String,
    pub(super) host: String,
    pub(super) is_entra: bool,
}

impl Issuer {
    pub(super) fn read(key: &Located<String>, cx: &BuildContext, errors: &mut BuildError) -> Option<Self> {
        match read(&key.value) {
            Ok((issuer, in_clear)) => {
                if in_clear {
                    cx.note(at(key, "issuer", "plain http, to this machine: for trying it out"));
                }
                Some(issuer)
            }
            Err(why) => {
                errors.add(at(key, "issuer", why));
                None
            }
        }
    }
}

fn read(text: &str) -> Result<(Issuer, bool), String> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("an issuer holds no white space: write it in one line".to_owned());
    }
    let url = Url::parse(text).map_err(|error| {
        format!("this is no URL ({error}): write `https://HOST/…`, as the provider shows it")
    })?;
    let in_clear = match url.scheme() {
        "https" => false,
        "http" if is_on_this_machine(&url) => true,
        _ => {
            return Err("an issuer begins with `https://`: whoever is on the way could be anybody".to_owned());
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an issuer holds no user and no password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(
            "an issuer holds no `?` and no `#` (OpenID Connect Discovery 1.0): take them away".to_owned()
        );
    }
    if url.path().ends_with("/.well-known/openid-configuration") {
        return Err("write the issuer alone, without `/.well-known/openid-configuration`".to_owned());
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_entra = ENTRA.contains(&host.as_str());
    let tenant = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    if is_entra && (tenant.is_empty() || ANY_TENANT.iter().any(|any| any.eq_ignore_ascii_case(tenant))) {
        return Err(format!(
            "everybody with an account at Microsoft could sign in: name your tenant, by its id, as in \
             `https://{host}/00000000-0000-0000-0000-000000000000/v2.0`"
        ));
    }
    Ok((Issuer { text: text.to_owned(), host, is_entra }, in_clear))
}
