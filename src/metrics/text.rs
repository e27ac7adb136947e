//! The numbers as text (Prometheus, "Exposition formats", text format 0.0.4).

use std::fmt::{Display, Write as _};

use dockgate_api::Histogram;

use super::memory::{Cell, Family, Kind, Labels, MemoryMetrics};
use super::process::Process;

/// The content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl MemoryMetrics {
    /// All series in the order of their names and labels, and what the system says of the process.
    pub fn text(&self) -> String {
        let mut text = Text(String::with_capacity(16 * 1024));
        self.each(|name, family| text.family(name, family));
        if let Some(process) = Process::read() {
            for number in process.numbers() {
                text.head(number.name, number.help, if number.grows { "counter" } else { "gauge" });
                text.line(number.name, &Labels::new(), None, number.value);
            }
        }
        text.0
    }
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, family: &Family) {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.head(name, family.help, kind);
        for (labels, cell) in &family.series {
            match cell {
                Cell::Counter(counter) => self.line(name, labels, None, counter.get()),
                Cell::Gauge(gauge) => self.line(name, labels, None, gauge.get()),
                Cell::Histogram(histogram) => self.histogram(name, labels, histogram),
            }
        }
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Each bucket counts what is in those before it too.
    fn histogram(&mut self, name: &str, labels: &Labels, histogram: &Histogram) {
        let (counts, took) = histogram.get();
        let bucket = format!("{name}_bucket");
        let bounds = Histogram::BOUNDS.iter().map(|bound| bound.as_secs_f64().to_string());
        let mut below = 0;
        for (count, bound) in counts.iter().zip(bounds.chain(["+Inf".to_owned()])) {
            below += count;
            self.line(&bucket, labels, Some(&bound), below);
        }
        self.line(&format!("{name}_sum"), labels, None, took.as_secs_f64());
        self.line(&format!("{name}_count"), labels, None, below);
    }

    fn line(&mut self, name: &str, labels: &Labels, bound: Option<&str>, value: impl Display) {
        self.0.push_str(name);
        let bound = bound.map(|bound| ("le", bound));
        let labels = labels.iter().map(|(label, value)| (*label, value.as_str())).chain(bound);
        let mut separator = '{';
        for (label, value) in labels {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            _ = write!(self.0, "{separator}{label}=\"{value}\"");
            separator = ',';
        }
        if separator == ',' {
            self.0.push('}');
        }
        _ = writeln!(self.0, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dockgate_api::{Metrics as _, Series};

    use super::*;

    #[test]
    fn every_kind_as_the_format_has_it() {
        let metrics = MemoryMetrics::default();
        let hostile = Series::new("b_total", "A \\ and\na line.").label("z", "1").label("a", "\"\\\n}é");
        metrics.counter(&hostile).add(u64::MAX);
        metrics.gauge(&Series::new("a_gauge", "Down too.")).set(-3);
        let histogram = metrics.histogram(&Series::new("c_seconds", "How long.").label("l", "x"));
        for micros in [100, 101, 3_000_000, 31_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let text = metrics.text();
        let ours: Vec<&str> =
            text.lines().filter(|line| !line.contains("dockgate_") && !line.contains("process_")).collect();
        let expected = r#"# HELP a_gauge Down too.
# TYPE a_gauge gauge
a_gauge -3
# HELP b_total A \\ and\na line.
# TYPE b_total counter
b_total{a="\"\\\n}é",z="1"} 18446744073709551615
# HELP c_seconds How long.
# TYPE c_seconds histogram
c_seconds_bucket{l="x",le="0.0001"} 1
c_seconds_bucket{l="x",le="0.0005"} 2
c_seconds_bucket{l="x",le="0.002"} 2
c_seconds_bucket{l="x",le="0.01"} 2
c_seconds_bucket{l="x",le="0.05"} 2
c_seconds_bucket{l="x",le="0.2"} 2
c_seconds_bucket{l="x",le="1"} 2
c_seconds_bucket{l="x",le="3"} 3
c_seconds_bucket{l="x",le="10"} 3
c_seconds_bucket{l="x",le="30"} 3
c_seconds_bucket{l="x",le="+Inf"} 4
c_seconds_sum{l="x"} 34.000201
c_seconds_count{l="x"} 4"#;
        assert_eq!(ours.join("\n"), expected);
        assert!(text.contains(concat!(
            "dockgate_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1\n"
        )));
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn short_times_add_up() {
        let metrics = MemoryMetrics::default();
        let histogram = metrics.histogram(&Series::new("c_seconds", "h"));
        (0..1_000_000).for_each(|_| histogram.observe(Duration::from_nanos(500)));
        assert!(metrics.text().contains("\nc_seconds_sum 0.5\n"));
    }
}
