//! The server with the built-in backends.

use std::process::ExitCode;

/// Requests are short and many: the system's allocator costs a tenth of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dockgate::run(dockgate::Backends::builtin())
}
