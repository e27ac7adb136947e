//! The figures, for people and for machines.

mod figures;
mod table;

use std::fmt;

use serde::Serialize;

use crate::plan::Plan;
use crate::rounds::Round;
use figures::{Medians, RoundFigures};

/// Fewer answers have no hundredth part.
const FEW_ANSWERS: u64 = 1000;
/// Processor time is counted in hundredths of a second.
const LITTLE_CPU_SECONDS: f64 = 0.5;

#[derive(Serialize)]
pub(crate) struct Report {
    servers: Vec<ServerFigures>,
    /// The second server's medians divided by the first's.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratios: Option<Medians<Option<f64>>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct ServerFigures {
    name: String,
    medians: Medians<Option<crate::series::Series>>,
    rounds: Vec<RoundFigures>,
}

impl Report {
    pub(crate) fn new(plan: &Plan, rounds: Vec<Vec<Round>>) -> Self {
        let servers: Vec<ServerFigures> = plan
            .servers
            .iter()
            .zip(rounds)
            .map(|(server, rounds)| {
                let rounds: Vec<RoundFigures> = rounds.iter().map(RoundFigures::new).collect();
                ServerFigures { name: server.name.clone(), medians: Medians::of(&rounds), rounds }
            })
            .collect();
        let ratios = match servers.as_slice() {
            [first, second] => Some(Medians::ratios(&first.medians, &second.medians)),
            _ => None,
        };
        let notes = servers.iter().flat_map(ServerFigures::notes).collect();
        Self { servers, ratios, notes }
    }

    /// Whether every answer was a token.
    pub(crate) fn is_clean(&self) -> bool {
        self.servers.iter().all(|server| server.others() == 0)
    }
}

impl ServerFigures {
    /// Requests that brought no token.
    fn others(&self) -> u64 {
        self.rounds.iter().map(RoundFigures::others).sum()
    }

    fn notes(&self) -> Vec<String> {
        let rounds = || self.rounds.iter();
        let is_flooded = rounds().any(|round| round.flood.is_some());
        let cpu_known = rounds().all(|round| round.server_cpu_seconds.is_some());
        let little_cpu =
            rounds().filter_map(|round| round.server_cpu_seconds).any(|cpu| cpu < LITTLE_CPU_SECONDS);
        let unsent: u64 = rounds().map(|round| round.unsent).sum();
        let notes = [
            (self.others() > 0).then(|| {
                let others = self.others();
                format!("{others} requests brought no token: look at --user and at the server's log")
            }),
            (unsent > 0).then(|| {
                format!("{unsent} requests were due and not sent: it cannot keep up with --rate, and is slower than shown")
            }),
            (!cpu_known).then(|| "its process was not found: say --pid to see its CPU time".to_owned()),
            (is_flooded && cpu_known)
                .then(|| "no CPU time a request: what the flood costs cannot be told apart".to_owned()),
            (little_cpu && !is_flooded).then(|| {
                "less than half a second of CPU time in a round, counted in hundredths: make rounds longer".to_owned()
            }),
            rounds()
                .any(|round| round.answers < FEW_ANSWERS)
                .then(|| format!("fewer than {FEW_ANSWERS} answers in a round: a handful make its p99")),
        ];
        notes.into_iter().flatten().map(|note| format!("{}: {note}", self.name)).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(f, &self.servers, self.ratios.as_ref())?;
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}
