//! One process, from its first question to its end.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dockgate_api::BackendError;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant as Moment, Sleep, sleep, timeout};

use super::document;
use super::in_flight::{Handed, InFlight, Outcome};
use super::outgoing::Outgoing;
use crate::process::{Complaints, Ended, Group, Left, Line, LineReader, Program, Spawned, drain, read_now};

/// In bytes; labels of somebody in a thousand groups fit.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Who lived as long was worth starting.
const LONG_LIFE: Duration = Duration::from_secs(60);
/// So many questions in a row without an answer in time, and it hangs.
const HUNG: usize = 3;
/// How long one that nobody needs any more has to end by itself.
const GRACE: Duration = Duration::from_secs(1);
/// How long one that has closed its output has to say how it ends.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Questions that are taken before answers have their turn.
const AT_ONCE: usize = 64;

/// A process that answers.
pub(super) struct Worker {
    pipes: Pipes,
    state: Told,
}

struct Pipes {
    stdin: Sender,
    stdout: Receiver,
    stderr: Receiver,
}

/// What was said, in both directions.
struct Told {
    program: Arc<Program>,
    patience: Duration,
    in_flight: InFlight,
    outgoing: Outgoing,
    answers: LineReader,
    complaints: Complaints,
    silent_stderr: bool,
    proved: bool,
}

impl Worker {
    /// Each question may take as long as `patience`.
    pub(super) fn new(spawned: Spawned, program: Arc<Program>, patience: Duration) -> (Self, Group) {
        let Spawned { group, stdin, stdout, stderr } = spawned;
        let complaints = Complaints::new(Arc::clone(&program), Instant::now());
        let state = Told {
            program,
            patience,
            in_flight: InFlight::default(),
            outgoing: Outgoing::default(),
            answers: LineReader::new(LONGEST_ANSWER),
            complaints,
            silent_stderr: false,
            proved: false,
        };
        (Self { pipes: Pipes { stdin, stdout, stderr }, state }, group)
    }

    /// Asks and listens until it ends, or must; `None` if nobody needs it any more. `proved` is called once it was worth
    /// starting: it has answered something, or lived for long.
    pub(super) async fn work(
        &mut self,
        group: &mut Group,
        questions: &mut UnboundedReceiver<Handed>,
        closing: &mut watch::Receiver<()>,
        proved: impl Fn(),
    ) -> Option<BackendError> {
        let Self { pipes: Pipes { stdin, stdout, stderr }, state } = self;
        let mut ended = pin!(group.ended());
        let mut timer = pin!(sleep(state.patience));
        let mut long_life = pin!(sleep(LONG_LIFE));
        let mut told = false;
        loop {
            tokio::select! {
                biased;
                _ = closing.changed() => return None,
                ended = ended.as_mut() => return Some(state.last_words(stdout, stderr, ended)),
                () = timer.as_mut(), if !timer.is_elapsed() => {}
                () = long_life.as_mut(), if !told => state.proved = true,
                _ = stderr.readable(), if !state.silent_stderr => {}
                _ = stdout.readable() => {}
                Some(handed) = questions.recv() => state.take(handed),
                _ = stdin.writable(), if state.outgoing.is_waiting() => {}
            }
            for _ in 0..AT_ONCE {
                let Ok(handed) = questions.try_recv() else { break };
                state.take(handed);
            }
            // Before the answers: what it says of a question comes while the question is known.
            let complaints = state.hear(stderr);
            let heard = state.read(|into| stdout.try_read(into));
            if state.proved && !std::mem::replace(&mut told, state.proved) {
                proved();
            }
            let answers = match heard {
                Ok(left) => left,
                Err(error) => return Some(error),
            };
            let closed = match answers {
                Left::Nothing => Some("closed its standard output"),
                Left::ForNow | Left::More => {
                    state.write(stdin).is_err().then_some("closed its standard input")
                }
            };
            if let Some(closed) = closed {
                // It is over anyway. If it has ended, that says more.
                return Some(match timeout(LAST_WORDS, ended.as_mut()).await {
                    Ok(ended) => state.last_words(stdout, stderr, ended),
                    Err(_) => state.unavailable(closed),
                });
            }
            if let Some(hung) = state.expire(Instant::now()) {
                return Some(hung);
            }
            state.set(timer.as_mut());
            if complaints == Left::More || answers == Left::More {
                yield_now().await;
            }
        }
    }

    /// Whether it was worth starting.
    pub(super) fn is_proved(&self) -> bool {
        self.state.proved
    }

    /// Nothing will be answered any more. What was not written can be asked elsewhere.
    pub(super) fn fail(mut self, why: &BackendError, mut questions: UnboundedReceiver<Handed>) {
        let Told { in_flight, outgoing, .. } = &mut self.state;
        for (id, line) in outgoing.take_untouched() {
            in_flight.give_back(id, line);
        }
        in_flight.fail(why);
        questions.close();
        while let Ok(Handed { asked, asker, .. }) = questions.try_recv() {
            let _ = asker.send(Outcome::NotAsked(asked));
        }
    }

    /// Tells it that there are no more questions, and waits a little for its end.
    pub(super) async fn dismiss(self, group: &mut Group) {
        let Self { pipes: Pipes { stdin, stdout, stderr }, mut state } = self;
        drop(stdin);
        let listen = async {
            let mut silent = false;
            loop {
                tokio::select! {
                    _ = stderr.readable(), if !state.silent_stderr => { state.hear(&stderr); }
                    _ = stdout.readable(), if !silent => {
                        silent = drain(|into| stdout.try_read(into), |_| ()) == Left::Nothing;
                    }
                    else => return std::future::pending::<()>().await,
                }
                yield_now().await;
            }
        };
        tokio::select! {
            _ = group.ended() => {}
            () = listen => {}
            () = sleep(GRACE) => {}
        }
    }
}

impl Told {
    fn take(&mut self, handed: Handed) {
        let (id, line) = self.in_flight.add(handed, Instant::now() + self.patience);
        self.outgoing.push(id, line);
    }

    fn write(&mut self, stdin: &Sender) -> io::Result<()> {
        let Self { outgoing, in_flight, .. } = self;
        outgoing.write(
            |bytes| stdin.try_write(bytes),
            |id| {
                let wanted = in_flight.is_wanted(id);
                if !wanted {
                    in_flight.forget(id);
                }
                wanted
            },
        )
    }

    fn hear(&mut self, stderr: &Receiver) -> Left {
        let mut left = Left::Nothing;
        if !self.silent_stderr {
            let Self { complaints, in_flight, .. } = self;
            let now = Instant::now();
            let mut take = |bytes: &[u8]| complaints.take(bytes, now, || in_flight.passwords());
            // The second time straight from the pipe: that there is something may not have come round yet.
            left = drain(|into| stderr.try_read(into), &mut take);
            if left == Left::ForNow {
                left = drain(|into| read_now(stderr, into), &mut take);
            }
            self.silent_stderr = left == Left::Nothing;
        }
        left
    }

    fn read(&mut self, read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> Result<Left, BackendError> {
        let Self { program, answers, in_flight, proved, .. } = self;
        let mut mistake = None;
        let left = drain(read, |bytes| {
            answers.feed(bytes, |line| {
                if mistake.is_none() {
                    match understand(&line, in_flight) {
                        Ok(()) => *proved = true,
                        Err(what) => mistake = Some(what),
                    }
                }
            });
        });
        mistake.map_or(Ok(left), |what| Err(BackendError::Protocol(format!("{}: {what}", program.name))))
    }

    /// How it ended, after all that it has still answered.
    fn last_words(&mut self, stdout: &Receiver, stderr: &Receiver, ended: io::Result<Ended>) -> BackendError {
        self.hear(stderr);
        // Nobody can go on for ever: a line has an end, and each question counts once.
        loop {
            match self.read(|into| read_now(stdout, into)) {
                Ok(Left::More) => {}
                Ok(Left::Nothing | Left::ForNow) => break,
                Err(error) => return error,
            }
        }
        match ended {
            Ok(Ended::Code(code)) => self.unavailable(&format!("ended with exit code {code}")),
            Ok(Ended::Signal(number)) => self.unavailable(&format!("was ended by signal {number}")),
            Err(error) => self.unavailable(&format!("ended: {error}")),
        }
    }

    fn expire(&mut self, now: Instant) -> Option<BackendError> {
        if self.in_flight.earliest().is_none_or(|until| now < until) {
            return None;
        }
        let late = format!("{} did not answer within {:?}", self.program.name, self.patience);
        self.in_flight.expire(now, &BackendError::Timeout(late));
        let hangs = self.in_flight.silent() >= HUNG;
        hangs.then(|| {
            self.unavailable(&format!("hangs: it answered none of {HUNG} questions in a row in time"))
        })
    }

    /// It may ring too early, for a question that was answered meanwhile: that is cheaper than to wind it each time.
    fn set(&self, timer: Pin<&mut Sleep>) {
        if let Some(until) = self.in_flight.earliest()
            && (timer.is_elapsed() || timer.deadline() > Moment::from_std(until))
        {
            timer.reset(Moment::from_std(until));
        }
    }

    fn unavailable(&self, what: &str) -> BackendError {
        BackendError::Unavailable(format!("{} {what}", self.program.name))
    }
}

fn understand(line: &Line<'_>, in_flight: &mut InFlight) -> Result<(), String> {
    let line = match line {
        Line::Whole(line) => line,
        Line::TooLong(_) => {
            return Err(format!("it wrote a line of more than {} KiB", LONGEST_ANSWER / 1024));
        }
    };
    let (id, answer) =
        document::read(line).map_err(|mistake| format!("it wrote a line that is no answer: {mistake}"))?;
    if in_flight.answer(id, answer) {
        Ok(())
    } else {
        Err("it answered what was not asked, was answered before, or is too late".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use dockgate_hooks::{Limits, Slots};
    use dockgate_testkit::fakes::{World, call};
    use tokio::sync::{mpsc, oneshot};

    use super::super::document::Id;
    use super::super::in_flight::Asked;
    use super::*;
    use crate::process::{Children, Environment, spawn};
    use crate::tests::KEPT;

    #[tokio::test]
    async fn an_answer_is_read_even_where_the_end_is_seen_first() {
        let world = World::new();
        let id = Id::draw(world.random.as_ref()).unwrap();
        // The child keeps the output open: that it has ended is all there is to see.
        let script = format!(
            r#"sleep 1000 & printf '{{"decision":"allow","id":"%s"}}\n' {id}; echo a complaint >&2; exit 3"#
        );
        let program = Arc::new(Program {
            path: "/bin/sh".into(),
            args: vec!["-c".to_owned(), script],
            environment: Environment::AddedToOurs(Vec::new()),
            name: "script".into(),
            link: "test".into(),
            children: Children::of(&world.build_context().with_kept(Arc::clone(&KEPT))),
        });
        let spawned = spawn(&program).await.unwrap();
        let (mut worker, mut group) = Worker::new(spawned, program, Duration::from_secs(30));
        let slots = Slots::new(Limits { max_concurrent: 1, max_queue: 0 });
        let asked =
            Asked { id, line: "a line\n".into(), password: None, slot: slots.take(&call()).await.unwrap() };
        let (asker, mut answered) = oneshot::channel();
        worker.state.take(Handed { asked, asker, load: Arc::new(()) });
        group.ended().await.unwrap();

        let (_to, mut questions) = mpsc::unbounded_channel();
        let closing = watch::Sender::new(());
        let why = worker.work(&mut group, &mut questions, &mut closing.subscribe(), || ()).await;
        assert_eq!(why.unwrap().to_string(), "unavailable: script ended with exit code 3");
        assert!(
            matches!(answered.try_recv(), Ok(Outcome::Answered(answer)) if answer == br#"{"decision":"allow"}"#)
        );
        group.end().await;
    }
}
