//! What an authorizer must do.

use crate::Rule;

const CONTRACT: &str = "dockgate-api, Authorizer::authorize";

/// What is allowed is granted, no less.
pub const ALLOWED: Rule = Rule {
    name: "allowed request",
    demand: "an allowed request is granted just the actions that the fixture names",
    docs: CONTRACT,
};
/// What is denied is not granted.
pub const DENIED: Rule = Rule {
    name: "denied request",
    demand: "a denied request is granted nothing, and that is an answer, no error",
    docs: CONTRACT,
};
/// Somebody else's business.
pub const NOT_MINE: Rule = Rule {
    name: "not its business",
    demand: "what no rule speaks of is NoMatch: the next link is asked",
    docs: CONTRACT,
};
/// Nothing asked, nothing granted.
pub const NOTHING_ASKED: Rule = Rule {
    name: "nothing asked",
    demand: "an empty set of actions is answered, and granted nothing",
    docs: "dockgate-api, Actions::grant",
};
/// An answer names its rule.
pub const BECAUSE: Rule = Rule {
    name: "because",
    demand: "whoever allows names the rule, for audit and explain",
    docs: "dockgate-api, Granted::because",
};
/// Input never ends a task.
pub const NO_PANIC: Rule = Rule {
    name: "no panic",
    demand: "no input makes a backend panic",
    docs: "dockgate, Cargo.toml, [workspace.lints.clippy]: input must never be able to end the process",
};
/// Odd input is answered like any other.
pub const HOSTILE: Rule = Rule {
    name: "hostile input",
    demand: "patterns, control characters and great length never make the backend panic or hang, and a \
             literal label never widens a denied identity",
    docs: CONTRACT,
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
    demand: "after the deadline an allowed request is granted as ever or an error, a denied one is \
             never granted",
    docs: "dockgate-api, Authorizer::authorize: # Errors",
};
/// The same question has the same answer.
pub const DETERMINISTIC: Rule = Rule {
    name: "deterministic",
    demand: "the same request at the same time has the same answer",
    docs: CONTRACT,
};
/// Concurrency changes nothing.
pub const CONCURRENT: Rule = Rule {
    name: "concurrent calls",
    demand: "50 calls at once are answered as each would be alone",
    docs: "dockgate-api, Authorizer: Send + Sync",
};
/// No error is for ever.
pub const RECOVERS: Rule = Rule {
    name: "recovers",
    demand: "after everything above, the allowed request is still granted",
    docs: CONTRACT,
};

/// Every rule, in the order in which the suite first tries them.
pub const ALL: [Rule; 12] = [
    NO_PANIC,
    PROMPT,
    BECAUSE,
    ALLOWED,
    DENIED,
    NOT_MINE,
    NOTHING_ASKED,
    HOSTILE,
    DETERMINISTIC,
    LATE,
    CONCURRENT,
    RECOVERS,
];
