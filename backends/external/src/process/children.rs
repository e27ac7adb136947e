//! All programs of this process, and those of their children that have run away from them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dockgate_api::{BuildContext, Random};
use rustix::process::{Pid, Signal, WaitOptions, child_subreaper, getpid, kill_process, waitpid};

/// The variable that every program and its children carry. It says which run they belong to, so that those who leave
/// their group are found.
pub(super) const MARK: &str = "DOCKGATE_RUN";

/// How long after a program's end is looked for what it left behind. Programs that end meanwhile share the look.
const LOOK_AFTER: Duration = Duration::from_millis(200);

/// Which programs run. There is one of it in a process, whatever is configured.
pub(crate) struct Children {
    /// In front of the numbers of this process's runs, so that nobody else's are taken for its own.
    name: String,
    next: AtomicU64,
    running: Mutex<Running>,
    looking: AtomicBool,
}

#[derive(Default)]
struct Running {
    runs: HashSet<u64>,
    leaders: HashSet<Pid>,
    /// Dead children that nobody here knew at the last look.
    unknown_dead: HashSet<Pid>,
}

/// One run of a program, for as long as anything of it may be there.
pub(super) struct Run {
    children: Arc<Children>,
    number: u64,
    leader: Option<Pid>,
}

impl Children {
    /// Those of this process.
    pub(crate) fn of(cx: &BuildContext) -> Arc<Self> {
        let random = cx.random();
        cx.kept("programs", || Self::new(random.as_ref()))
    }

    pub(super) fn new(random: &dyn Random) -> Self {
        let mut name = [0; 8];
        // Nothing secret: without randomness the process's id has to do.
        let drawn = random.fill(&mut name).map(|()| u64::from_be_bytes(name));
        let name = drawn.unwrap_or_else(|_| u64::try_from(getpid().as_raw_nonzero().get()).unwrap_or(0));
        Self {
            name: format!("{name:016x}-"),
            next: AtomicU64::new(0),
            running: Mutex::default(),
            looking: AtomicBool::new(false),
        }
    }

    /// Before anything is started: from here on nothing of it is taken for left behind.
    pub(super) fn begin(self: &Arc<Self>) -> Run {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.running().runs.insert(number);
        Run { children: Arc::clone(self), number, leader: None }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for what was left behind, a little later, if that is this process's to do.
    fn look_soon(self: &Arc<Self>) {
        if !is_reaper() || self.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (children, looking) = (Arc::clone(self), Looking(Arc::clone(self)));
        runtime.spawn(async move {
            tokio::time::sleep(LOOK_AFTER).await;
            // From here on whoever ends needs another look.
            drop(looking);
            let again = Arc::clone(&children);
            let looked = tokio::task::spawn_blocking(move || children.look());
            if looked.await.unwrap_or(false) {
                again.look_soon();
            }
        });
    }

    /// Kills what belongs to runs that are over, and reaps what is dead. Says whether to look again.
    fn look(&self) -> bool {
        let children = own_children();
        let mut running = self.running();
        let mut unknown_dead = HashSet::new();
        let mut again = false;
        for child in children.into_iter().filter(|child| !running.leaders.contains(child)) {
            match self.belongs_to(child) {
                Belongs::Run(number) if !running.runs.contains(&number) => {
                    // It may have ended meanwhile; then the next look finds it dead.
                    let _ = kill_process(child, Signal::KILL);
                    again = true;
                }
                // At the second sight: who starts a program has had time to say that it is its own.
                Belongs::Dead if running.unknown_dead.contains(&child) => {
                    let _ = waitpid(Some(child), WaitOptions::NOHANG);
                }
                Belongs::Dead => {
                    unknown_dead.insert(child);
                    again = true;
                }
                Belongs::Run(_) | Belongs::Others => {}
            }
        }
        running.unknown_dead = unknown_dead;
        again
    }

    fn belongs_to(&self, child: Pid) -> Belongs {
        let directory = format!("/proc/{}", child.as_raw_nonzero());
        let directory = Path::new(&directory);
        if is_dead(directory) {
            return Belongs::Dead;
        }
        let environment = std::fs::read(directory.join("environ")).unwrap_or_default();
        let mark = environment.split(|byte| *byte == 0).find_map(|variable| {
            let value = variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"=")?;
            std::str::from_utf8(value).ok()?.strip_prefix(&self.name)?.parse().ok()
        });
        mark.map_or(Belongs::Others, Belongs::Run)
    }
}

/// Somebody is about to look.
struct Looking(Arc<Children>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.looking.store(false, Ordering::Release);
    }
}

enum Belongs {
    Run(u64),
    Dead,
    Others,
}

/// Whether orphans come to this process: only then, and only here, are they its business.
fn is_reaper() -> bool {
    child_subreaper().is_ok_and(|reaper| reaper.is_some()) || getpid().as_raw_nonzero().get() == 1
}

/// The ids of this process's children (proc(5), `/proc/pid/task/tid/children`).
fn own_children() -> Vec<Pid> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let listed = threads.flatten().flat_map(|thread| std::fs::read_to_string(thread.path().join("children")));
    let ids: Vec<i32> =
        listed.flat_map(|ids| ids.split_whitespace().flat_map(str::parse).collect::<Vec<_>>()).collect();
    ids.into_iter().filter_map(Pid::from_raw).collect()
}

/// Whether a process is dead and not reaped (proc(5), `/proc/pid/stat`, state `Z`).
fn is_dead(directory: &Path) -> bool {
    let stat = std::fs::read_to_string(directory.join("stat")).unwrap_or_default();
    // The name before it may hold anything, parentheses too.
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

impl Run {
    /// What the environment of its processes says.
    pub(super) fn mark(&self) -> String {
        format!("{}{}", self.children.name, self.number)
    }

    /// Says which process it is that somebody else will reap.
    pub(super) fn led_by(mut self, leader: Pid) -> Self {
        self.children.running().leaders.insert(leader);
        self.leader = Some(leader);
        self
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let mut running = self.children.running();
        running.runs.remove(&self.number);
        if let Some(leader) = self.leader {
            running.leaders.remove(&leader);
        }
        drop(running);
        self.children.look_soon();
    }
}
