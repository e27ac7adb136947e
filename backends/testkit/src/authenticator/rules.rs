//! What an authenticator must do.

use crate::Rule;

const CONTRACT: &str = "dockgate-api, Authenticator::authenticate";

/// A right password is allowed, as the canonical account.
pub const RIGHT: Rule = Rule {
    name: "right password",
    demand: "a known account with the right password is allowed, under its canonical spelling",
    docs: "dockgate-api, Identity::account",
};
/// The link's name is the chain's business.
pub const LINK: Rule = Rule {
    name: "link untouched",
    demand: "a backend leaves the name of the link empty, the chain writes it",
    docs: "dockgate-api, Identity::link",
};
/// A wrong password is a refusal.
pub const WRONG: Rule = Rule {
    name: "wrong password",
    demand: "a known account with a wrong password is Deny (or an error), never Allow and never NoMatch",
    docs: CONTRACT,
};
/// Somebody else's accounts.
pub const UNKNOWN: Rule = Rule {
    name: "unknown account",
    demand: "an unknown account is answered as the fixture says and never allowed",
    docs: CONTRACT,
};
/// An empty password proves nothing.
pub const EMPTY: Rule =
    Rule { name: "empty password", demand: "an empty or missing password proves nothing", docs: CONTRACT };
/// Anonymous is allowed on purpose or not at all.
pub const ANONYMOUS: Rule = Rule {
    name: "anonymous",
    demand: "the account \"\" is allowed exactly if the fixture says so, and then answers_without_proof is true",
    docs: "dockgate-api, Login::account",
};
/// Odd accounts and passwords authenticate nobody.
pub const HOSTILE: Rule = Rule {
    name: "hostile input",
    demand: "accounts and passwords with control characters, patterns, filters or of great length are never \
             allowed",
    docs: CONTRACT,
};
/// Input never ends a task.
pub const NO_PANIC: Rule = Rule {
    name: "no panic",
    demand: "no input makes a backend panic",
    docs: "dockgate, Cargo.toml, [workspace.lints.clippy]: input must never be able to end the process",
};
/// Passwords stay where they are.
pub const NO_LEAK: Rule = Rule {
    name: "no leak",
    demand: "no answer contains a password, neither in Debug nor in Display",
    docs: "dockgate-api, Reason::detail and BackendError: never a secret",
};
/// Every question is answered.
pub const PROMPT: Rule = Rule {
    name: "answers",
    demand: "every question is answered, also one whose deadline has passed",
    docs: "dockgate-api, Call::deadline",
};
/// Too late is no refusal.
pub const LATE: Rule = Rule {
    name: "deadline",
    demand: "after the deadline a right password is allowed or an error, never a refusal",
    docs: "dockgate-api, Authenticator::authenticate: # Errors",
};
/// Concurrency changes nothing.
pub const CONCURRENT: Rule = Rule {
    name: "concurrent calls",
    demand: "50 calls at once are answered as each would be alone",
    docs: "dockgate-api, Authenticator: Send + Sync",
};
/// Reload does what `can_reload` promises.
pub const RELOAD: Rule = Rule {
    name: "reload",
    demand: "reload answers Current for who is there, Gone for who is not, and Unsupported exactly if \
             can_reload is false",
    docs: "dockgate-api, Authenticator::reload and Reloaded",
};
/// A changed password ends what was issued on the old one.
pub const EPOCH: Rule = Rule {
    name: "epoch",
    demand: "an identity whose epoch has changed is Gone",
    docs: "dockgate-api, Identity::epoch",
};
/// A preview foretells what comes.
pub const PREVIEW: Rule = Rule {
    name: "preview",
    demand: "what preview tells of an account is what the right password comes to; or it tells nothing",
    docs: "dockgate-api, Authenticator::preview",
};
/// No error is for ever.
pub const RECOVERS: Rule = Rule {
    name: "recovers",
    demand: "after everything above, the right password is still allowed",
    docs: CONTRACT,
};

/// Every rule, in the order in which the suite first tries them.
pub const ALL: [Rule; 16] = [
    NO_PANIC, PROMPT, NO_LEAK, RIGHT, LINK, WRONG, UNKNOWN, EMPTY, ANONYMOUS, HOSTILE, LATE, CONCURRENT,
    RELOAD, EPOCH, PREVIEW, RECOVERS,
];
