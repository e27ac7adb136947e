//! What the directories of a configuration say of an account.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dockgate_api::config::Problem;
use dockgate_api::secrecy::SecretString;
use dockgate_api::{Authenticator, Credential, Login};

use super::Lasting;
use super::parts::{Parts, at_top};
use super::request_ids::RequestIds;
use crate::access::explanation::Explanation;
use crate::access::{Access, Bounds, Inquiry, Occasion, Proof, Question};
use crate::backends::Backends;
use crate::chain::Chain;
use crate::config::Source;
use crate::config::links::{self, ChainKind};
use crate::config::server::Limits;
use crate::lockout::Standing;
use crate::outside::Outside;
use crate::scope::RequestedScopes;

/// The backend whose links are asked.
const KEY: &str = "ldap_auth";

/// Whom to ask about.
pub struct LdapTest {
    /// The account as a client would write it.
    pub account: String,
    /// To log in with; without it the right one is taken for granted.
    pub password: Option<SecretString>,
    /// This link only.
    pub link: Option<String>,
}

/// Asks each `ldap_auth` link of a file by itself, whatever stands around it. Signing keys are not needed.
///
/// # Errors
/// Every problem of the file, if one of the links cannot be made, or if there is none.
pub async fn ldap_test(
    file: &Path,
    backends: &Backends,
    outside: &Outside,
    test: &LdapTest,
) -> Result<Vec<Explanation>, Vec<Problem>> {
    let source = Source::read(file, outside.environment.as_ref())?;
    let Parts { sections, authn, passwords, spawner: _spawner, problems, .. } =
        Parts::read(&source, backends, outside, &Lasting::default(), false)?;
    let asked = asked(&source, backends, test)?;
    let limits = sections.server.map(|server| server.limits).unwrap_or_default();
    let request_ids = RequestIds::new(outside.random.as_ref());
    let request_ids = request_ids.map_err(|error| at_top(&source, error.to_string()))?;
    let mut links: Vec<_> = authn.into_links();
    let mut all = Vec::with_capacity(asked.len());
    for name in &asked {
        let Some(place) = links.iter().position(|link| link.name.as_ref() == name) else {
            return Err(problems);
        };
        let mut link = links.swap_remove(place);
        // Whom the link owns is for the others to mind.
        (link.accounts, link.timeout) = (None, None);
        let authn: Chain<dyn Authenticator> = Chain::new(vec![link]);
        let access = Access::new(
            authn,
            Chain::new(Vec::new()),
            Arc::clone(&passwords),
            Bounds { name: limits.name, secret: limits.secret },
            None,
            outside.log.clone(),
        );
        let occasion = Occasion {
            now: outside.clock.now(),
            deadline: Instant::now() + limits.request_timeout.0,
            request_id: request_ids.next(),
        };
        let explained = access.explain(occasion, &inquiry(test, &limits)).await;
        all.push(explained.map_err(|message| at_top(&source, message))?.explanation);
    }
    Ok(all)
}

fn inquiry(test: &LdapTest, limits: &Limits) -> Inquiry {
    let proof = if test.password.is_some() { Proof::Shown } else { Proof::Assumed };
    let credential = test.password.clone().map_or(Credential::None, Credential::Password);
    let login = Login::new(test.account.clone(), credential);
    let scopes = RequestedScopes::parse([], limits.scopes).unwrap_or_default();
    Inquiry { question: Question { login, scopes, standing: Standing::default() }, proof }
}

/// The names of the links, in their order.
fn asked(source: &Source, backends: &Backends, test: &LdapTest) -> Result<Vec<String>, Vec<Problem>> {
    let known: Vec<&str> = backends.authenticators().keys().collect();
    let links = links::read(&source.root, ChainKind::Authn, &known, &mut Vec::new());
    let names: Vec<String> =
        links.into_iter().filter(|link| link.key.text.as_ref() == KEY).map(|link| link.name).collect();
    match &test.link {
        _ if names.is_empty() => {
            Err(at_top(source, format!("there is no `{KEY}` in it: this command asks directories")))
        }
        Some(link) if names.contains(link) => Ok(vec![link.clone()]),
        Some(link) => {
            let names = names.join(", ");
            Err(at_top(source, format!("no `{KEY}` is called `{link}`: there are {names}")))
        }
        None => Ok(names),
    }
}
