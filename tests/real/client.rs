//! What the tests want of a client, whichever it is.

use std::path::Path;
use std::process::Command;

use crate::accounts::Account;
use crate::components::Component;
use crate::harness::command::Outcome;
pub(crate) use crate::home::Home;
use crate::image::Image;

/// What a client does when somebody logs in.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Login {
    /// It asks for a token, and refuses what is refused.
    Checked,
    /// It writes the credentials down; whether they are right shows when they are used.
    Unchecked,
    /// It has no such command: the credentials go with each command, or stand in docker's file.
    None,
}

/// Where an operation answers `None`, the client has no command for it.
pub(crate) trait Client: Sized {
    const NAME: &'static str;
    const COMPONENTS: &'static [Component];
    const LOGIN: Login = Login::Checked;
    /// Operations that end in another way than is to be expected, each with the reason.
    const LIMITS: &'static [(&'static str, &'static str)] = &[];
    /// Part of what it prints when the registry refuses, in any case of letters.
    const DENIED: &'static str = "requested access to the resource is denied";

    fn at(home: Home) -> Self;

    /// Another one's, with the same engine behind it if it has one that can be shared.
    fn beside(&self, home: Home) -> Self {
        Self::at(home)
    }

    fn home(&self) -> &Home;

    /// The program in its surroundings, ready for a subcommand.
    fn tool(&self) -> Command;

    fn login(&self, name: &str, password: &str) -> Outcome {
        let credentials = ["login", "--tls-verify=false", "--username", name, "--password", password];
        self.home().run(self.tool().args(credentials).arg(self.home().host()))
    }

    /// Logs in, or has the credentials at hand where there is no such command.
    #[track_caller]
    fn sign_in(&self, account: &Account) {
        match Self::LOGIN {
            Login::None => self.home().remember(account.name, account.password),
            Login::Checked | Login::Unchecked => drop(self.login(account.name, account.password).succeeds()),
        }
    }

    /// Pushes to `to`, a `repository:tag`.
    fn push(&self, image: &Image, to: &str) -> Outcome;

    /// Pulls `from`, a `repository:tag`, into the new directory `layout`, which [`Client::read`] understands.
    fn pull_into(&self, from: &str, layout: &Path) -> Outcome;

    fn read(&self, layout: &Path) -> Image {
        Image::read(layout)
    }

    /// Has the registry know `image`, which is in `from`, as `to` too, without sending its layers again.
    fn mount(&self, image: &Image, from: &str, to: &str) -> Option<Outcome>;

    fn list_tags(&self, _repository: &str) -> Option<Outcome> {
        None
    }

    fn catalog(&self) -> Option<Outcome> {
        None
    }

    fn delete(&self, _name: &str) -> Option<Outcome> {
        None
    }

    fn pull(&self, from: &str) -> Outcome {
        self.pull_into(from, &self.home().path("refused"))
    }

    #[track_caller]
    fn pulled(&self, from: &str) -> Image {
        let layout = self.home().path(&format!("pulled-{}", from.replace(['/', ':'], "-")));
        let _ = std::fs::remove_dir_all(&layout); // of the pull before
        self.pull_into(from, &layout).succeeds();
        self.read(&layout)
    }
}

/// Makes a test of each flow and client that needs no engine: a flow is a `fn flow<C: Client>()`.
macro_rules! with_each_client {
    ($($flow:ident),+ $(,)?) => {
        $crate::client::with_clients!([skopeo Skopeo, podman Podman, buildah Buildah, crane Crane, oras Oras, regctl Regctl], $($flow),+);
    };
}

/// The same for some of them.
macro_rules! with_clients {
    ([$($name:ident $client:ident),+], $flow:ident) => {
        mod $flow {
            $(#[test] fn $name() { super::$flow::<$crate::clients::$name::$client>(); })+
        }
    };
    ($clients:tt, $($flow:ident),+) => {
        $($crate::client::with_clients!($clients, $flow);)+
    };
}

pub(crate) use {with_clients, with_each_client};
