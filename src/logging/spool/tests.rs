use std::sync::mpsc;

use super::*;

fn confession(lost: u64) -> Vec<u8> {
    format!("lost {lost}\n").into_bytes()
}

/// A writer that hands on what it is given, and waits while nobody takes it.
struct To(mpsc::SyncSender<Vec<u8>>);

impl Destination for To {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn confess(&mut self, lost: u64) -> Vec<u8> {
        confession(lost)
    }
}

#[test]
fn everything_is_written_in_order_and_the_rest_at_the_end() {
    let (to, written) = mpsc::sync_channel(1000);
    let spool = Spool::new(Counter::default());
    spool.push(b"before the start\n");
    let flush = spool.start("test", To(to)).unwrap();
    let lines: Vec<String> = (0..1000).map(|number| format!("{number}\n")).collect();
    for line in &lines {
        spool.push(line.as_bytes());
    }
    drop(flush);
    let all: Vec<u8> = written.try_iter().flatten().collect();
    assert_eq!(String::from_utf8(all).unwrap(), format!("before the start\n{}", lines.concat()));
}

/// Each turn takes so many bytes and then fails, as a disk that fills up does; after the last it takes everything.
struct Full {
    turns: Vec<usize>,
    failed: bool,
    taken: mpsc::Sender<Vec<u8>>,
}

impl Full {
    fn new(turns: &[usize]) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (taken, all) = mpsc::channel();
        (Self { turns: turns.iter().rev().copied().collect(), failed: false, taken }, all)
    }
}

impl Destination for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = if self.failed { Some(0) } else { self.turns.last().copied() };
        let count = room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if count == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.failed = room.is_some();
        let _ = self.taken.send(bytes[..count].to_vec());
        Ok(count)
    }

    fn confess(&mut self, lost: u64) -> Vec<u8> {
        confession(lost)
    }

    fn tried(&mut self, _: &io::Result<()>) {
        self.turns.pop();
        self.failed = false;
    }
}

/// Whether it was written, once that is known.
fn told(spool: &Spool, line: &str) -> bool {
    let (tell, told) = mpsc::channel();
    spool.push_and_tell(line.as_bytes(), Box::new(move |written| tell.send(written).unwrap()));
    told.recv_timeout(Duration::from_secs(60)).unwrap()
}

fn text(written: &mpsc::Receiver<Vec<u8>>) -> String {
    String::from_utf8(written.try_iter().flatten().collect()).unwrap()
}

#[test]
fn what_could_not_be_written_is_told_once_it_can() {
    let (to, written) = Full::new(&[0, 0]);
    let lost = Counter::default();
    let spool = Spool::new(lost.clone());
    spool.push(b"first\nsecond\n");
    let flush = spool.start("test", to).unwrap();
    spool.flush();
    assert!(!told(&spool, "third\n"));
    assert!(told(&spool, "fourth\n"));
    drop(flush);
    assert_eq!((text(&written).as_str(), lost.get()), ("fourth\nlost 3\n", 3));
}

#[test]
fn a_torn_line_gets_its_end_before_the_next() {
    // Room for the first line and a piece of the second, then for no more than the end of that piece, then for all.
    let (to, written) = Full::new(&[9, 1]);
    let lost = Counter::default();
    let spool = Spool::new(lost.clone());
    let (tell, heard) = mpsc::channel();
    for line in ["first\n", "second\n", "third\n"] {
        let tell = tell.clone();
        spool.push_and_tell(line.as_bytes(), Box::new(move |written| tell.send(written).unwrap()));
    }
    let flush = spool.start("test", to).unwrap();
    let heard: Vec<bool> = (0..3).map(|_| heard.recv_timeout(Duration::from_secs(60)).unwrap()).collect();
    assert_eq!(heard, [true, false, false]);
    assert!(!told(&spool, "fourth\n"));
    assert!(told(&spool, "fifth\n"));
    drop(flush);
    assert_eq!((text(&written).as_str(), lost.get()), ("first\nsec\nfifth\nlost 3\n", 3));
}

#[test]
fn a_stalled_reader_holds_up_nobody_and_what_is_lost_is_told() {
    let (to, written) = mpsc::sync_channel(0);
    let lost = Counter::default();
    let spool = Spool::new(lost.clone());
    let flush = spool.start("test", To(to)).unwrap();
    spool.push(b"first\n");
    let megabyte = vec![b'x'; 1024 * 1024];
    for _ in 0..20 {
        spool.push(&megabyte);
    }
    let count = lost.get();
    // Eight wait at most, and as many may be on their way.
    assert!((4..=20).contains(&count), "{count}");
    assert!(!told(&spool, std::str::from_utf8(&megabyte).unwrap()), "there is no room for it");
    let reader = thread::spawn(move || written.iter().flatten().collect::<Vec<u8>>());
    drop(flush);
    drop(spool);
    let all = reader.join().unwrap();
    assert!(all.ends_with(format!("lost {}\n", count + 1).as_bytes()));
}

#[test]
fn after_the_end_nothing_counts_as_written() {
    let (to, _written) = mpsc::sync_channel(10);
    let lost = Counter::default();
    let spool = Spool::new(lost.clone());
    drop(spool.start("test", To(to)).unwrap());
    assert!(!told(&spool, "late\n"));
    assert_eq!(lost.get(), 1);
}
