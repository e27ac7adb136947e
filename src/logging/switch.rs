//! What `tracing` writes and how, which a reload may change.

use std::fmt;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layered, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, reload};

use super::Log;
use crate::config::log::{LogConfig, LogFormat, LogLevel};

type Level = reload::Layer<LevelFilter, Registry>;
type Levelled = Layered<Level, Registry>;
type Lines = Box<dyn Layer<Levelled> + Send + Sync>;

/// Both can be exchanged while lines are written.
pub(super) struct Switch {
    level: reload::Handle<LevelFilter, Registry>,
    lines: reload::Handle<Lines, Levelled>,
}

impl Switch {
    /// Lets everything that `tracing` is told go to a log. None if it goes somewhere already.
    pub(super) fn install(log: &Log, config: &LogConfig) -> Option<Self> {
        let (level, level_handle) = reload::Layer::new(level(config));
        let (lines, lines_handle) = reload::Layer::new(lines(log, config));
        Registry::default().with(level).with(lines).try_init().ok()?;
        Some(Self { level: level_handle, lines: lines_handle })
    }

    pub(super) fn turn(&self, log: &Log, config: &LogConfig) {
        // Either fails only if the subscriber is gone, and then nobody writes.
        let _ = self.lines.reload(lines(log, config));
        let _ = self.level.reload(level(config));
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Switch")
    }
}

fn level(config: &LogConfig) -> LevelFilter {
    match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

fn lines(log: &Log, config: &LogConfig) -> Lines {
    let lines = tracing_subscriber::fmt::layer().with_writer(log.clone()).with_target(false);
    match config.format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colours).boxed()
        }
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    }
}
