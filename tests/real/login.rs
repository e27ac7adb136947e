use crate::accounts::{ADMIN, ALICE, Account, NOBODY};
use crate::client::{Client, with_clients};
use crate::image::Image;
use crate::site::Site;

with_clients!([skopeo Skopeo, podman Podman, buildah Buildah], right_password, wrong_password, unknown_account, password_that_has_changed);

fn right_password<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let outcome = site.client::<C>().login(ALICE.name, ALICE.password).succeeds();
    assert!(outcome.stdout.contains("Login Succeeded!"), "{outcome}");
}

fn wrong_password<C: Client>() {
    refused::<C>(ALICE.name, NOBODY.password);
}

fn unknown_account<C: Client>() {
    refused::<C>("mallory", ALICE.password);
}

fn refused<C: Client>(name: &str, password: &str) {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    site.client::<C>().login(name, password).fails_with("invalid username/password");
}

/// Anonymous may pull this one, but whoever names an account must prove it; the reason is the server's own words.
fn password_that_has_changed<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    site.client_of::<C>(&ADMIN).push(&Image::of(&["hello"]), "public/hello:1").succeeds();
    let client: C = site.client();
    client.home().remember(ALICE.name, "the old password");
    client.pull("public/hello:1").fails_with("incorrect username or password");
}

/// Who sends nothing is anonymous; who sends a name without its password is nobody. (The clients would ask for
/// the password first.)
#[test]
fn name_alone_is_not_anonymous() {
    let Some(site) = Site::start(&[]) else { return };
    assert_eq!(site.api(None).request_token("").status, 200, "{}", site.logs());
    let answer = site.api(Some(&Account { password: "", ..ALICE })).request_token("");
    assert_eq!(answer.status, 401, "{answer:?}\n{}", site.logs());
}
