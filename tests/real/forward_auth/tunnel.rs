//! A registry that answers `101 Switching Protocols`, whoever asked for it: what comes behind a request that was decided
//! about reaches it through no proxy, for nobody decides about that.

use std::io::{ErrorKind, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Front;
use super::site::{Gated, Mode};
use crate::accounts::{self, ALICE};

const SWITCHED: [&str; 3] = [
    "Connection: Upgrade\r\nUpgrade: PROTOCOL\r\n",
    // Go's proxy compares what was asked for with what is answered, and this is nothing on both sides.
    "Connection: Upgrade\r\n",
    "",
];
const PROTOCOLS: [&str; 3] = ["websocket", "h2c", "0"];
/// What a client asks nobody for, who has no answer for it.
const SMUGGLED: &str =
    "GET /v2/smuggled/app/tags/list HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\n\r\n";
/// How long it waits for what should not come. Whatever is in a tunnel comes at once.
const LISTENS_FOR: Duration = Duration::from_secs(3);

/// In the registry's place: it switches, and says what it hears from then on.
struct Switching {
    place: String,
    came: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Switching {
    fn to(protocol: &'static str, how: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let (came, is_over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (told, over) = (Arc::clone(&came), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, told) = (stream.unwrap(), Arc::clone(&told));
                // A proxy may have several at a time.
                thread::spawn(move || {
                    let heard = Self::switch(stream, &how.replace("PROTOCOL", protocol));
                    told.lock().unwrap().extend(heard);
                });
            }
        });
        Self { place, came, is_over, thread: Some(thread) }
    }

    /// What came behind the head, if something did; the client is told of it.
    fn switch(mut stream: TcpStream, how: &str) -> Option<String> {
        stream.set_read_timeout(Some(LISTENS_FOR)).unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if !matches!(stream.read(&mut byte), Ok(1)) {
                return None;
            }
            heard.push(byte[0]);
        }
        stream.write_all(format!("HTTP/1.1 101 Switching Protocols\r\n{how}\r\n").as_bytes()).ok()?;
        let mut behind = [0; 1024];
        let count = match stream.read(&mut behind) {
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(_) => return None,
        };
        let behind = String::from_utf8_lossy(&behind[..count]).into_owned();
        drop(stream.write_all(behind.as_bytes()));
        (!behind.is_empty()).then_some(behind)
    }
}

impl Drop for Switching {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.place));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// However it is asked for, and however the registry says that it does.
pub(super) fn nobody_gets_one<F: Front>() {
    for (protocol, how) in PROTOCOLS.into_iter().zip(SWITCHED) {
        let registry = Switching::to(protocol, how);
        let place = Some(registry.place.clone());
        let Some(gated) = Gated::<F>::before(Mode::Basic, &[], &accounts::users_and_acl(), place) else {
            return;
        };
        let proof = gated.proof(&ALICE, "GET", "/v2/");
        for asked in [
            String::new(),
            format!("Connection: Upgrade\r\nUpgrade: {protocol}\r\n"),
            format!("Connection: keep-alive\r\nUpgrade: {protocol}\r\n"),
            "Connection: Upgrade\r\n".to_owned(),
            "Upgrade:\r\n".to_owned(),
            format!("Upgrade:\r\nUpgrade: {protocol}\r\n"),
        ] {
            if asked.starts_with("Upgrade:\r\n") && F::IS_BLIND_TO_EMPTY_HEADERS {
                continue;
            }
            for is_at_once in [false, true] {
                let request = format!(
                    "GET /v2/alice/app/tags/list HTTP/1.1\r\nHost: registry.example.com\r\n\
                     Authorization: {proof}\r\n{asked}\r\n"
                );
                let mut wire = gated.wire();
                let head = if is_at_once {
                    wire.send(format!("{request}{SMUGGLED}").as_bytes());
                    String::new()
                } else {
                    wire.send(request.as_bytes());
                    let head = wire.head();
                    wire.send(SMUGGLED.as_bytes());
                    head
                };
                let answer = head + &wire.everything();
                let tried = format!("{asked:?} {how:?} at once {is_at_once}: {answer}\n{}", gated.logs());
                assert!(!answer.contains("smuggled"), "{tried}");
                let came = registry.came.lock().unwrap();
                assert!(!came.iter().any(|heard| heard.contains("smuggled")), "{came:#?} {tried}");
            }
        }
    }
}
