//! `dockgate schema`.

use std::process::ExitCode;

use crate::backends::Backends;
use crate::config::schema;

pub(super) fn run(backends: &Backends) -> ExitCode {
    match serde_json::to_string_pretty(&schema::schema(backends)) {
        Ok(text) => {
            super::say(&text);
            ExitCode::SUCCESS
        }
        Err(error) => super::failed(&format!("cannot write JSON: {error}")),
    }
}
