//! Identity providers in the test's own process, on free ports of 127.0.0.1.
//!
//! Each speaks as much of its original as a sign-in asks: the page where somebody says who they are, the exchange of the
//! code, the API that says what they belong to. A browser can go through the pages, and [`Server::visit`] does so without
//! one. Tests add people, take them out, revoke, and make trouble while the provider runs.

mod asked;
mod grants;
mod jose;
mod mood;
mod page;
mod reply;
mod server;
#[cfg(test)]
mod tests;
mod time;

pub mod github;
pub mod gitlab;
pub mod google;
pub mod openid;

pub use asked::Asked;
pub use mood::Mood;
pub use reply::Reply;
pub use server::Server;

use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
