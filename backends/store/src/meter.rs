//! What an operator sees of a store, whichever it is.

use std::time::Instant;

use dockgate_api::{BackendError, Counter, Gauge, Health, Histogram, Metrics, Series};

/// What a store is asked to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Put,
    Replace,
    Get,
    Take,
    List,
    Add,
    Reset,
}

impl Operation {
    /// In the order of the variants.
    const ALL: [Self; 7] =
        [Self::Put, Self::Replace, Self::Get, Self::Take, Self::List, Self::Add, Self::Reset];

    fn word(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Replace => "replace",
            Self::Get => "get",
            Self::Take => "take",
            Self::List => "list",
            Self::Add => "add",
            Self::Reset => "reset",
        }
    }
}

/// Counts for one kind of store.
pub(crate) struct Meter {
    operations: [OfOperation; Operation::ALL.len()],
    up: Gauge,
    /// Records without our seal.
    pub(crate) refused: Counter,
}

struct OfOperation {
    took: Histogram,
    errors: Counter,
}

impl Meter {
    pub(crate) fn new(kind: &str, metrics: &dyn Metrics) -> Self {
        let operations = Operation::ALL.map(|operation| {
            let series = |name, help| {
                Series::new(name, help).label("store", kind).label("operation", operation.word())
            };
            OfOperation {
                took: metrics.histogram(&series(
                    "dockgate_store_operation_duration_seconds",
                    "How long the store took to answer, or to fail.",
                )),
                errors: metrics.counter(&series(
                    "dockgate_store_errors_total",
                    "Questions that the store did not answer, or not in time.",
                )),
            }
        });
        let up = Series::new("dockgate_store_up", "Whether the store said lately that it can be used.");
        let refused = Series::new(
            "dockgate_store_refused_records_total",
            "Records in the store that do not carry this server's seal, each time one is met.",
        );
        Self { operations, up: metrics.gauge(&up.label("store", kind)), refused: metrics.counter(&refused) }
    }

    /// Counts an answer. Of one that nobody waited for any more nothing is known.
    pub(crate) async fn count<T>(
        &self,
        operation: Operation,
        answer: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let begun = Instant::now();
        let answer = answer.await;
        if let Some(meter) = self.operations.get(operation as usize) {
            meter.took.observe(begun.elapsed());
            meter.errors.add(u64::from(answer.is_err()));
        }
        answer
    }

    /// Notes how the store says that it is.
    pub(crate) fn note(&self, health: &Health) {
        self.up.set(i64::from(!matches!(health, Health::Down(_))));
    }
}
