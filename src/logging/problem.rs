//! A problem of the configuration as a line of the log.

use dockgate_api::config::Problem;

pub(crate) fn error(problem: &Problem) {
    tracing::error!(place = %problem.location, key = %problem.path, "{}", problem.message);
}

pub(crate) fn warn(problem: &Problem) {
    tracing::warn!(place = %problem.location, key = %problem.path, "{}", problem.message);
}

pub(crate) fn info(problem: &Problem) {
    tracing::info!(place = %problem.location, key = %problem.path, "{}", problem.message);
}
