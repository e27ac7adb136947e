//! When certificates end.

use std::time::SystemTime;

use dockgate_api::Series;

use super::MemoryMetrics;
use super::reloads::unix;

const NAME: &str = "dockgate_certificate_expiry_timestamp_seconds";
const HELP: &str = "When a certificate ends, Unix time.";

/// What certificates are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// They travel with tokens.
    Signing,
    /// So do these, and they are renewed here: their ends are near at all times, and nobody's business until they stay.
    Managed,
    /// They are shown to clients.
    Tls,
    /// So is this, and an authority renews it: see [`AcmeMeter`](super::AcmeMeter).
    Acme,
}

impl Certificates {
    /// Says when each certificate for this use ends. Those that are not in the list any more are forgotten.
    pub fn end<'a>(self, metrics: &MemoryMetrics, all: impl IntoIterator<Item = (&'a str, SystemTime)>) {
        let of_use = Series::new(NAME, HELP).label("use", self.word());
        let ends = all.into_iter().map(|(name, ends)| (of_use.clone().label("name", name), unix(ends)));
        metrics.replace(&of_use, ends.collect());
    }

    fn word(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Managed => "managed",
            Self::Tls => "tls",
            Self::Acme => "acme",
        }
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::noon;

    use super::*;

    #[test]
    fn each_use_has_its_own() {
        let metrics = MemoryMetrics::default();
        Certificates::Signing.end(&metrics, [("old", noon()), ("kept", noon())]);
        Certificates::Tls.end(&metrics, [("server", noon())]);
        Certificates::Signing.end(&metrics, [("kept", noon())]);
        let text = metrics.text();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(NAME)).collect();
        let at = unix(noon());
        assert_eq!(
            lines,
            [
                format!("{NAME}{{name=\"kept\",use=\"signing\"}} {at}"),
                format!("{NAME}{{name=\"server\",use=\"tls\"}} {at}")
            ]
        );
    }
}
