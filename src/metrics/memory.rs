//! The series of a process and their numbers.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dockgate_api::{Counter, Gauge, Histogram, Metrics, Series};

/// Series of one name.
const MOST_OF_A_NAME: usize = 2_000;
/// Series of all names together: some megabytes of text at every look.
const MOST: usize = 10_000;
/// What every label of a series says that stands for those beyond the bound.
const OTHER: &str = "other";

/// Counters, gauges and histograms by series, bounded: 2,000 of one name, 10,000 in all.
///
/// Beyond the bound a new series becomes the one of its name whose labels all say `other`, and
/// `dockgate_metrics_series_left_out_total` counts it. A series that makes no sense (a name that Prometheus does not
/// take, or that is of another kind) is counted there too, and its handle counts where nobody looks.
#[derive(Debug)]
pub struct MemoryMetrics {
    families: Mutex<Families>,
    left_out: Counter,
}

/// Every series by its name.
#[derive(Debug, Default)]
pub(super) struct Families {
    by_name: BTreeMap<&'static str, Family>,
    series: usize,
}

/// The series of one name.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) series: BTreeMap<Labels, Cell>,
}

/// Names and values, in the order of the names.
pub(super) type Labels = Vec<(&'static str, String)>;

/// What a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A series' number.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

impl Default for MemoryMetrics {
    fn default() -> Self {
        let metrics = Self { families: Mutex::default(), left_out: Counter::default() };
        let name = "dockgate_metrics_series_left_out_total";
        let series = Series::new(name, "Series that stand under `other`, or nowhere.");
        metrics.lock().insert(&series, Vec::new(), Cell::Counter(metrics.left_out.clone()));
        let build = Series::new("dockgate_build_info", "1; the label says which version runs.")
            .label("version", env!("CARGO_PKG_VERSION"));
        metrics.gauge(&build).set(1);
        metrics
    }
}

impl Metrics for MemoryMetrics {
    fn counter(&self, series: &Series) -> Counter {
        match self.cell(series, Kind::Counter) {
            Some(Cell::Counter(counter)) => counter,
            _ => Counter::default(),
        }
    }

    fn gauge(&self, series: &Series) -> Gauge {
        match self.cell(series, Kind::Gauge) {
            Some(Cell::Gauge(gauge)) => gauge,
            _ => Gauge::default(),
        }
    }

    fn histogram(&self, series: &Series) -> Histogram {
        match self.cell(series, Kind::Histogram) {
            Some(Cell::Histogram(histogram)) => histogram,
            _ => Histogram::default(),
        }
    }
}

impl MemoryMetrics {
    /// Replaces the gauges of a name whose labels hold all of these, so that what is no more does not stand there for
    /// ever. Nothing in between is seen.
    pub(super) fn replace(&self, holding: &Series, gauges: Vec<(Series, i64)>) {
        let mut families = self.lock();
        if let Some(family) = families.by_name.get_mut(holding.name) {
            let before = family.series.len();
            family.series.retain(|labels, _| !holding.labels.iter().all(|label| labels.contains(label)));
            let gone = before - family.series.len();
            families.series -= gone;
        }
        for (series, value) in gauges {
            if let Some(Cell::Gauge(gauge)) = families.cell(&series, Kind::Gauge, &self.left_out) {
                gauge.set(value);
            }
        }
    }

    /// Shows every name and its series, in order.
    pub(super) fn each(&self, mut show: impl FnMut(&'static str, &Family)) {
        self.lock().by_name.iter().for_each(|(name, family)| show(name, family));
    }

    fn cell(&self, series: &Series, kind: Kind) -> Option<Cell> {
        self.lock().cell(series, kind, &self.left_out)
    }

    fn lock(&self) -> MutexGuard<'_, Families> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Families {
    fn cell(&mut self, series: &Series, kind: Kind, left_out: &Counter) -> Option<Cell> {
        let mut labels: Labels = series.labels.clone();
        labels.sort_unstable();
        let family = self.by_name.get(series.name);
        if !is_sound(series.name, &labels) || family.is_some_and(|family| family.kind != kind) {
            left_out.add(1);
            return None;
        }
        if let Some(cell) = family.and_then(|family| family.series.get(&labels)) {
            return Some(cell.clone());
        }
        if self.series >= MOST || family.is_some_and(|family| family.series.len() >= MOST_OF_A_NAME) {
            left_out.add(1);
            for (_, value) in &mut labels {
                OTHER.clone_into(value);
            }
            if let Some(cell) = family.and_then(|family| family.series.get(&labels)) {
                return Some(cell.clone());
            }
        }
        let cell = match kind {
            Kind::Counter => Cell::Counter(Counter::default()),
            Kind::Gauge => Cell::Gauge(Gauge::default()),
            Kind::Histogram => Cell::Histogram(Histogram::default()),
        };
        self.insert(series, labels, cell.clone());
        Some(cell)
    }

    fn insert(&mut self, series: &Series, labels: Labels, cell: Cell) {
        let kind = cell.kind();
        let new = || Family { help: series.help, kind, series: BTreeMap::new() };
        self.by_name.entry(series.name).or_insert_with(new).series.insert(labels, cell);
        self.series += 1;
    }
}

impl Cell {
    fn kind(&self) -> Kind {
        match self {
            Self::Counter(_) => Kind::Counter,
            Self::Gauge(_) => Kind::Gauge,
            Self::Histogram(_) => Kind::Histogram,
        }
    }
}

/// Whether Prometheus takes the name and the names of the labels, each once (Prometheus, "Data model").
fn is_sound(name: &str, labels: &Labels) -> bool {
    let word = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
        !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty() && text.chars().all(fits)
    };
    let twice = labels.windows(2).any(|two| matches!(two, [(one, _), (other, _)] if one == other));
    let taken = |label: &str| label == "le" || label.starts_with("__");
    word(name, ":") && !twice && labels.iter().all(|(label, _)| word(label, "") && !taken(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &'static str, value: impl Into<String>) -> Series {
        Series::new(name, "Help.").label("a", value)
    }

    fn names_and_sizes(metrics: &MemoryMetrics) -> Vec<(&'static str, usize)> {
        let mut all = Vec::new();
        metrics.each(|name, family| all.push((name, family.series.len())));
        all
    }

    #[test]
    fn the_same_series_is_the_same_number_whatever_the_order_of_its_labels() {
        let metrics = MemoryMetrics::default();
        let one = Series::new("n", "h").label("a", "1").label("b", "2");
        let other = Series::new("n", "h").label("b", "2").label("a", "1");
        metrics.counter(&one).add(1);
        metrics.counter(&other).add(1);
        assert_eq!(metrics.counter(&one).get(), 2);
        metrics.gauge(&series("g", "x")).add(3);
        metrics.gauge(&series("g", "x")).add(-1);
        assert_eq!(metrics.gauge(&series("g", "x")).get(), 2);
    }

    #[test]
    fn series_beyond_the_bound_are_one() {
        let metrics = MemoryMetrics::default();
        for number in 0..3_000 {
            metrics.counter(&series("many", number.to_string())).add(1);
        }
        assert_eq!(metrics.counter(&series("many", OTHER)).get(), 1_000);
        assert_eq!(metrics.counter(&series("many", "7")).get(), 1, "those from before go on");
        assert_eq!(metrics.left_out.get(), 1_000);
        for name in ["b", "c", "d", "e", "f", "g", "h"] {
            (0..2_000).for_each(|number| metrics.gauge(&series(name, number.to_string())).set(1));
        }
        let all: usize = names_and_sizes(&metrics).iter().map(|(_, size)| size).sum();
        assert!((MOST..=MOST + 10).contains(&all), "{all}");
        assert_eq!(all, metrics.lock().series);
    }

    #[test]
    fn what_makes_no_sense_is_nowhere_and_counted() {
        let metrics = MemoryMetrics::default();
        let before = names_and_sizes(&metrics);
        metrics.counter(&Series::new("with space", "h")).add(1);
        metrics.counter(&Series::new("", "h")).add(1);
        metrics.counter(&Series::new("1st", "h")).add(1);
        metrics.counter(&Series::new("a", "h").label("le", "1")).add(1);
        metrics.counter(&Series::new("a", "h").label("b\"", "1")).add(1);
        metrics.counter(&Series::new("a", "h").label("b", "1").label("b", "2")).add(1);
        metrics.gauge(&Series::new("dockgate_metrics_series_left_out_total", "h")).set(9);
        assert_eq!((names_and_sizes(&metrics), metrics.left_out.get()), (before, 7));
    }

    #[test]
    fn what_was_replaced_is_gone() {
        let metrics = MemoryMetrics::default();
        let of = |kind: &str, name: &str| series("g", kind).label("name", name);
        metrics.replace(&series("g", "x"), vec![(of("x", "1"), 1), (of("x", "2"), 2)]);
        metrics.replace(&series("g", "y"), vec![(of("y", "1"), 1)]);
        metrics.replace(&series("g", "x"), vec![(of("x", "2"), 3)]);
        assert!(names_and_sizes(&metrics).contains(&("g", 2)));
        assert_eq!(metrics.gauge(&of("x", "2")).get(), 3);
        assert_eq!(metrics.lock().series, 4);
    }
}
