//! Background tasks that end with the test.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use dockgate_api::{Spawner, Task};
use tokio::task::JoinHandle;

/// Spawns onto the current tokio runtime; dropping it ends its tasks, as a reload does.
#[derive(Default)]
pub struct TokioSpawner(Mutex<Vec<(&'static str, JoinHandle<()>)>>);

impl TokioSpawner {
    /// The names of the tasks that still run, in the order in which they were started.
    pub fn running(&self) -> Vec<&'static str> {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().filter(|(_, task)| !task.is_finished()).map(|(name, _)| *name).collect()
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, name: &'static str, task: Task) {
        let task = tokio::spawn(task);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, task));
    }
}

impl Drop for TokioSpawner {
    fn drop(&mut self) {
        for (_, task) in self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl fmt::Debug for TokioSpawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokioSpawner").field(&self.running()).finish()
    }
}
