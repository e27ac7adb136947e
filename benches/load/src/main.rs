//! Asks one or two token servers for tokens, and compares what it costs them.

use std::process::ExitCode;

fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    ExitCode::from(dockgate_load::run(std::env::args_os(), &environment, &mut out, &mut err))
}
