//! Attacks on a whole server, and who is served meanwhile.
//!
//! Attackers and honest clients are in this process, the server is one of its own. During each attack honest clients log
//! in without pause; all must be answered. The server's memory stays within a budget, and when the attackers have gone
//! its connections are gone too, it answers, and it ends as it should.
//!
//! `DOCKGATE` names another program than the tests' own, such as a release build. For figures that nothing else spoils:
//! `DOCKGATE=target/release/dockgate cargo test --test real attack:: -- --nocapture --test-threads 1`.

mod connections;
mod crowded;
mod forms;
mod garbage;
mod guesses;
mod handshakes;
mod honest;
mod latencies;
mod siege;
mod slow;
mod target;
mod wire;
