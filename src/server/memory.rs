//! Memory that reading a configuration took and serving does not need.

use std::hint::black_box;
use std::time::Duration;

/// The allocator keeps freed memory for a second, in case it is wanted again.
const KEPT_FOR: Duration = Duration::from_secs(2);
/// Large enough to be a piece of its own, so that the allocator looks at what it keeps when it is freed.
const LARGE: usize = 4 * 1024 * 1024;

/// Has the allocator give back to the system what was freed so far: it does so only when, later, something large is
/// freed, and an idle server frees nothing. A list of 100,000 rules takes twice as much while it is read as when it
/// serves.
pub(super) async fn give_back() {
    tokio::time::sleep(KEPT_FOR).await;
    drop(black_box(Vec::<u8>::with_capacity(LARGE)));
}
