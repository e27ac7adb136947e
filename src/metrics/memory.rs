//! The series of a process and their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// Those that are shown only for as long as somebody holds their handle.
    ending: BTreeSet<Labels>,
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
        counter(self.cell(series, Kind::Counter, Lasts::Always))
    }

    fn gauge(&self, series: &Series) -> Gauge {
        gauge(self.cell(series, Kind::Gauge, Lasts::Always))
    }

    fn histogram(&self, series: &Series) -> Histogram {
        histogram(self.cell(series, Kind::Histogram, Lasts::Always))
    }
}

/// How long a series is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasts {
    Always,
    WhileHeld,
}

/// Metrics of what one configuration makes: a series is shown for as long as somebody holds its handle.
#[derive(Debug)]
pub struct OfConfiguration(pub Arc<MemoryMetrics>);

impl Metrics for OfConfiguration {
    fn counter(&self, series: &Series) -> Counter {
        counter(self.0.cell(series, Kind::Counter, Lasts::WhileHeld))
    }

    fn gauge(&self, series: &Series) -> Gauge {
        gauge(self.0.cell(series, Kind::Gauge, Lasts::WhileHeld))
    }

    fn histogram(&self, series: &Series) -> Histogram {
        histogram(self.0.cell(series, Kind::Histogram, Lasts::WhileHeld))
    }
}

fn counter(cell: Option<Cell>) -> Counter {
    match cell {
        Some(Cell::Counter(counter)) => counter,
        _ => Counter::default(),
    }
}

fn gauge(cell: Option<Cell>) -> Gauge {
    match cell {
        Some(Cell::Gauge(gauge)) => gauge,
        _ => Gauge::default(),
    }
}

fn histogram(cell: Option<Cell>) -> Histogram {
    match cell {
        Some(Cell::Histogram(histogram)) => histogram,
        _ => Histogram::default(),
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
        let mut families = self.lock();
        families.end();
        families.by_name.iter().for_each(|(name, family)| show(name, family));
    }

    fn cell(&self, series: &Series, kind: Kind, lasts: Lasts) -> Option<Cell> {
        let mut families = self.lock();
        let cell = families.cell(series, kind, &self.left_out)?;
        if lasts == Lasts::WhileHeld {
            families.ends(series);
        }
        Some(cell)
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
            // Room for what a reload brings, where it took something away.
            self.end();
        }
        let family = self.by_name.get(series.name);
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

    /// Says of a series that it is shown only while somebody holds it, unless it stands under `other`.
    fn ends(&mut self, series: &Series) {
        let mut labels = series.labels.clone();
        labels.sort_unstable();
        if let Some(family) = self.by_name.get_mut(series.name)
            && family.series.contains_key(&labels)
        {
            family.ending.insert(labels);
        }
    }

    /// Forgets the series that nobody holds any more, of those that end.
    fn end(&mut self) {
        for family in self.by_name.values_mut() {
            let Family { series, ending, .. } = family;
            ending.retain(|labels| {
                let held = series.get(labels).is_some_and(Cell::is_held);
                if !held && series.remove(labels).is_some() {
                    self.series -= 1;
                }
                held
            });
        }
        self.by_name.retain(|_, family| !family.series.is_empty());
    }

    fn insert(&mut self, series: &Series, labels: Labels, cell: Cell) {
        let kind = cell.kind();
        let new = || Family { help: series.help, kind, series: BTreeMap::new(), ending: BTreeSet::new() };
        self.by_name.entry(series.name).or_insert_with(new).series.insert(labels, cell);
        self.series += 1;
    }
}

impl Cell {
    fn is_held(&self) -> bool {
        match self {
            Self::Counter(counter) => counter.is_held(),
            Self::Gauge(gauge) => gauge.is_held(),
            Self::Histogram(histogram) => histogram.is_held(),
        }
    }

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
mod tests;
