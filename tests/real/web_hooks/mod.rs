//! Other people's servers decide in front of real registries.

mod opa;
mod reviews;

use crate::accounts::{ADMIN, ALICE, READER};
use crate::client::Client;
use crate::image::Image;
use crate::site::Site;

/// Whoever decides lets everybody push below their own name, and who is in the group of those pull anything but the vault.
pub(crate) fn decides<C: Client>(site: &Site, pullers: &C, owner: &C) {
    let image = Image::of(&["hello"]);
    owner.push(&image, "alice/app:1").succeeds();
    assert_eq!(owner.pulled("alice/app:1"), image);
    owner.push(&image, "reader/app:1").fails_with(C::DENIED);
    owner.push(&image, "vault/app:1").fails_with(C::DENIED);
    assert_eq!(pullers.pulled("alice/app:1"), image);
    pullers.push(&Image::of(&["other"]), "alice/app:1").fails_with(C::DENIED);
    pullers.pull("vault/app:1").fails_with(C::DENIED);
    site.client::<C>().pull("alice/app:1").fails_with(C::DENIED);
    assert_eq!(pullers.pulled("alice/app:1"), image, "it is still what it was");
}

/// The status of a request for a token.
pub(crate) fn status(site: &Site, account: &crate::accounts::Account) -> u16 {
    site.api(Some(account)).request_token("repository:alice/app:pull").status
}

const PEOPLE: [&crate::accounts::Account; 3] = [&ADMIN, &ALICE, &READER];
