//! What a Redis promises to keep, as it says itself.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// The oldest release that is known to do.
const OLDEST: (u32, u32) = (6, 2);

/// What is done where Redis does not promise to keep what it answers for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Durability {
    /// Nothing is written: whoever asks for it gets 503.
    #[default]
    Required,
    /// It is written all the same; log and health say what may be lost.
    BestEffort,
}

/// What one server said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Promises {
    /// Its release.
    pub(super) version: String,
    /// Why an answered write may be lost, each with its cure. None: it is kept.
    pub(super) gaps: Vec<String>,
    /// What else an administrator should know.
    pub(super) remarks: Vec<String>,
}

/// Why a server cannot be used at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooOld(String);

impl Promises {
    /// Reads the answers to `INFO` and to `CONFIG GET`; none where the user may not ask.
    pub(super) fn read(
        info: Option<&str>,
        settings: Option<&HashMap<String, String>>,
        is_cluster: bool,
    ) -> Result<Self, TooOld> {
        let mut promises = Self::default();
        let Some(info) = info else {
            promises.gaps.push(
                "what it keeps cannot be checked: its user may not ask (write `+info +config|get` into its ACL line)".to_owned(),
            );
            return Ok(promises);
        };
        let info: HashMap<&str, &str> = info.lines().filter_map(|line| line.trim().split_once(':')).collect();
        let said = |key: &str| info.get(key).copied().unwrap_or_default();
        said("redis_version").clone_into(&mut promises.version);
        check_version(said("redis_version"))?;
        if said("role") == "slave" && !is_cluster {
            promises
                .remarks
                .push("it is a replica and takes no writes: write the address of its master".to_owned());
        }
        promises.look_at_the_file(said, settings);
        let policy = said("maxmemory_policy");
        if !["", "0"].contains(&said("maxmemory")) && policy != "noeviction" {
            promises.gaps.push(format!(
                "its maxmemory-policy is {policy}: when it is full it throws credentials away (write `maxmemory-policy noeviction`)"
            ));
        }
        Ok(promises)
    }

    fn look_at_the_file<'a>(
        &mut self,
        said: impl Fn(&str) -> &'a str,
        settings: Option<&HashMap<String, String>>,
    ) {
        if said("aof_enabled") != "1" {
            self.gaps.push(
                "its appendonly is no: when it ends, what was written since its last snapshot is lost (write `appendonly yes` \
                 and `appendfsync always`)"
                    .to_owned(),
            );
            return;
        }
        if said("aof_last_write_status") == "err" {
            self.gaps.push("its last write to the append-only file failed: is its disk full?".to_owned());
        }
        let set = |key: &str| settings.and_then(|settings| settings.get(key)).map(String::as_str);
        match set("appendfsync") {
            Some("always") => {}
            Some(how) => self.gaps.push(format!(
                "its appendfsync is {how}: when its machine fails, what was written {} is lost (write `appendfsync always`)",
                if how == "everysec" { "in the last second or two" } else { "in the last half minute" }
            )),
            None => self.gaps.push(
                "its appendfsync cannot be checked: its user may not ask (write `+config|get` into its ACL line)".to_owned(),
            ),
        }
        if set("no-appendfsync-on-rewrite") == Some("yes") {
            self.gaps.push(
                "its no-appendfsync-on-rewrite is yes: while it rewrites its file, nothing is safe (write `no`)".to_owned(),
            );
        }
    }

    /// Everything that is not as it should be, in one line.
    pub(super) fn complaint(&self) -> Option<String> {
        let all: Vec<_> = self.gaps.iter().chain(&self.remarks).map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl fmt::Display for TooOld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is Redis {}: {}.{} or newer is needed", self.0, OLDEST.0, OLDEST.1)
    }
}

fn check_version(version: &str) -> Result<(), TooOld> {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < OLDEST => Err(TooOld(version.to_owned())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Server\r\nredis_version:7.0.15\r\nrole:master\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n\
                        aof_enabled:1\r\naof_last_write_status:ok\r\n";

    fn settings(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn gaps(info: &str, pairs: &[(&str, &str)]) -> String {
        Promises::read(Some(info), Some(&settings(pairs)), false).unwrap().complaint().unwrap_or_default()
    }

    #[test]
    fn only_a_file_that_is_synced_at_each_write_promises() {
        assert_eq!(gaps(GOOD, &[("appendfsync", "always")]), "");
        assert!(gaps(GOOD, &[("appendfsync", "everysec")]).contains("last second"));
        assert!(gaps(GOOD, &[("appendfsync", "no")]).contains("half minute"));
        assert!(gaps(GOOD, &[]).contains("cannot be checked"));
        let on_rewrite = [("appendfsync", "always"), ("no-appendfsync-on-rewrite", "yes")];
        assert!(gaps(GOOD, &on_rewrite).contains("no-appendfsync-on-rewrite"));
        let off = GOOD.replace("aof_enabled:1", "aof_enabled:0");
        assert!(gaps(&off, &[("appendfsync", "always")]).contains("appendonly yes"));
        let failed = GOOD.replace("status:ok", "status:err");
        assert!(gaps(&failed, &[("appendfsync", "always")]).contains("disk full"));
        assert!(Promises::read(None, None, false).unwrap().complaint().unwrap().contains("+info"));
    }

    #[test]
    fn a_redis_that_may_throw_keys_away_promises_nothing() {
        let lru = GOOD.replace("noeviction", "volatile-lru");
        assert_eq!(gaps(&lru, &[("appendfsync", "always")]), "", "it has no limit");
        let limited = lru.replace("maxmemory:0", "maxmemory:1048576");
        assert!(gaps(&limited, &[("appendfsync", "always")]).contains("maxmemory-policy is volatile-lru"));
    }

    #[test]
    fn replicas_and_old_releases_are_told() {
        let replica = GOOD.replace("role:master", "role:slave");
        assert!(gaps(&replica, &[("appendfsync", "always")]).contains("replica"));
        let old = GOOD.replace("7.0.15", "6.0.16");
        let error = Promises::read(Some(&old), None, false).unwrap_err();
        assert_eq!(error.to_string(), "it is Redis 6.0.16: 6.2 or newer is needed");
    }
}
