//! docker_auth's command lines, which existing unit files and compose files still carry.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::Arguments;

fn is_command(word: &str) -> bool {
    word == "help" || Arguments::command().get_subcommands().any(|command| command.get_name() == word)
}

/// Its flags are those of Go's glog.
const GLOG_SWITCHES: [&str; 2] = ["logtostderr", "alsologtostderr"];
const GLOG_VALUES: [&str; 6] = ["v", "vmodule", "stderrthreshold", "log_dir", "log_backtrace_at", "log_file"];

/// Makes `dockgate CONFIG` of docker_auth into `dockgate serve CONFIG`, and takes out its flags, which are returned.
pub(in crate::cli) fn normalized(arguments: Vec<OsString>) -> (Vec<OsString>, Vec<String>) {
    let mut arguments = arguments.into_iter();
    let mut kept: Vec<OsString> = arguments.next().into_iter().collect();
    let mut ignored = Vec::new();
    let mut rest: Vec<OsString> = Vec::new();
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy().into_owned();
        let Some((name, has_value)) = glog_flag(&text) else {
            rest.push(argument);
            continue;
        };
        ignored.push(text);
        // `-v 2`: Go takes the next argument as the value.
        if GLOG_VALUES.contains(&name.as_str()) && !has_value {
            ignored.extend(arguments.next().map(|value| value.to_string_lossy().into_owned()));
        }
    }
    let first = rest.first().map(|first| first.to_string_lossy().into_owned());
    // A plain word with more behind it is a command with a typo, which clap knows better to name.
    let is_file = |first: &str| rest.len() == 1 || first.contains(['.', '/']);
    if first.as_deref().is_some_and(|first| !first.starts_with('-') && !is_command(first) && is_file(first)) {
        kept.push("serve".into());
    }
    kept.extend(rest);
    (kept, ignored)
}

fn glog_flag(argument: &str) -> Option<(String, bool)> {
    let flag = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'))?;
    let (name, has_value) = flag.split_once('=').map_or((flag, false), |(name, _)| (name, true));
    let known = GLOG_SWITCHES.contains(&name) || GLOG_VALUES.contains(&name);
    known.then(|| (name.to_owned(), has_value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(line: &str) -> (String, Vec<String>) {
        let (kept, ignored) = normalized(line.split(' ').map(OsString::from).collect());
        let kept: Vec<String> = kept.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        (kept.join(" "), ignored)
    }

    #[test]
    fn docker_auths_command_lines_serve() {
        for (line, kept, ignored) in [
            ("dockgate a.yml", "dockgate serve a.yml", 0),
            ("dockgate --v=2 --alsologtostderr a.yml", "dockgate serve a.yml", 2),
            ("dockgate -v=2 -logtostderr a.yml", "dockgate serve a.yml", 2),
            ("dockgate -v 2 a.yml", "dockgate serve a.yml", 2),
            ("dockgate serve a.yml", "dockgate serve a.yml", 0),
            ("dockgate check a.yml", "dockgate check a.yml", 0),
            ("dockgate --help", "dockgate --help", 0),
            ("dockgate", "dockgate", 0),
            ("dockgate --v=2 config", "dockgate serve config", 1),
            ("dockgate chek a.yml", "dockgate chek a.yml", 0),
            ("dockgate a.yml b.yml", "dockgate serve a.yml b.yml", 0),
        ] {
            let (found, dropped) = normal(line);
            assert_eq!((found.as_str(), dropped.len()), (kept, ignored), "{line}");
        }
    }
}
