//! A proxy on a free port of 127.0.0.1 that stands before any TCP server and makes the trouble that networks make.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() {
//! use dockgate_testkit::directory::Directory;
//! use dockgate_testkit::proxy::{Mood, Proxy};
//!
//! let directory = Directory::new().start().await;
//! let proxy = Proxy::to(directory.addr);
//! // Clients ask proxy.addr. From now on they hear nothing, while their connections stay open.
//! proxy.mood(Mood::Silent);
//! # }
//! ```

mod pump;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::door::Door;

/// What becomes of bytes, of connections that are there and of new ones, until told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// They pass.
    #[default]
    Pass,
    /// They are held back, in both directions, and go on with the next mood. New connections are accepted; the server
    /// does not hear of them.
    Silent,
    /// New connections are accepted and reset. Those that are there pass.
    Reset,
    /// Each piece passes so much later.
    Late(Duration),
    /// So many pass in a second, in each direction.
    Slow(u32),
    /// So many more pass on each connection in this direction, counted from when the mood began; then it closes. The
    /// other direction passes.
    Cut(Direction, u64),
}

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// A proxy that runs until it is dropped; its connections end with it.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub addr: SocketAddr,
    door: Door,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    server: SocketAddr,
    moods: watch::Sender<Turn>,
    closing: watch::Sender<Closing>,
    open: AtomicUsize,
    made: AtomicU64,
}

/// A mood, and how many there were before: the same mood twice is two.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    number: u64,
    mood: Mood,
}

/// How connections end. Every change ends those of before.
#[derive(Clone, Copy, Debug, Default)]
struct Closing {
    reset: bool,
}

impl Proxy {
    /// One before this server, on the runtime of whoever calls. The server need not be there yet.
    ///
    /// # Panics
    /// If there is no port.
    pub fn to(server: SocketAddr) -> Self {
        let state = State {
            server,
            moods: watch::Sender::default(),
            closing: watch::Sender::default(),
            open: AtomicUsize::new(0),
            made: AtomicU64::new(0),
        };
        let door = Door::free();
        let proxy = Self { addr: door.addr, door, state: Arc::new(state) };
        proxy.listen_again();
        proxy
    }

    /// What becomes of bytes from now on.
    pub fn mood(&self, mood: Mood) {
        self.state.moods.send_modify(|turn| *turn = Turn { number: turn.number + 1, mood });
    }

    /// Closes all connections. New ones are welcome.
    pub fn close_connections(&self) {
        self.state.closing.send_replace(Closing { reset: false });
    }

    /// Breaks all connections: both ends are told of an error (RST). New ones are welcome.
    pub fn reset_connections(&self) {
        self.state.closing.send_replace(Closing { reset: true });
    }

    /// Refuses new connections from when this returns, and keeps those that were accepted.
    pub async fn stop_listening(&self) {
        self.door.close().await;
    }

    /// Refuses new connections from when this returns, and closes the present ones.
    pub async fn stop(&self) {
        self.stop_listening().await;
        self.close_connections();
    }

    /// Listens again, on the same port, which nobody else could take.
    pub fn listen_again(&self) {
        let state = self.state.clone();
        self.door.open(move |client| {
            tokio::spawn(serve(client, Open::count(&state), state.closing.subscribe()));
        });
    }

    /// How many connections of clients are open now.
    pub fn connections_open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// How many connections of clients there ever were.
    pub fn connections_made(&self) -> u64 {
        self.state.made.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.door.abort();
        self.close_connections();
    }
}

/// A connection that is counted as open.
struct Open(Arc<State>);

impl Open {
    fn count(state: &Arc<State>) -> Self {
        state.open.fetch_add(1, Ordering::SeqCst);
        state.made.fetch_add(1, Ordering::SeqCst);
        Self(state.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Passes bytes until one end goes or the test ends it.
async fn serve(mut client: TcpStream, open: Open, mut closing: watch::Receiver<Closing>) {
    let state = &open.0;
    if state.moods.borrow().mood == Mood::Reset {
        // It closes all the same if it cannot be reset.
        let _reset = client.set_zero_linger();
        return;
    }
    let mut server = None;
    tokio::select! {
        // Whichever end broke: both close.
        _ended = pass(&mut client, &mut server, state) => {}
        changed = closing.changed() => {
            if changed.is_ok() && closing.borrow().reset {
                for stream in [Some(&client), server.as_ref()].into_iter().flatten() {
                    let _reset = stream.set_zero_linger();
                }
            }
        }
    }
}

async fn pass(client: &mut TcpStream, server: &mut Option<TcpStream>, state: &State) -> std::io::Result<()> {
    let mut moods = state.moods.subscribe();
    // Nobody can turn the mood of a proxy that is gone, and then this ends.
    if moods.wait_for(|turn| turn.mood != Mood::Silent).await.is_err() {
        return Ok(());
    }
    let server = server.insert(TcpStream::connect(state.server).await?);
    for stream in [&*client, &*server] {
        stream.set_nodelay(true)?;
    }
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::try_join!(
        pump::pump(Direction::ToServer, from_client, to_server, moods.clone()),
        pump::pump(Direction::ToClient, from_server, to_client, moods),
    )?;
    Ok(())
}
