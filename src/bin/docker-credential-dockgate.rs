//! Keeps credentials for docker and its like: see `dockgate login`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dockgate::credential_helper::run()
}
