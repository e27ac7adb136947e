//! Reloads of the configuration, for whoever does them.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use dockgate_api::{Counter, Gauge, Metrics as _, Series};

use super::MemoryMetrics;

/// Counts reloads, and names the configuration that is in use.
#[derive(Clone, Debug)]
pub struct Reloads {
    metrics: Arc<MemoryMetrics>,
    taken: Counter,
    refused: Counter,
    unchanged: Counter,
    last_good: Gauge,
    last_success: Gauge,
}

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// The new configuration is in use.
    Taken,
    /// It has a mistake; the old one goes on.
    Refused,
    /// It says what the old one says.
    Unchanged,
}

impl Reloads {
    /// The handles.
    pub fn new(metrics: &Arc<MemoryMetrics>) -> Self {
        let reloads = |outcome: &str| {
            let series = Series::new("dockgate_config_reloads_total", "Reloads of the configuration.");
            metrics.counter(&series.label("outcome", outcome))
        };
        let gauge = |name, help| metrics.gauge(&Series::new(name, help));
        Self {
            metrics: Arc::clone(metrics),
            taken: reloads("taken"),
            refused: reloads("refused"),
            unchanged: reloads("unchanged"),
            last_good: gauge(
                "dockgate_config_last_reload_successful",
                "Whether the last try to read the configuration was one without mistakes (1) or not (0).",
            ),
            last_success: gauge(
                "dockgate_config_last_success_timestamp_seconds",
                "When the configuration was last read without mistakes, Unix time.",
            ),
        }
    }

    /// The server starts with a configuration.
    pub fn started(&self, hash: &str, now: SystemTime) {
        self.good(hash, now);
    }

    /// A reload came to its end. The hash is of the configuration that is in use from now on.
    pub fn ended(&self, outcome: Reload, hash: &str, now: SystemTime) {
        match outcome {
            Reload::Taken => {
                self.taken.add(1);
                self.good(hash, now);
            }
            Reload::Unchanged => {
                self.unchanged.add(1);
                self.good(hash, now);
            }
            Reload::Refused => {
                self.refused.add(1);
                self.last_good.set(0);
            }
        }
    }

    fn good(&self, hash: &str, now: SystemTime) {
        self.last_good.set(1);
        self.last_success.set(unix(now));
        let info = Series::new("dockgate_config_info", "1; the label says which configuration is in use.");
        self.metrics.replace(&info, vec![(info.clone().label("hash", hash), 1)]);
    }
}

/// Seconds since the epoch; 0 for a time before it.
pub(super) fn unix(time: SystemTime) -> i64 {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    #[test]
    fn one_hash_at_a_time_and_a_refusal_changes_neither_it_nor_the_time() {
        let metrics = Arc::new(MemoryMetrics::default());
        let reloads = Reloads::new(&metrics);
        reloads.started("a1", noon());
        reloads.ended(Reload::Taken, "b2", noon());
        reloads.ended(Reload::Refused, "b2", noon() + std::time::Duration::from_secs(60));
        let text = metrics.text();
        let time = format!("dockgate_config_last_success_timestamp_seconds {}", unix(noon()));
        for line in [
            "dockgate_config_info{hash=\"b2\"} 1",
            "dockgate_config_last_reload_successful 0",
            "dockgate_config_reloads_total{outcome=\"refused\"} 1",
            "dockgate_config_reloads_total{outcome=\"taken\"} 1",
            &time,
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
        assert!(!text.contains("a1"));
    }
}
