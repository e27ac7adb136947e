//! Where log lines go: standard error, as text for people or JSON for machines.
//!
//! A thread of its own writes them: a reader that has stalled holds up no request. What it cannot keep up with is
//! dropped beyond a bound.

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

use crate::config::log::{LogConfig, LogFormat, LogLevel};

/// Lines that may wait to be written.
const MOST_LINES: usize = 16 * 1024;

/// Starts logging, once a process. What waits is written when the guard goes, within a bound.
pub(crate) fn start(config: &LogConfig) -> WorkerGuard {
    let level = match config.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let (writer, guard) =
        NonBlockingBuilder::default().lossy(true).buffered_lines_limit(MOST_LINES).finish(std::io::stderr());
    let lines = fmt::layer().with_writer(writer).with_target(false);
    let started = match config.format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            Registry::default().with(lines.with_ansi(colours).with_filter(level)).try_init()
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Registry::default().with(lines.with_filter(level)).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
    guard
}
