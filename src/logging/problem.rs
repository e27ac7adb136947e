//! A problem of the configuration as a line of the log: one, whatever the configuration holds.

use dockgate_api::config::Problem;

use crate::scope::is_unprintable;

pub(crate) fn error(problem: &Problem) {
    let [place, key, message] = in_one_line(problem);
    tracing::error!(%place, %key, "{message}");
}

pub(crate) fn warn(problem: &Problem) {
    let [place, key, message] = in_one_line(problem);
    tracing::warn!(%place, %key, "{message}");
}

pub(crate) fn info(problem: &Problem) {
    let [place, key, message] = in_one_line(problem);
    tracing::info!(%place, %key, "{message}");
}

/// Place, key and message. What would end a line, or move the cursor, is escaped.
fn in_one_line(problem: &Problem) -> [String; 3] {
    let texts = [problem.location.to_string(), problem.path.to_string(), problem.message.clone()];
    texts.map(|text| {
        let mut line = String::with_capacity(text.len());
        for c in text.chars() {
            if is_unprintable(c) { line.extend(c.escape_default()) } else { line.push(c) }
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use dockgate_api::config::{KeyPath, Location};

    use super::*;

    #[test]
    fn no_configuration_writes_a_second_line() {
        let place = Location::new("a\nb.yml", 1, 1);
        let path = KeyPath::root().key("server\u{202e}").key("addr");
        let problem = Problem::new(place, path, "`x\n2026 INFO forged\u{1b}[2J` is \u{e9}no address");
        let [place, key, message] = in_one_line(&problem);
        assert_eq!(place, "a\\nb.yml:1:1");
        assert!(!key.contains(is_unprintable), "{key:?}");
        assert_eq!(message, "`x\\n2026 INFO forged\\u{1b}[2J` is \u{e9}no address");
    }
}
