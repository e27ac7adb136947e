//! Somebody on the way who listens.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes everything on, and keeps what clients say, for as long as the test's process lives.
pub(crate) struct Tap {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// Before the server at this port of this machine.
    pub(crate) fn on(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let heard_there = heard.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], server))).unwrap();
                let (to_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let heard = heard_there.clone();
                thread::spawn(move || pass(client, to_server, |bytes| heard.lock().unwrap().extend(bytes)));
                thread::spawn(move || pass(server, to_client, |_| ()));
            }
        });
        Self { port, heard }
    }

    /// Whether clients said this in so many words.
    pub(crate) fn heard(&self, words: &str) -> bool {
        let heard = self.heard.lock().unwrap();
        heard.windows(words.len()).any(|window| window == words.as_bytes())
    }

    /// How many bytes clients sent.
    pub(crate) fn bytes(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, hear: impl Fn(&[u8])) {
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        hear(&piece[..count]);
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    // The other end may have gone first.
    let _gone = to.shutdown(Shutdown::Write);
}
