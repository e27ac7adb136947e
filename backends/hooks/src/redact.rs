//! Texts from outside that go to the log.

/// Shorter ones would take ordinary words out of the text.
const SHORTEST_SECRET: usize = 4;

/// The text without a secret that it may repeat: programs that trace themselves (`set -x`) print what they were handed.
pub fn redact(text: &str, secret: &str) -> String {
    if secret.len() < SHORTEST_SECRET { text.to_owned() } else { text.replace(secret, "[redacted]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_secret_is_taken_out() {
        assert_eq!(redact("+ check bob hunter2", "hunter2"), "+ check bob [redacted]");
        assert_eq!(redact("an attempt", "a"), "an attempt");
    }
}
