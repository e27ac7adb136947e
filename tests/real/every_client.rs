//! What each client does, and what it prints when it is refused: the tables of docs/clients.md.
//!
//! An operation that a client has must work. Where the table says something else of a client, its file says so.

use crate::accounts::{ADMIN, ALICE, Account, BOB, NOBODY, READER};
use crate::client::{Client, Login, with_clients};
use crate::clients::buildkit::BuildKit;
use crate::clients_table::{self, Rows};
use crate::harness::command::Outcome;
use crate::image::Image;
use crate::site::Site;

with_clients!(
    [
        skopeo Skopeo, podman Podman, buildah Buildah, docker Docker, buildkit BuildKit, ctr Ctr, nerdctl Nerdctl,
        crane Crane, oras Oras, regctl Regctl, helm Helm
    ],
    does_what_the_table_says
);

#[test]
fn the_table_has_no_other_clients() {
    let all = "buildah BuildKit crane ctr docker helm nerdctl oras podman regctl skopeo";
    assert_eq!(clients_table::clients().join(" "), all);
}

const PRIVATE: &str = "alice/app:1.0.0";
const COPY: &str = "alice/copy:1.0.0";
const PUBLIC: &str = "public/hello:1.0.0";

pub(crate) const WRONG_PASSWORD: &str = "wrong password";
pub(crate) const LAYERS_OF_OTHERS: &str = "push of another's layers";

const YES: &str = "yes";
const REFUSED: &str = "refused";
/// There is no command for it.
const NO_COMMAND: &str = "–";

/// Not ours to prevent, so the docs warn of it.
#[test]
fn buildkit_gives_what_it_pulled_for_one_to_the_next() {
    let Some(site) = Site::start(BuildKit::COMPONENTS) else { return };
    let image = Image::of(&["first", "second"]);
    let buildkit: BuildKit = site.client_of(&ALICE);
    buildkit.push(&image, PRIVATE).succeeds();
    assert_eq!(buildkit.pulled(PRIVATE), image);
    buildkit.sign_in(&NOBODY);
    assert_eq!(buildkit.pulled(PRIVATE), image);
    let another: BuildKit = site.client_of(&NOBODY);
    another.pull(PRIVATE).fails_with(BuildKit::DENIED);
}

fn does_what_the_table_says<C: Client>() {
    let Some(site) = Site::start(C::COMPONENTS) else { return };
    let mut rows = Rows::of::<C>(&site);
    let engine: C = site.client(); // what the others share, if there is something to share
    let of = |account: &Account| {
        let client = engine.beside(site.home());
        client.sign_in(account);
        client
    };
    let [image, other] = [&["first", "second"], &["other", "words"]].map(|words| Image::of(words));

    rows.works("login", if C::LOGIN == Login::None { NO_COMMAND } else { YES });
    let [admin, alice, reader, nobody] = [&ADMIN, &ALICE, &READER, &NOBODY].map(of);
    admin.push(&image, PUBLIC).succeeds();
    wrong_password(&engine.beside(site.home()), &mut rows);

    alice.push(&image, PRIVATE).succeeds();
    rows.works("push", YES);
    assert_eq!(alice.pulled(PRIVATE), image);
    assert_eq!(reader.pulled(PRIVATE), image);
    rows.works("pull", YES);

    mount(&site, &alice, &image, &mut rows);
    layers_of_others(&of(&BOB), &image, &mut rows);
    rows.works("tags", shown(alice.list_tags("alice/app"), "1.0.0"));
    rows.works("catalog", shown(admin.catalog(), "alice/app"));
    not_allowed(&site, || nobody.list_tags("alice/app"));
    not_allowed(&site, || nobody.catalog());
    not_allowed(&site, || reader.delete(COPY));
    delete(&alice, &mut rows);

    let anonymous = engine.beside(site.home());
    assert_eq!(anonymous.pulled(PUBLIC), image);
    rows.works("anonymous pull", YES);

    rows.refused("push without the right", reader.push(&other, PRIVATE).fails_with(C::DENIED));
    rows.refused("pull without the right", nobody.pull(PRIVATE).fails_with(C::DENIED));
    rows.refused("anonymous pull of what is not public", anonymous.pull(PRIVATE).fails_with(C::DENIED));
    rows.works("push, pull without the right", REFUSED);
    assert_eq!(alice.pulled(PRIVATE), image, "it is still what it was");

    clients_table::agree(&rows);
}

fn wrong_password<C: Client>(client: &C, rows: &mut Rows) {
    const WRONG: Account = Account { password: "wrong", ..ALICE };
    let (outcome, cell) = match C::LOGIN {
        Login::Checked => (client.login(WRONG.name, WRONG.password), REFUSED),
        Login::Unchecked | Login::None => {
            assert!(rows.is_limited(WRONG_PASSWORD), "the reason stands in the client's limits");
            client.sign_in(&WRONG);
            (client.pull(PUBLIC), "refused when used")
        }
    };
    rows.works(WRONG_PASSWORD, cell);
    rows.refused(WRONG_PASSWORD, outcome.fails());
}

fn mount<C: Client>(site: &Site, client: &C, image: &Image, rows: &mut Rows) {
    let before = site.accesses().len();
    let cell = client.mount(image, PRIVATE, COPY).map(|outcome| {
        let outcome = outcome.succeeds();
        let accesses = site.accesses().split_off(before);
        let mounted = accesses.iter().any(|access| {
            let target = &access.target;
            let upload = target.starts_with("/v2/alice/copy/blobs/uploads/?") && target.contains("mount=");
            upload && target.contains("from=alice") && access.status == 201
        });
        assert!(mounted, "no layer was mounted: {accesses:#?}\n{outcome}");
        YES
    });
    rows.works("mount", cell.unwrap_or(NO_COMMAND));
}

/// Each client words it in its own way, so the registry's answer is what counts.
#[track_caller]
fn not_allowed(site: &Site, ask: impl FnOnce() -> Option<Outcome>) {
    let before = site.accesses().len();
    if let Some(outcome) = ask() {
        let outcome = outcome.fails();
        let last = site.accesses().split_off(before).pop().map(|access| access.status);
        assert_eq!(last, Some(401), "the registry refuses:\n{outcome}");
    }
}

/// The engine has them from where bob may not pull.
fn layers_of_others<C: Client>(bob: &C, image: &Image, rows: &mut Rows) {
    const BOBS: &str = "bob/app:1.0.0";
    let outcome = bob.push(image, BOBS);
    if rows.is_limited(LAYERS_OF_OTHERS) {
        rows.works(LAYERS_OF_OTHERS, REFUSED);
        rows.refused(LAYERS_OF_OTHERS, outcome.fails_with(C::DENIED));
    } else {
        outcome.succeeds();
        assert_eq!(bob.pulled(BOBS), *image);
        rows.works(LAYERS_OF_OTHERS, YES);
    }
}

fn shown(outcome: Option<Outcome>, what: &str) -> &'static str {
    outcome.map_or(NO_COMMAND, |outcome| {
        let outcome = outcome.succeeds();
        assert!(outcome.stdout.contains(what), "{outcome}");
        YES
    })
}

fn delete<C: Client>(client: &C, rows: &mut Rows) {
    let cell = client.delete(COPY).map(|outcome| {
        outcome.succeeds();
        client.pull(COPY).fails();
        YES
    });
    rows.works("delete", cell.unwrap_or(NO_COMMAND));
}
