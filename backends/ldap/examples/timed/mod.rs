//! What the two measurements of logins have in common: who logs in, in which order, for how long, and what is told of it.

use std::time::Duration;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The command line: where the directory is, and how much is asked of it.
pub(crate) struct Course {
    pub(crate) directory: String,
    /// `user0`, `user1`, …
    pub(crate) users: usize,
    pub(crate) connections: usize,
    pub(crate) until: Duration,
}

impl Course {
    pub(crate) fn read() -> Result<Self, Failure> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [directory, users, connections, seconds] = arguments.as_slice() else {
            return Err("give it DIRECTORY USERS CONNECTIONS SECONDS".into());
        };
        Ok(Self {
            directory: directory.clone(),
            users: users.parse()?,
            connections: connections.parse()?,
            until: Duration::from_secs(seconds.parse()?),
        })
    }

    /// All users, beginning elsewhere for each connection.
    pub(crate) fn users_of(&self, connection: usize) -> Vec<usize> {
        let first = connection * self.users / self.connections;
        (first..self.users).chain(0..first).collect()
    }
}

/// Tells how many there were in that time, and how long they took.
pub(crate) fn tell(mut took: Vec<Duration>, elapsed: Duration) -> Result<(), Failure> {
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let a_second = f64::from(u32::try_from(took.len())?) / elapsed.as_secs_f64();
    println!("{a_second:.0} logins/s, p50 {:.1?}, p99 {:.1?}", at(50), at(99));
    Ok(())
}
