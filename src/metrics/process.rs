//! What Linux says of this process, under the names that every Prometheus client library has.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Numbers of `/proc/self` (proc(5)).
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    cpu_seconds: f64,
    started_at: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    open_files: usize,
    most_files: Option<u64>,
    threads: u64,
}

/// One number.
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) grows: bool,
    pub(super) value: f64,
}

impl Process {
    /// Nothing where there is no such file system.
    pub(super) fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the program's name in parentheses, with anything in it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // The third field of the file is the first here.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let boot = fs::read_to_string("/proc/stat").ok()?;
        let boot: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(Self {
            cpu_seconds: seconds(field(14)? + field(15)?),
            started_at: float(boot) + seconds(field(22)?),
            resident_bytes: field(24)? * page_size() as u64,
            virtual_bytes: field(23)?,
            // One is the descriptor that reads the directory.
            open_files: fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1),
            most_files: getrlimit(Resource::Nofile).current,
            threads: field(20)?,
        })
    }

    pub(super) fn numbers(&self) -> Vec<Number> {
        let number = |name, help, grows, value| Number { name, help, grows, value };
        let mut numbers = vec![
            number("process_cpu_seconds_total", "Processor time, user and system.", true, self.cpu_seconds),
            number("process_open_fds", "Open file descriptors.", false, float(self.open_files as u64)),
            number("process_resident_memory_bytes", "Memory in RAM.", false, float(self.resident_bytes)),
            number("process_start_time_seconds", "When it started, Unix time.", false, self.started_at),
            number("process_threads", "Threads.", false, float(self.threads)),
            number("process_virtual_memory_bytes", "Address space.", false, float(self.virtual_bytes)),
        ];
        let most = self.most_files.map(float);
        numbers.extend(most.map(|most| {
            number("process_max_fds", "The most file descriptors that may be open.", false, most)
        }));
        numbers.sort_by_key(|number| number.name);
        numbers
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn float(number: u64) -> f64 {
    number as f64
}

fn seconds(ticks: u64) -> f64 {
    float(ticks) / float(clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use dockgate_api::Clock as _;

    use super::*;
    use crate::outside::SystemClock;

    #[test]
    fn the_numbers_are_this_process() {
        let before = Process::read().unwrap();
        let held = vec![1_u8; 64 * 1024 * 1024];
        let file = fs::File::open("/proc/self/stat").unwrap();
        let mut spun = 0_u64;
        while Process::read().unwrap().cpu_seconds <= before.cpu_seconds {
            spun = std::hint::black_box(spun + 1);
        }
        let after = Process::read().unwrap();
        assert!(after.resident_bytes >= before.resident_bytes + 32 * 1024 * 1024, "{before:?} {after:?}");
        assert!(after.virtual_bytes >= after.resident_bytes && after.threads >= 1, "{after:?}");
        assert!(after.open_files >= 1 && after.most_files.is_none_or(|most| most > after.open_files as u64));
        let now = SystemClock.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!((now - after.started_at).abs() < 3_600.0, "{after:?}");
        drop((held, file));
    }
}
