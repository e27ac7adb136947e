//! What a login flow must do.

use crate::Rule;

const REDIRECT_DOCS: &str = "dockgate-api, AuthorizeRequest";
const COMPLETE: &str = "dockgate-api, LoginFlow::complete";
const REVALIDATE: &str = "dockgate-api, LoginFlow::revalidate";

/// The provider gets what the server binds the answer to.
pub const REDIRECT: Rule = Rule {
    name: "redirect",
    demand: "the provider's page gets state, PKCE challenge (S256), callback and, where it signs identities, nonce: each \
             once and unchanged",
    docs: REDIRECT_DOCS,
};
/// Who signed in is known.
pub const RIGHT: Rule = Rule {
    name: "right code",
    demand: "a code of the provider's is allowed, with an account, a subject and something to ask again with",
    docs: COMPLETE,
};
/// A code that is none is the browser's fault.
pub const WRONG_CODE: Rule = Rule {
    name: "wrong code",
    demand: "a code that the provider never gave, or gave once and took back, is Deny and no error",
    docs: COMPLETE,
};
/// A code of somebody else's browser is worth nothing.
pub const WRONG_VERIFIER: Rule = Rule {
    name: "wrong verifier",
    demand: "a code that comes with another PKCE verifier is Deny and no error",
    docs: COMPLETE,
};
/// Who is still there is.
pub const CURRENT: Rule = Rule {
    name: "revalidation",
    demand: "who signed in is current for as long as the provider says so, as the same subject",
    docs: REVALIDATE,
};
/// What the flow did not write tells it nothing.
pub const FOREIGN_KEEP: Rule = Rule {
    name: "foreign keep",
    demand: "what the flow did not keep is an error: neither current nor gone",
    docs: REVALIDATE,
};
/// Whom the provider does not know any more is gone.
pub const GONE: Rule = Rule {
    name: "gone",
    demand: "whom the provider does not let in any more is Gone and no error",
    docs: "dockgate-api, Revalidated::Gone",
};
/// The link's name is the chain's business.
pub const LINK: Rule = Rule {
    name: "link untouched",
    demand: "a backend leaves the name of the link empty, the chain writes it",
    docs: "dockgate-api, Identity::link",
};
/// Secrets stay inside.
pub const NO_LEAK: Rule = Rule {
    name: "no leak",
    demand: "no answer shows a code, a verifier or what is kept",
    docs: "dockgate-api, SignIn",
};
/// A flow answers.
pub const ANSWERS: Rule =
    Rule { name: "answers", demand: "no question makes it panic or hang", docs: "dockgate-api, LoginFlow" };
