//! What a store must do.

use crate::Rule;

const STORE: &str = "dockgate-api, Store";
const LIST: &str = "dockgate-api, Store::list";
const ADD: &str = "dockgate-api, Store::add";

/// Input never ends a task.
pub const NO_PANIC: Rule = Rule {
    name: "no panic",
    demand: "no question makes a store panic",
    docs: "dockgate, Cargo.toml, [workspace.lints.clippy]: input must never be able to end the process",
};
/// Every question is answered.
pub const PROMPT: Rule = Rule {
    name: "answers",
    demand: "every question is answered, also one whose deadline has passed",
    docs: "dockgate-api, Call::deadline",
};
/// Nothing here is a reason for an error.
pub const NO_ERROR: Rule =
    Rule { name: "no error", demand: "a store that is there answers a proper question", docs: STORE };
/// What was written is read.
pub const PUT: Rule = Rule {
    name: "put",
    demand: "what put has written is what get reads, and put again replaces it whole",
    docs: "dockgate-api, Store::put",
};
/// Nothing is read that was not written.
pub const ABSENT: Rule = Rule {
    name: "absent",
    demand: "a key that nothing was written under has no record, however alike another one is",
    docs: "dockgate-api, Store::get",
};
/// Every field comes back as it was.
pub const FIELDS: Rule = Rule {
    name: "fields",
    demand: "keys, owners and values of any text and bytes come back as they were, times to the millisecond",
    docs: "dockgate-api, Record",
};
/// Replacing needs something in whose place it goes.
pub const REPLACE: Rule = Rule {
    name: "replace",
    demand: "replace writes and says true where there is a record, else it writes nothing and says false",
    docs: "dockgate-api, Store::replace",
};
/// What was taken stays away.
pub const NO_RETURN: Rule = Rule {
    name: "no return",
    demand: "what was taken does not come back by a replace, whichever of them was asked first",
    docs: "dockgate-api, Store::replace",
};
/// Taking removes.
pub const TAKE: Rule = Rule {
    name: "take",
    demand: "take returns the record and removes it from everywhere",
    docs: "dockgate-api, Store::take",
};
/// Of many at most one.
pub const TAKE_ONCE: Rule = Rule {
    name: "take once",
    demand: "of many who take a record at once exactly one gets it",
    docs: "dockgate-api, Store::take",
};
/// What has ended is not there, by the caller's clock.
pub const EXPIRES: Rule = Rule {
    name: "expires",
    demand: "a record exists exactly as long as its end lies after the call's time, whatever clock the store has",
    docs: "dockgate-api, Store: a record that has expired does not exist; Call::now",
};
/// Every filter.
pub const FILTERS: Rule = Rule {
    name: "filters",
    demand: "a list has exactly the records that fit, compared letter by letter",
    docs: "dockgate-api, Filter",
};
/// Before is before.
pub const CREATED_BEFORE: Rule = Rule {
    name: "created before",
    demand: "created_before leaves out what was created at that very millisecond",
    docs: "dockgate-api, Filter::created_before",
};
/// A record has one owner.
pub const OWNERS: Rule = Rule {
    name: "owners",
    demand: "a record that was written anew with another owner is listed as that one's alone",
    docs: LIST,
};
/// Pages make up the list.
pub const PAGES: Rule = Rule {
    name: "pages",
    demand: "pages have up to `limit` records, come to an end, and together have each record once",
    docs: LIST,
};
/// Writing meanwhile shows nothing twice.
pub const PAGES_APART: Rule = Rule {
    name: "pages apart",
    demand: "while others write, what they leave alone is on one page, and what they write on at most one",
    docs: LIST,
};
/// Odd limits.
pub const LIMITS: Rule = Rule {
    name: "limits",
    demand: "a limit of 0 gives no records, and the largest one no more trouble than any other",
    docs: LIST,
};
/// Odd cursors.
pub const CURSORS: Rule = Rule {
    name: "cursors",
    demand: "a cursor from anywhere gives an error or a page of records that fit",
    docs: "dockgate-api, Cursor",
};
/// Counting.
pub const ADD_UP: Rule =
    Rule { name: "add", demand: "add returns what was added so far, itself included", docs: ADD };
/// The end of a counter.
pub const ADD_END: Rule = Rule {
    name: "end of a counter",
    demand: "a counter ends when its first add said, and then starts at zero with a new end",
    docs: ADD,
};
/// No count is lost.
pub const ADD_ALL: Rule =
    Rule { name: "add at once", demand: "of many who add at once, each is counted, once", docs: ADD };
/// Starting anew.
pub const RESET: Rule = Rule {
    name: "reset",
    demand: "after a reset the next add begins a counter; without one, reset does nothing",
    docs: "dockgate-api, Store::reset",
};
/// Counters are no records.
pub const COUNTERS_APART: Rule = Rule {
    name: "counters apart",
    demand: "a counter and a record under one key do not see each other",
    docs: ADD,
};
/// Shelves are apart.
pub const SHELVES: Rule = Rule {
    name: "shelves",
    demand: "the same key on another shelf is another record and another counter",
    docs: "dockgate-api, Shelf",
};
/// Too late is an error or done.
pub const LATE: Rule = Rule {
    name: "deadline",
    demand: "after the deadline a question is answered or an error, and what was answered holds",
    docs: "dockgate-api, Call::deadline",
};
/// Concurrency changes nothing.
pub const CONCURRENT: Rule = Rule {
    name: "concurrent calls",
    demand: "64 callers at once, each with keys of its own, are answered as each would be alone",
    docs: "dockgate-api, Store: Send + Sync",
};
/// It says how it is.
pub const HEALTH: Rule = Rule {
    name: "health",
    demand: "a store that answers does not say that it is down",
    docs: "dockgate-api, Store::health",
};

/// Every rule, in the order in which the suite first tries them.
pub const ALL: [Rule; 27] = [
    NO_PANIC,
    PROMPT,
    NO_ERROR,
    ABSENT,
    PUT,
    FIELDS,
    REPLACE,
    TAKE,
    SHELVES,
    EXPIRES,
    FILTERS,
    CREATED_BEFORE,
    OWNERS,
    PAGES,
    LIMITS,
    PAGES_APART,
    CURSORS,
    ADD_UP,
    ADD_END,
    RESET,
    COUNTERS_APART,
    TAKE_ONCE,
    NO_RETURN,
    ADD_ALL,
    CONCURRENT,
    LATE,
    HEALTH,
];
