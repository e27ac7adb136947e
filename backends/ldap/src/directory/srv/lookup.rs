//! Asks the domain name system.

use std::time::{Duration, Instant};

use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver, net::runtime::TokioRuntimeProvider};

use super::Record;

/// An answer is asked for again when it has this age, however short or long it says that it lasts.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3600));

/// More records are not read.
const MOST: usize = 64;

/// What a lookup found, and for how long that lasts.
pub(super) struct Answer {
    pub(super) records: Vec<Record>,
    pub(super) lasts: Duration,
}

/// A resolver as the system is configured. It is made anew for each lookup: a name server that moved is found.
pub(super) fn system() -> Result<TokioResolver, String> {
    let builder = TokioResolver::builder_tokio();
    builder.and_then(build).map_err(|error| format!("the system's resolver cannot be used: {error}"))
}

/// Without a cache: that there was no record is not remembered longer than we do.
pub(in crate::directory) fn build(
    mut builder: ResolverBuilder<TokioRuntimeProvider>,
) -> Result<TokioResolver, hickory_resolver::net::NetError> {
    builder.options_mut().cache_size = 0;
    builder.build()
}

/// The records of a name.
///
/// # Errors
/// Why there are none.
pub(super) async fn records(resolver: &TokioResolver, name: &str) -> Result<Answer, String> {
    let found = resolver.srv_lookup(format!("{name}.")).await;
    let found = found.map_err(|error| format!("{name} cannot be looked up: {error}"))?;
    let mut records = Vec::new();
    for answer in found.answers() {
        if let RData::SRV(record) = &answer.data
            && records.len() < MOST
        {
            let target = record.target.to_ascii();
            let target = target.trim_end_matches('.').to_ascii_lowercase();
            records.push(Record {
                priority: record.priority,
                weight: record.weight,
                target,
                port: record.port,
            });
        }
    }
    let lasts = found.valid_until().saturating_duration_since(Instant::now());
    Ok(Answer { records, lasts: lasts.clamp(BOUNDS.0, BOUNDS.1) })
}
