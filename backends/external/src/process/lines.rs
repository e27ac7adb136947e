//! Bytes to lines of a bounded length.

/// Puts lines together. Holds no more than the longest.
pub(crate) struct LineReader {
    longest: usize,
    begun: Vec<u8>,
    /// The rest of a line that was too long.
    skipping: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'l> {
    /// Without its end.
    Whole(&'l [u8]),
    /// The beginning of one that is too long, told before its end is there.
    TooLong(&'l [u8]),
}

impl LineReader {
    /// Of lines up to so many bytes, the end not counted.
    pub(crate) fn new(longest: usize) -> Self {
        Self { longest, begun: Vec::new(), skipping: false }
    }

    /// Takes what was read.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut take: impl FnMut(Line<'_>)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if self.begun.is_empty() && !self.skipping && line.len() <= self.longest {
                take(Line::Whole(line));
                continue;
            }
            self.extend(line, &mut take);
            if !std::mem::take(&mut self.skipping) {
                take(Line::Whole(&self.begun));
            }
            self.begun.clear();
        }
        self.extend(bytes, &mut take);
    }

    fn extend(&mut self, bytes: &[u8], take: &mut impl FnMut(Line<'_>)) {
        if self.skipping {
            return;
        }
        let room = self.longest.saturating_sub(self.begun.len());
        self.begun.extend(bytes.iter().take(room));
        if bytes.len() > room {
            self.skipping = true;
            take(Line::TooLong(&self.begun));
            self.begun = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(longest: usize, pieces: &[&[u8]]) -> Vec<(bool, Vec<u8>)> {
        let (mut reader, mut lines) = (LineReader::new(longest), Vec::new());
        for piece in pieces {
            reader.feed(piece, |line| match line {
                Line::Whole(line) => lines.push((true, line.to_vec())),
                Line::TooLong(beginning) => lines.push((false, beginning.to_vec())),
            });
            assert!(reader.begun.len() <= longest);
        }
        lines
    }

    #[test]
    fn a_line_has_an_end_and_may_be_as_long_as_allowed() {
        assert_eq!(
            read(3, &[b"ab", b"c\nde\n\nf"]),
            [(true, b"abc".to_vec()), (true, b"de".to_vec()), (true, Vec::new())]
        );
        assert_eq!(read(3, &[b"abcd"]), [(false, b"abc".to_vec())], "it does not wait for the end");
        assert_eq!(
            read(3, &[b"ab", b"cd", b"ef\nabc\nabcd\na\n"]),
            [
                (false, b"abc".to_vec()),
                (true, b"abc".to_vec()),
                (false, b"abc".to_vec()),
                (true, b"a".to_vec())
            ]
        );
    }

    proptest! {
        #[test]
        fn where_it_is_cut_into_pieces_changes_nothing(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'b')], 0..60),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            longest in 0_usize..8,
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            let mut expected: Vec<(bool, Vec<u8>)> = bytes
                .split(|byte| *byte == b'\n')
                .map(|line| (line.len() <= longest, line[..line.len().min(longest)].to_vec()))
                .collect();
            // What has no end yet is a line only if it is too long already.
            if expected.last().is_some_and(|(whole, _)| *whole) {
                expected.pop();
            }
            prop_assert_eq!(read(longest, &pieces), expected);
        }
    }
}
