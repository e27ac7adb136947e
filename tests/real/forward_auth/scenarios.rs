//! What everybody does with a registry, behind any proxy and with any client.

use super::Front;
use super::site::{Gated, Mode};
use crate::accounts::{ADMIN, ALICE, Account, READER};
use crate::client::{Client, Login};
use crate::harness::command::Outcome;
use crate::harness::http::encode;
use crate::image::Image;

const APP: &str = "alice/app:1";
const COPY: &str = "alice/copy:1";
const PUBLIC: &str = "public/hello:1";

/// Tests of every scenario behind a proxy, in both modes: a scenario is a `fn scenario<F: Front, C: Client>(mode: Mode)`.
macro_rules! all {
    ($front:ident) => {
        mod basic {
            use super::$front;
            $crate::forward_auth::scenarios::all!($front, Basic);
        }
        mod bearer {
            use super::$front;
            $crate::forward_auth::scenarios::all!($front, Bearer);
        }
    };
    ($front:ident, $mode:ident) => {
        $crate::forward_auth::scenarios::all!(
            $front, $mode, [skopeo Skopeo, podman Podman, crane Crane, docker Docker],
            works, refuses, lets_nobody_in_particular_pull
        );
    };
    ($front:ident, $mode:ident, $clients:tt, $($scenario:ident),+) => {
        $($crate::forward_auth::scenarios::all!(@ $front, $mode, $clients, $scenario);)+
    };
    (@ $front:ident, $mode:ident, [$($name:ident $client:ident),+], $scenario:ident) => {
        mod $scenario {
            use $crate::forward_auth::{scenarios, site::Mode};
            $(#[test] fn $name() {
                scenarios::$scenario::<super::$front, $crate::clients::$name::$client>(Mode::$mode);
            })+
        }
    };
}
pub(super) use all;

/// Push, pull, a layer of another repository, tags, the catalog, and away with it.
pub(super) fn works<F: Front, C: Client>(mode: Mode) {
    let Some(gated) = Gated::<F>::start(mode, C::COMPONENTS) else { return };
    let image = Image::of(&["first", "second"]);
    let engine: C = gated.client(); // what the others share, if there is something to share
    let alice = of(&gated, &engine, &ALICE);
    alice.push(&image, APP).succeeds();
    let admin = of(&gated, &engine, &ADMIN);
    assert_eq!(admin.pulled(APP), image);

    if let Some(outcome) = alice.mount(&image, APP, COPY) {
        let outcome = outcome.succeeds();
        let from = format!("from={}", encode("alice/app"));
        let mounted = gated.accesses().into_iter().any(|access| {
            access.target.starts_with("/v2/alice/copy/blobs/uploads/?")
                && access.target.contains("mount=")
                && access.target.contains(&from)
                && access.status == 201
        });
        assert!(mounted, "no layer was mounted: {:#?}\n{outcome}", gated.accesses());
        assert_eq!(alice.pulled(COPY), image);
    }
    if let Some(tags) = alice.list_tags("alice/app") {
        let tags = tags.succeeds();
        assert!(tags.stdout.contains('1'), "{tags}");
    }
    if let Some(catalog) = admin.catalog() {
        let catalog = catalog.succeeds();
        assert!(catalog.stdout.contains("alice/app"), "{catalog}");
        alice.catalog().unwrap().fails();
    }
    if let Some(deleted) = alice.delete(APP) {
        deleted.succeeds();
        alice.pull(APP).fails();
    }
}

/// Whoever may not is told so in words, and nothing of it reaches the registry.
pub(super) fn refuses<F: Front, C: Client>(mode: Mode) {
    const WRONG: Account = Account { password: "wrong", ..ALICE };
    let Some(gated) = Gated::<F>::start(mode, C::COMPONENTS) else { return };
    let image = Image::of(&["first"]);
    let engine: C = gated.client();
    of(&gated, &engine, &ADMIN).push(&image, "team/app:1").succeeds();

    let wrong = engine.beside(gated.home());
    in_words(match C::LOGIN {
        Login::Checked => wrong.login(WRONG.name, WRONG.password),
        Login::Unchecked | Login::None => {
            wrong.sign_in(&WRONG);
            wrong.pull("team/app:1")
        }
    });
    let stranger = engine.beside(gated.home());
    without_login::<C>(mode, stranger.pull("team/app:1"));
    without_login::<C>(mode, stranger.push(&image, "team/app:1"));

    let reader = of(&gated, &engine, &READER);
    assert_eq!(reader.pulled("team/app:1"), image);
    let before = gated.accesses().len();
    denied(reader.push(&Image::of(&["other"]), "team/app:1"));
    denied(reader.push(&image, "team/app:2"));
    if let Some(outcome) = reader.delete("team/app:1") {
        denied(outcome);
    }
    let came = gated.accesses().split_off(before);
    let wrote = came.iter().any(|access| !["GET", "HEAD"].contains(&access.method.as_str()));
    assert!(!wrote, "{came:#?}");
    assert_eq!(reader.pulled("team/app:1"), image, "it is still what it was");
    if let Some(outcome) = of(&gated, &engine, &ALICE).list_tags("team/app") {
        denied(outcome);
    }
}

/// Everybody may pull one repository. With passwords alone docker does not: it has no password to send, and the gate
/// asked for one.
pub(super) fn lets_nobody_in_particular_pull<F: Front, C: Client>(mode: Mode) {
    let Some(gated) = Gated::<F>::start(mode, C::COMPONENTS) else { return };
    let image = Image::of(&["first"]);
    let engine: C = gated.client();
    let admin = of(&gated, &engine, &ADMIN);
    admin.push(&image, PUBLIC).succeeds();
    admin.push(&image, "private/hello:1").succeeds();
    let anonymous = engine.beside(gated.home());
    if wants_a_login::<C>(mode) {
        anonymous.pull(PUBLIC).fails();
    } else {
        assert_eq!(anonymous.pulled(PUBLIC), image);
    }
    without_login::<C>(mode, anonymous.pull("private/hello:1"));
    without_login::<C>(mode, anonymous.push(&Image::of(&["mine"]), PUBLIC));
}

fn of<F: Front, C: Client>(gated: &Gated<F>, engine: &C, account: &Account) -> C {
    let client = engine.beside(gated.home());
    client.sign_in(account);
    client
}

/// Docker sends nothing at all if it is asked for a password that it does not have.
fn wants_a_login<C: Client>(mode: Mode) -> bool {
    mode == Mode::Basic && C::NAME == "docker"
}

#[track_caller]
fn without_login<C: Client>(mode: Mode, outcome: Outcome) {
    if wants_a_login::<C>(mode) {
        // A registry on its own machine it then tries without TLS, and what it says is about that.
        outcome.fails();
    } else {
        in_words(outcome);
    }
}

/// It fails, and the person at the terminal reads words, not a client's trouble with an answer that it cannot read.
#[track_caller]
fn in_words(outcome: Outcome) {
    says(
        outcome,
        &["unauthorized", "authentication required", "denied", "invalid username/password", "no basic auth"],
    );
}

/// The same for somebody whom the gate knows.
#[track_caller]
fn denied(outcome: Outcome) {
    says(outcome, &["denied", "403 (forbidden)"]);
}

#[track_caller]
fn says(outcome: Outcome, any: &[&str]) {
    let outcome = outcome.fails();
    let said = outcome.stderr.to_lowercase();
    assert!(!said.contains("invalid character") && !said.contains("<html"), "{outcome}");
    assert!(any.iter().any(|words| said.contains(words)), "{outcome}");
}
