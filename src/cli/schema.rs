//! `dockgate schema`.

use std::process::ExitCode;

use crate::backends::Backends;

pub(super) fn run(_backends: &Backends) -> ExitCode {
    ExitCode::SUCCESS
}
