//! A table for people: a column for each server.

use std::collections::BTreeMap;
use std::fmt::{Formatter, Result, Write as _};

use super::ServerFigures;
use super::figures::{Medians, RoundFigures};
use crate::series::Series;

type Row =
    (&'static str, fn(&Medians<Option<Series>>) -> Option<Series>, fn(&Medians<Option<f64>>) -> Option<f64>);

const ROWS: [Row; 8] = [
    ("server CPU, us a request", |of| of.server_cpu, |of| of.server_cpu),
    ("answers a second", |of| of.answers_a_second, |of| of.answers_a_second),
    ("latency p50, us", |of| of.p50, |of| of.p50),
    ("latency p90, us", |of| of.p90, |of| of.p90),
    ("latency p99, us", |of| of.p99, |of| of.p99),
    ("latency slowest, us", |of| of.slowest, |of| of.slowest),
    ("wrong passwords a second", |of| of.guesses_a_second, |of| of.guesses_a_second),
    ("generator CPU, us a request", |of| of.generator_cpu, |of| of.generator_cpu),
];

pub(super) fn write(
    f: &mut Formatter<'_>,
    servers: &[ServerFigures],
    ratios: Option<&Medians<Option<f64>>>,
) -> Result {
    let rounds = servers.first().map_or(0, |server| server.rounds.len());
    line(
        f,
        &format!("median of {rounds} (lowest-highest)"),
        servers.iter().map(|server| server.name.clone()),
    )?;
    writeln!(f, "{}", if ratios.is_some() { "  second/first" } else { "" })?;
    for (name, figure, ratio) in ROWS {
        if servers.iter().all(|server| figure(&server.medians).is_none()) {
            continue;
        }
        let cell = |server: &ServerFigures| figure(&server.medians).map_or_else(|| "-".to_owned(), series);
        line(f, name, servers.iter().map(cell))?;
        let ratio = ratios.and_then(ratio).map_or_else(String::new, |ratio| format!("{:>14}", number(ratio)));
        writeln!(f, "{ratio}")?;
    }
    counts(f, "answers", servers, |round| words(&round.statuses, &round.failures))?;
    counts(f, "answers to wrong passwords", servers, |round| {
        round.flood.as_ref().map(|flood| words(&flood.statuses, &flood.failures)).unwrap_or_default()
    })
}

fn line(f: &mut Formatter<'_>, name: &str, cells: impl Iterator<Item = String>) -> Result {
    write!(f, "{name:<28}")?;
    cells.into_iter().try_for_each(|cell| write!(f, "{cell:>28}"))
}

fn series(series: Series) -> String {
    format!("{} ({}-{})", number(series.median), number(series.lowest), number(series.highest))
}

/// Three digits that count.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

/// Everything that was answered in all rounds, each kind with its number.
fn counts(
    f: &mut Formatter<'_>,
    name: &str,
    servers: &[ServerFigures],
    of_round: impl Fn(&RoundFigures) -> BTreeMap<String, u64>,
) -> Result {
    for server in servers {
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        for (kind, number) in server.rounds.iter().flat_map(&of_round) {
            *all.entry(kind).or_default() += number;
        }
        if all.is_empty() {
            continue;
        }
        let mut text = String::new();
        for (kind, number) in all {
            write!(text, " {kind} {number},")?;
        }
        writeln!(f, "{name} of {}:{}", server.name, text.trim_end_matches(','))?;
    }
    Ok(())
}

fn words(
    statuses: &BTreeMap<u16, u64>,
    failures: &BTreeMap<crate::client::NoAnswer, u64>,
) -> BTreeMap<String, u64> {
    let statuses = statuses.iter().map(|(status, number)| (status.to_string(), *number));
    let failures = failures.iter().map(|(failure, number)| (failure.to_string(), *number));
    statuses.chain(failures).collect()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn three_digits_count() {
        let shown = [0.019, 8.95, 37.44, 2421.4].map(number);
        assert_eq!(shown, ["0.02", "8.95", "37.4", "2421"]);
    }
}
