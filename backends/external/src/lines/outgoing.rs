//! Lines on their way into a pipe.

use std::collections::VecDeque;
use std::io;

use dockgate_api::secrecy::{ExposeSecret, SecretString};

use super::document::Id;

/// Written one after the other, each in one go if the pipe has room.
#[derive(Default)]
pub(super) struct Outgoing {
    waiting: VecDeque<(Id, SecretString)>,
    /// How much of the first is written.
    written: usize,
}

impl Outgoing {
    pub(super) fn push(&mut self, id: Id, line: SecretString) {
        self.waiting.push_back((id, line));
    }

    /// Whether there is something that did not fit yet.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes as much as the pipe takes. A line of which nothing was written and that is not wanted any more is left
    /// out.
    ///
    /// # Errors
    /// Of the pipe: nobody will read any more.
    pub(super) fn write(
        &mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
        mut is_wanted: impl FnMut(Id) -> bool,
    ) -> io::Result<()> {
        while let Some((id, line)) = self.waiting.front() {
            if self.written == 0 && !is_wanted(*id) {
                self.waiting.pop_front();
                continue;
            }
            let rest = line.expose_secret().as_bytes().get(self.written..).unwrap_or_default();
            match write(rest) {
                Ok(length) if length >= rest.len() => {
                    self.waiting.pop_front();
                    self.written = 0;
                }
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => self.written += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Those of which not a byte was written.
    pub(super) fn take_untouched(&mut self) -> impl Iterator<Item = (Id, SecretString)> {
        let touched = usize::from(self.written > 0);
        self.written = 0;
        std::mem::take(&mut self.waiting).into_iter().skip(touched)
    }
}

#[cfg(test)]
mod tests {
    use dockgate_testkit::fakes::RepeatableRandom;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However little a pipe takes at a time: whole lines in their order, and what was not begun is known.
        #[test]
        fn whole_lines_in_their_order(
            lines in prop::collection::vec(("[a-z]{0,9}\n", any::<bool>()), 1..10),
            takes in prop::collection::vec(0_usize..6, 0..30),
        ) {
            let random = RepeatableRandom::seeded(1);
            let lines: Vec<(Id, String, bool)> = lines
                .into_iter()
                .map(|(line, wanted)| (Id::draw(&random).unwrap(), line, wanted))
                .collect();
            let mut outgoing = Outgoing::default();
            for (id, line, _) in &lines {
                outgoing.push(*id, line.as_str().into());
            }
            let wanted = |id| lines.iter().any(|(known, _, wanted)| *known == id && *wanted);
            let mut out = Vec::new();
            for take in takes {
                let mut full = false;
                outgoing.write(|bytes| {
                    if std::mem::replace(&mut full, true) || take == 0 {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    out.extend(bytes.iter().take(take));
                    Ok(bytes.len().min(take))
                }, wanted).unwrap();
            }
            let expected: String =
                lines.iter().filter(|(.., wanted)| *wanted).map(|(_, line, _)| line.as_str()).collect();
            prop_assert!(expected.as_bytes().starts_with(&out));
            let untouched: String = outgoing
                .take_untouched()
                .filter(|(id, _)| wanted(*id))
                .map(|(_, line)| line.expose_secret().to_owned())
                .collect();
            // The line that was begun is neither wholly out nor untouched.
            prop_assert!(expected.ends_with(&untouched));
            let between = expected.len() - untouched.len();
            let begun_at = expected[..between].trim_end_matches('\n').rfind('\n').map_or(0, |end| end + 1);
            prop_assert!(out.len() <= between && (out.len() == between || out.len() > begun_at));
        }
    }
}
