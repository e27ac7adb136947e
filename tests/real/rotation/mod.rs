//! Keys change under running servers, and nothing is restarted.

mod announced;
mod expired;
mod given;
mod managed;
mod pair;
mod rotated;

use std::time::Duration;

use crate::accounts::ALICE;
use crate::api::{open, token};
use crate::harness::http::request;
use crate::harness::poll;
use crate::registry::SERVICE;
use crate::site::Site;

const SCOPE: &str = "repository:alice/app:pull,push";
const UPLOAD: &str = "/v2/alice/app/blobs/uploads/";
/// The files are looked at every 30 seconds where the system tells of no changes.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(60);

/// A token for one who may push.
fn token_of(dockgate: &str) -> String {
    token(dockgate, SERVICE, SCOPE, &ALICE)
}

/// The certificate that vouches for a token.
fn leaf(token: &str) -> String {
    let [header, _] = open(token);
    header["x5c"][0].as_str().unwrap_or_else(|| panic!("no certificate: {header}")).to_owned()
}

/// The first token that another certificate vouches for than for `before`.
#[track_caller]
fn token_signed_anew(dockgate: &str, before: &str) -> String {
    let old = leaf(before);
    let signed = poll(TAKEN_UP_WITHIN, || Some(token_of(dockgate)).filter(|token| leaf(token) != old));
    signed.unwrap_or_else(|| panic!("{dockgate} goes on with the certificate from before"))
}

/// Whether a registry lets the bearer begin an upload.
fn accepts(registry: &str, token: &str) -> bool {
    let answer = request("POST", registry, UPLOAD, Some(&format!("Bearer {token}")));
    assert!([202, 401].contains(&answer.status), "{answer:?}");
    answer.status == 202
}

/// Waits until the server's log says so.
#[track_caller]
fn until_it_says(site: &Site, text: &str) {
    let said = poll(TAKEN_UP_WITHIN, || site.dockgate.log().contains(text).then_some(()));
    assert!(said.is_some(), "the server did not say {text:?}:\n{}", site.dockgate.log());
}
