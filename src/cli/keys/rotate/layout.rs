//! Where things stand in the text of a configuration: what the tree of values does not say.

use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

/// As deep as a configuration may be.
const DEEPEST: usize = 64;

/// A node of the text.
#[derive(Debug)]
pub(super) struct Piece {
    /// Its bytes, without what stands between it and the next.
    pub(super) span: Range<usize>,
    /// In characters, counted from 0.
    pub(super) column: usize,
    /// It has an anchor or a tag, or is an alias: what is changed here may change elsewhere, or stands elsewhere.
    pub(super) is_shared: bool,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A text, and whether it is written on one line as it is.
    Scalar(String),
    Sequence {
        flow: bool,
        items: Vec<Piece>,
    },
    Mapping {
        flow: bool,
        entries: Vec<(Piece, Piece)>,
    },
    Alias,
}

impl Piece {
    /// Reads a text; none if it is no YAML of one document.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut options = Options::default();
        options.emit_comments = false;
        options.flow_nesting_limit = DEEPEST;
        options.block_nesting_limit = DEEPEST;
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.ok()?;
            let done = match event {
                Event::Scalar(value, style, anchor, tag) => {
                    let mut span = place(&span)?;
                    if value.is_empty() && style == ScalarStyle::Plain {
                        // A value that is not there is noticed later, somewhere.
                        span.0.end = span.0.start;
                    }
                    let content = Content::Scalar(value.into_owned());
                    Some(Self::new(span, anchor != 0 || tag.is_some(), content))
                }
                Event::Alias(_) => Some(Self::new(place(&span)?, true, Content::Alias)),
                Event::SequenceStart(style, anchor, tag) => {
                    open.push(Open::new(&span, false, style, anchor != 0 || tag.is_some())?);
                    None
                }
                Event::MappingStart(style, anchor, tag) => {
                    open.push(Open::new(&span, true, style, anchor != 0 || tag.is_some())?);
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => Some(open.pop()?.close(&place(&span)?.0)?),
                _ => None,
            };
            match (done, open.last_mut()) {
                (Some(piece), Some(parent)) => parent.inside.push(piece),
                (Some(piece), None) => root = Some(piece),
                (None, _) => {}
            }
        }
        root
    }

    fn new((span, column): (Range<usize>, usize), is_shared: bool, content: Content) -> Self {
        Self { span, column, is_shared, content }
    }

    /// Its entries, if it is a mapping.
    pub(super) fn entries(&self) -> &[(Self, Self)] {
        match &self.content {
            Content::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }

    /// The key and the value of the only entry with that key.
    pub(super) fn entry(&self, key: &str) -> Option<&(Self, Self)> {
        let mut found = self.entries().iter().filter(|(own, _)| own.text() == Some(key));
        found.next().filter(|_| found.next().is_none())
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

/// A list or mapping whose end has not come.
struct Open {
    start: (Range<usize>, usize),
    is_mapping: bool,
    flow: bool,
    is_shared: bool,
    inside: Vec<Piece>,
}

impl Open {
    fn new(span: &Span, is_mapping: bool, style: StructureStyle, is_shared: bool) -> Option<Self> {
        let flow = style == StructureStyle::Flow;
        Some(Self { start: place(span)?, is_mapping, flow, is_shared, inside: Vec::new() })
    }

    /// One in block style ends with what stands in it: its own end is where the next thing begins.
    fn close(self, end: &Range<usize>) -> Option<Piece> {
        let last = self.inside.iter().map(|piece| piece.span.end).max();
        let end = if self.flow { end.end } else { last.unwrap_or(self.start.0.end) };
        let content = if self.is_mapping {
            let mut entries = Vec::with_capacity(self.inside.len() / 2);
            let mut inside = self.inside.into_iter();
            while let Some(key) = inside.next() {
                entries.push((key, inside.next()?));
            }
            Content::Mapping { flow: self.flow, entries }
        } else {
            Content::Sequence { flow: self.flow, items: self.inside }
        };
        Some(Piece::new((self.start.0.start..end, self.start.1), self.is_shared, content))
    }
}

fn place(span: &Span) -> Option<(Range<usize>, usize)> {
    Some((span.byte_range()?, span.start.col()))
}
