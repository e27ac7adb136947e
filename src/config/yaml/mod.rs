//! From YAML text to a tree of located nodes.
//!
//! The parser is granit-parser, the one inside serde-saphyr, used for its events: a tree that keeps places and
//! source spelling cannot be had through serde. Aliases, merge keys and duplicate keys are resolved here, within a
//! bound that grows with the file, so that an alias bomb is refused and a large rule file is not.

use std::collections::HashMap;
use std::sync::Arc;

use dockgate_api::config::{Entry, Key, KeyPath, Location, Node, Problem, Value};
use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, Tag};

/// Deeper than any configuration, shallow enough for every recursive walk over the tree.
const DEEPEST: usize = 64;

/// Reads the one document of a file.
///
/// Keys that stand twice go to the list, unless only one of them has something behind it; the first counts meanwhile.
///
/// # Errors
/// The first place where the text is no YAML.
pub fn parse(file: &str, text: &str, problems: &mut Vec<Problem>) -> Result<Node, Problem> {
    let file: Arc<str> = file.into();
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    let mut builder = Builder::new(Arc::clone(&file), text.len());
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax_problem(&file, text, &error))?;
        builder.take(event, span)?;
    }
    builder.finish(problems)
}

fn syntax_problem(file: &Arc<str>, text: &str, error: &ScanError) -> Problem {
    let location = place(file, error.marker().line(), error.marker().col());
    let line = text.lines().nth(location.line.saturating_sub(1) as usize).unwrap_or_default();
    let indented_by_tab = line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    let message = if indented_by_tab {
        "YAML is not indented with tabs: use spaces".to_owned()
    } else {
        format!("this is not valid YAML: {}", error.info())
    };
    Problem::new(location, KeyPath::root(), message)
}

fn place(file: &Arc<str>, line: usize, column: usize) -> Location {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Location::new(Arc::clone(file), number(line.max(1)), number(column + 1))
}

/// A node under construction, and whether an alias may refer to it.
struct Open {
    location: Location,
    anchor: usize,
    /// Nodes inside so far, and itself.
    size: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, merged: Vec<Node>, key: Option<PendingKey> },
}

struct PendingKey {
    key: Key,
    merges: bool,
}

/// What an anchor names, with the number of nodes in it.
struct Anchored {
    node: Node,
    size: usize,
}

struct Builder {
    file: Arc<str>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    most_nodes: usize,
    problems: Vec<Problem>,
}

impl Builder {
    fn new(file: Arc<str>, bytes: usize) -> Self {
        Self {
            file,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            nodes: 0,
            // A node takes at least one byte to write; what aliases add beyond this is a bomb.
            most_nodes: bytes.saturating_mul(8).saturating_add(10_000),
            problems: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let location = place(&self.file, span.start.line(), span.start.col());
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(problem(
                        location,
                        "only one document may stand in the file: remove the `---`",
                    ));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain || is_text(tag.as_deref(), &location)?;
                let value = Value::Scalar { text: text.as_ref().into(), quoted };
                self.count(1, &location)?;
                self.complete(Node { location, value }, anchor, 1)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                is_text(tag.as_deref(), &location)?;
                self.begin(location, anchor, Content::Sequence(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                is_text(tag.as_deref(), &location)?;
                let content = Content::Mapping { entries: Vec::new(), merged: Vec::new(), key: None };
                self.begin(location, anchor, content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Alias(anchor) => self.alias(anchor, location)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, location: Location, anchor: usize, content: Content) -> Result<(), Problem> {
        self.count(1, &location)?;
        if self.open.len() >= DEEPEST {
            return Err(problem(location, "nested too deeply"));
        }
        self.open.push(Open { location, anchor, size: 1, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping { entries, merged, .. } => Value::Mapping(self.merge(entries, merged)?),
        };
        self.complete(Node { location: open.location, value }, open.anchor, open.size)
    }

    fn alias(&mut self, anchor: usize, location: Location) -> Result<(), Problem> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(problem(location, "this alias refers to something that contains it"));
        };
        let (mut node, size) = (anchored.node.clone(), anchored.size);
        self.count(size, &location)?;
        node.location = location;
        self.complete(node, 0, size)
    }

    /// Puts a finished node where it belongs.
    fn complete(&mut self, mut node: Node, anchor: usize, size: usize) -> Result<(), Problem> {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
            self.count(size, &node.location)?;
        }
        let parent = self.open.last_mut().map(|open| {
            open.size = open.size.saturating_add(size);
            &mut open.content
        });
        match parent {
            None => self.root = Some(node),
            Some(Content::Sequence(items)) => items.push(node),
            Some(Content::Mapping { entries, merged, key }) => match key.take() {
                None => *key = Some(pending_key(node)?),
                Some(PendingKey { merges: true, .. }) => merged.push(node),
                Some(PendingKey { key, merges: false }) => {
                    // A parser places a value that is not there wherever it noticed so.
                    if node.is_null() && node.as_text().is_none() {
                        node.location = key.location.clone();
                    }
                    entries.push(Entry { key, value: node });
                }
            },
        }
        Ok(())
    }

    /// Explicit keys win over merged ones, earlier merges over later ones (YAML merge key draft, 2005).
    fn merge(&mut self, entries: Vec<Entry>, merged: Vec<Node>) -> Result<Vec<Entry>, Problem> {
        let mut known: HashMap<Arc<str>, (Location, usize)> = HashMap::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some((first, index)) = known.get(&entry.key.text) else {
                known.insert(Arc::clone(&entry.key.text), (entry.key.location.clone(), kept.len()));
                kept.push(entry);
                continue;
            };
            match kept.get_mut(*index) {
                // One of them says nothing, as in an example of docker_auth's own: no doubt which is meant.
                Some(kept) if kept.value.is_null() && !entry.value.is_null() => *kept = entry,
                Some(kept) if !kept.value.is_null() && entry.value.is_null() => {}
                _ => {
                    let message = format!(
                        "the key `{}` stands twice, first in line {}: keep one of them",
                        entry.key.text, first.line
                    );
                    self.problems.push(problem(entry.key.location, message));
                }
            }
        }
        for source in merged {
            let mappings = match source.value {
                Value::Sequence(items) => items,
                Value::Mapping(_) | Value::Scalar { .. } => vec![source],
            };
            for mapping in mappings {
                let Value::Mapping(entries) = mapping.value else {
                    return Err(problem(mapping.location, "`<<` takes a mapping or a list of mappings"));
                };
                for entry in entries {
                    let place = (entry.key.location.clone(), kept.len());
                    if known.insert(Arc::clone(&entry.key.text), place).is_none() {
                        kept.push(entry);
                    }
                }
            }
        }
        Ok(kept)
    }

    fn count(&mut self, nodes: usize, location: &Location) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.most_nodes {
            return Err(problem(
                location.clone(),
                "aliases multiply the file beyond all measure: write it out",
            ));
        }
        Ok(())
    }

    fn finish(self, problems: &mut Vec<Problem>) -> Result<Node, Problem> {
        problems.extend(self.problems);
        let top = place(&self.file, 1, 0);
        self.root
            .filter(|root| !root.is_null())
            .ok_or_else(|| problem(top, "the file is empty: `dockgate quickstart` writes one to start from"))
    }
}

/// Whether a tag says that a scalar is text. Tags that would make an object of it are refused.
fn is_text(tag: Option<&Tag>, location: &Location) -> Result<bool, Problem> {
    match tag.map(Tag::core_suffix) {
        None => Ok(false),
        Some(Some(suffix)) => Ok(suffix == "str"),
        Some(None) => Err(problem(location.clone(), "tags (`!…`) mean nothing here: remove it")),
    }
}

fn problem(location: Location, message: impl Into<String>) -> Problem {
    Problem::new(location, KeyPath::root(), message)
}

fn pending_key(node: Node) -> Result<PendingKey, Problem> {
    let Value::Scalar { text, quoted } = node.value else {
        return Err(problem(node.location, "a key must be a single word or text"));
    };
    let merges = text.as_ref() == "<<" && !quoted;
    Ok(PendingKey { key: Key { text, location: node.location }, merges })
}

#[cfg(test)]
mod tests;
