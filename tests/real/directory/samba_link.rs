//! A link of `ldap_auth` to a domain controller.

use serde_json::{Value, json};

use super::samba::{DOMAIN, SERVICE, SUFFIX, Samba};

/// By `sAMAccountName` or `userPrincipalName`, as in `config/active-directory.yml`.
const FILTER: &str = "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=${account})(userPrincipalName=${account})))";

/// The whole domain over LDAPS, searched by the service account.
pub(super) fn section(samba: &Samba) -> Value {
    json!({
        "addr": samba.tls_uri(),
        "ca_certificate": samba.authority.certificate,
        "bind_dn": SERVICE.0,
        "bind_password": SERVICE.1,
        "base": SUFFIX,
        "filter": FILTER,
        "account_attribute": "sAMAccountName",
        "domains": [DOMAIN],
    })
}
