//! The pages. Everything in them is escaped by their templates; what stands there with `safe` is another template.

mod choose;
mod commands;
mod created;
mod home;
mod layout;
mod signed_out;
mod trouble;

pub(super) use choose::ChoosePage;
pub(super) use commands::CommandsPart;
pub(super) use created::CreatedPage;
pub(super) use home::HomePage;
pub(super) use layout::{Layout, Look};
pub(super) use signed_out::SignedOutPage;
pub(super) use trouble::TroublePage;

use dockgate_api::config::Moment;

use crate::credentials::Listed;

/// An app password in the list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) scopes: Vec<String>,
    pub(super) created: Time,
    pub(super) ends: Option<Time>,
    pub(super) used: Option<Time>,
    pub(super) used_from: Option<String>,
}

/// A time for machines and for people.
pub(super) struct Time {
    pub(super) machine: String,
    pub(super) people: String,
}

impl Row {
    /// One that a store has.
    pub(super) fn of(listed: &Listed) -> Self {
        Self {
            id: listed.id.clone(),
            name: listed.note.clone().unwrap_or_default(),
            scopes: listed.scopes.clone().unwrap_or_default(),
            created: Time::of(listed.created),
            ends: listed.ends.map(Time::of),
            used: listed.used.map(Time::of),
            used_from: listed.used_from.clone(),
        }
    }
}

impl Time {
    fn of(moment: Moment) -> Self {
        let machine = moment.to_string();
        let people = match machine.split_once('T') {
            Some((date, time)) => format!("{date} {} UTC", time.get(..5).unwrap_or_default()),
            None => machine.clone(),
        };
        Self { machine, people }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_to_people() {
        for (moment, people) in
            [("2026-12-31T17:00:05Z", "2026-12-31 17:00 UTC"), ("2026-12-31", "2026-12-31")]
        {
            assert_eq!(Time::of(moment.parse().unwrap()).people, people);
        }
    }
}
