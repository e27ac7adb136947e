//! Proves a set-up of a proxy, a gate and a registry from outside, as a client that means no good.
//!
//! The gate refuses what it cannot read before it asks who came: 403 without a login, where the same request without the
//! trick is 401. So nearly everything is seen without an account, and from the status alone: a request that the gate
//! refuses for everybody must stay refused, whatever a client writes beside it.
//!
//! Requests are written by hand: a library would put a path right before the proxy sees it.

mod account;
mod answer;
mod base;
mod challenge;
mod forgery;
mod login;
mod paths;
mod place;
mod prober;
mod reach;
mod refusals;
mod report;
mod request;
mod spoofing;
mod stand_in;
mod tokens;
mod told;
mod uploads;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dockgate_api::secrecy::SecretString;
use rustls::ClientConfig;

pub(crate) use place::Place;
pub(crate) use report::{Finding, Outcome};
pub(crate) use request::written;

use prober::Prober;
use report::Verdict;
use stand_in::StandIn;

/// A repository that nobody has.
pub(crate) const PRIVATE: &str = "dockgate-forward-auth-test/private";

/// Somebody who has an account.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) password: SecretString,
}

/// What is to be proved.
pub(crate) struct Plan {
    /// The registry, as clients reach it.
    pub(crate) registry: Place,
    /// Whether passwords may go over a network in the clear.
    pub(crate) allow_http: bool,
    pub(crate) account: Option<Account>,
    /// A repository that nobody may read without a login.
    pub(crate) private: String,
    /// Whether there is no such.
    pub(crate) anyone_may_pull: bool,
    /// Those that everybody may read.
    pub(crate) public: Vec<String>,
    /// What the account may do, and what not.
    pub(crate) may_pull: Vec<String>,
    pub(crate) may_not_pull: Vec<String>,
    pub(crate) may_push: Vec<String>,
    pub(crate) may_not_push: Vec<String>,
    /// The gate's own address, with its path.
    pub(crate) gate: Option<Place>,
    /// The registry's own address.
    pub(crate) registry_address: Option<Place>,
    /// Where to listen in the registry's place.
    pub(crate) as_registry: Option<SocketAddr>,
    /// By which the registry is told who came.
    pub(crate) identity_headers: Vec<String>,
    /// How long all of it may take.
    pub(crate) within: Duration,
}

/// Checks everything, one thing after the other, and tells each at once.
///
/// # Errors
/// If nothing could begin.
pub(crate) async fn run(
    plan: &Plan,
    tls: Arc<ClientConfig>,
    mut tell: impl FnMut(Finding),
) -> Result<(), String> {
    let stand_in = match plan.as_registry {
        Some(address) => {
            let listening = StandIn::listen(address).await;
            Some(listening.map_err(|error| format!("cannot listen at {address}: {error}"))?)
        }
        None => None,
    };
    let mut prober = Prober::new(plan, tls, stand_in);
    let mut found = |check, says: &str, checked| tell(Finding::of(check, says.to_owned(), checked));

    let answer = prober.ask(&base::request()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(broken) => {
            found("challenge", base::ASKS_FOR_A_LOGIN, Err(broken));
            found("others", "everything else", Ok(Verdict::skipped("the registry does not answer")));
            return Ok(());
        }
    };
    prober.challenge = base::challenge_of(&answer);
    found("challenge", base::ASKS_FOR_A_LOGIN, Ok(base::challenge(&answer)));
    found(
        "version-header",
        "Docker-Distribution-Api-Version stands in a refusal exactly once",
        Ok(base::version(&answer)),
    );
    found("json", "a refusal is JSON, which clients can show", Ok(base::json(&answer)));
    found("realm", "the challenge leads to a token endpoint", base::realm(&prober).await);

    found("read", "without a login nothing is read", refusals::read(&prober).await);
    found("write", "without a login nothing is written", refusals::write(&prober).await);
    for name in &plan.public {
        let says = format!("without a login `{name}` is read");
        found("public", &says, refusals::public(&prober, name).await);
    }
    found("wrong-login", "a wrong password is refused", refusals::wrong_login(&prober).await);
    found("forged-token", "a token that nobody signed is refused", tokens::forged(&prober).await);

    let path = spoofing::path_is_told(&prober).await;
    let is_told = matches!(path, Ok(Verdict::Holds));
    found("path", "the gate is told the path", path);
    let method = spoofing::method_is_told(&prober).await;
    let is_told_method = matches!(method, Ok(Verdict::Holds));
    found("method", "the gate is told the method", method);
    found("query", "the gate is told the query", uploads::query(&prober).await);
    found(
        "content-type",
        "the gate is told the Content-Type of uploads",
        uploads::content_type(&prober).await,
    );

    found(
        "spoofed-path",
        "a client cannot say another path beside its own",
        spoofing::path(&prober, is_told).await,
    );
    found(
        "spoofed-method",
        "a client cannot say another method beside its own",
        spoofing::method(&prober, is_told_method).await,
    );
    found("spoofed-proxy", "a client cannot pass itself off as the proxy", spoofing::proxy(&prober).await);
    found("spoofed-identity", "a client cannot say who it is by header", told::identity(&prober).await);
    found("path-tricks", "no way of writing a path goes round the gate", paths::tricks(&prober).await);

    found("gate-path", "the gate cannot be asked through the proxy", reach::through_the_proxy(&prober).await);
    found("gate", "the gate answers nobody but its proxy", reach::gate(&prober).await);
    found("registry", "the registry cannot be reached round the proxy", reach::registry(&prober).await);

    found("login", "the account is let in", account::login(&prober).await);
    for expected in account::expectations(plan) {
        found(expected.check(), &expected.says(), account::expectation(&prober, &expected).await);
    }
    found("token-scope", "a token for one repository does not open another", tokens::scope(&prober).await);
    found("registry-secret", "the registry is not told the gate's secret", told::secret(&prober).await);
    found("registry-form", "the registry is told no form that the gate is not", told::form(&prober).await);
    Ok(())
}
