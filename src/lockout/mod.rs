//! Who fails too often waits, and then is refused for a while.
//!
//! Three things are counted: an account from a place, a place, and an account. The first two are banned; an account
//! alone is only slowed, or whoever knows a name could lock it out. While a ban holds nobody is asked and nothing is
//! hashed, and a right password gets the same answer as a wrong one.
//!
//! What cannot be guessed never comes here: requests without a proof, and credentials of 256 bits that we made. Whatever
//! a stranger does, no more is kept than the tables hold.

mod attempt;
mod bans;
mod book;
mod gate;
mod guard;
mod keeper;
mod lift;
mod memo;
mod meter;
mod place;
mod settings;
mod shared;
mod table;
#[cfg(test)]
mod tests;

pub use attempt::Attempt;
pub use bans::Ban;
pub use book::Book;
pub use guard::{Claim, Guard, Stopped};
pub use keeper::keep;
pub use lift::{Lift, Lifted};
pub use place::{Place, Standing};
pub use settings::{Limit, Settings, Slowing};
