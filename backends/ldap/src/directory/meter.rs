//! What is counted of servers.

use std::time::Duration;

use dockgate_api::{Counter, Gauge, Histogram, Metrics, Series};

use crate::failure::Failure;

/// A part of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Connect,
    Bind,
    Search,
}

impl Operation {
    const ALL: [Self; 3] = [Self::Connect, Self::Bind, Self::Search];

    fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Bind => "bind",
            Self::Search => "search",
        }
    }
}

/// The handles of one server.
pub(super) struct Meter {
    operations: [(Operation, Results); 3],
    up: Gauge,
    pub(super) service: PoolMeter,
    pub(super) user: PoolMeter,
}

/// The handles of one pool.
#[derive(Clone, Default)]
pub(super) struct PoolMeter {
    pub(super) open: Gauge,
    pub(super) waiting: Gauge,
}

struct Results {
    answered: Histogram,
    late: Histogram,
    failed: Histogram,
}

impl Meter {
    pub(super) fn new(metrics: &dyn Metrics, server: &str) -> Self {
        let results = |operation: Operation| {
            let help = "How long directory servers took to connect, to bind and to search.";
            let series = Series::new("dockgate_ldap_operation_duration_seconds", help);
            let series = series.label("server", server).label("operation", operation.name());
            let of = |result: &str| metrics.histogram(&series.clone().label("result", result));
            Results { answered: of("answered"), late: of("late"), failed: of("failed") }
        };
        let gauge = |name, help, pool: &str| {
            metrics.gauge(&Series::new(name, help).label("server", server).label("pool", pool))
        };
        let pool = |pool: &str| PoolMeter {
            open: gauge("dockgate_ldap_connections", "Connections to directory servers.", pool),
            waiting: gauge(
                "dockgate_ldap_questions_waiting",
                "Questions that wait for a connection to a directory server.",
                pool,
            ),
        };
        let help = "Whether a directory server is asked (1) or rests because it was in trouble (0).";
        Self {
            operations: Operation::ALL.map(|operation| (operation, results(operation))),
            up: metrics.gauge(&Series::new("dockgate_ldap_server_up", help).label("server", server)),
            service: pool("service"),
            user: pool("user"),
        }
    }

    /// Counts one that took so long.
    pub(super) fn observe(&self, operation: Operation, failure: Option<&Failure>, took: Duration) {
        let results = self.operations.iter().find(|(it, _)| *it == operation).map(|(_, results)| results);
        let Some(results) = results else { return };
        match failure {
            // A result code is an answer.
            None | Some(Failure::Refused { .. }) => results.answered.observe(took),
            Some(Failure::Late(_)) => results.late.observe(took),
            Some(Failure::Unreachable(_) | Failure::Nonsense(_)) => results.failed.observe(took),
        }
    }

    pub(super) fn up(&self, is: bool) {
        self.up.set(i64::from(is));
    }
}

/// How often the next server was asked because one gave no answer.
pub(super) fn failovers(metrics: &dyn Metrics) -> Counter {
    let help = "Questions that went on to another directory server because one gave no answer.";
    metrics.counter(&Series::new("dockgate_ldap_failovers_total", help))
}
