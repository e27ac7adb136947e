//! What a server's processes have cost so far, as Linux tells it in `/proc`.

mod listener;
mod stat;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use crate::error::LoadError;
use stat::Stat;

/// The processes of one server: these and their descendants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Processes(Vec<u32>);

impl Processes {
    /// The one with this id.
    pub(crate) fn of_pid(pid: u32) -> Self {
        Self(vec![pid])
    }

    /// Those that listen at an address of this machine. None are found if they belong to another user.
    pub(crate) fn listening_at(address: SocketAddr) -> Option<Self> {
        let read = |name| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
        let sockets = listener::sockets([read("tcp"), read("tcp6")].iter().map(String::as_str), address);
        let all = all_processes().ok()?;
        let holders: HashSet<u32> = all.keys().copied().filter(|pid| holds(*pid, &sockets)).collect();
        let is_below = |pid: &u32| all.get(pid).is_some_and(|stat| holders.contains(&stat.parent));
        let mut first: Vec<u32> = holders.iter().copied().filter(|pid| !is_below(pid)).collect();
        first.sort_unstable();
        (!first.is_empty()).then_some(Self(first))
    }

    /// User and system time of all of them, and of their children that have ended.
    ///
    /// # Errors
    /// The server has ended.
    pub(crate) fn cpu(&self) -> Result<Duration, LoadError> {
        let all = all_processes().map_err(LoadError::Start)?;
        if let Some(&pid) = self.0.iter().find(|pid| !all.contains_key(pid)) {
            return Err(LoadError::ServerEnded { pid });
        }
        Ok(ticks(family(&self.0, &all)))
    }
}

/// User and system time of this process.
pub(crate) fn own_cpu() -> Duration {
    let own = fs::read_to_string("/proc/self/stat").ok().and_then(|text| Stat::parse(&text));
    ticks(own.map_or(0, |stat| stat.ticks))
}

fn ticks(number: u64) -> Duration {
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_nanos(number.saturating_mul(1_000_000_000 / a_second))
}

/// The ticks of some processes and their descendants.
fn family(first: &[u32], all: &HashMap<u32, Stat>) -> u64 {
    let mut members: HashSet<u32> = first.iter().copied().collect();
    loop {
        let born = all.iter().filter(|(pid, stat)| members.contains(&stat.parent) && !members.contains(pid));
        let born: Vec<u32> = born.map(|(pid, _)| *pid).collect();
        if born.is_empty() {
            return members.iter().filter_map(|pid| all.get(pid)).map(|stat| stat.ticks).sum();
        }
        members.extend(born);
    }
}

fn all_processes() -> io::Result<HashMap<u32, Stat>> {
    let entries = fs::read_dir("/proc")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let stat = |pid| Stat::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?);
    Ok(pids.filter_map(|pid| Some((pid, stat(pid)?))).collect())
}

fn holds(pid: u32, sockets: &HashSet<u64>) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let inode = |link: &Path| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok();
    let mut links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    links.any(|link| inode(&link).is_some_and(|inode| sockets.contains(&inode)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    use super::stat::Stat;
    use super::{Processes, family, own_cpu};

    #[test]
    fn a_family_is_everybody_below() {
        let of = |parent, ticks| Stat { parent, ticks };
        let all = HashMap::from([
            (10, of(1, 1000)),
            (11, of(10, 200)),
            (12, of(11, 30)),
            (13, of(12, 4)),
            (20, of(1, 50_000)),
        ]);
        assert_eq!(family(&[10], &all), 1234);
        assert_eq!(family(&[11, 13], &all), 234);
        assert_eq!(family(&[99], &all), 0);
    }

    #[test]
    fn a_server_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(Processes::listening_at(address), Some(Processes::of_pid(std::process::id())));
        let nowhere = "127.0.0.1:0".parse().unwrap();
        assert_eq!(Processes::listening_at(nowhere), None);
    }

    #[test]
    fn work_is_seen() {
        let before = own_cpu();
        let of_family = Processes::of_pid(std::process::id());
        let start = Instant::now();
        while own_cpu() < before + Duration::from_millis(20) {
            assert!(start.elapsed() < Duration::from_secs(30), "no work is seen");
        }
        assert!(of_family.cpu().unwrap() >= before + Duration::from_millis(20));
        assert!(Processes::of_pid(u32::MAX).cpu().unwrap_err().to_string().contains("has ended"));
    }
}
