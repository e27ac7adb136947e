//! What can be said about a regex without running it: its literal start, and whether it is anchored.

/// A part of the text that every match starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrefixPart {
    Text(Box<str>),
    Variable(usize),
}

/// The outline of a whole regex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Every text that matches starts so.
    pub(crate) prefix: Vec<PrefixPart>,
    /// Exactly the prefix matches, nothing longer.
    pub(crate) exact: bool,
    pub(crate) alternatives: Alternatives,
}

/// How the alternatives of a group are anchored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Alternatives {
    /// There is one only, or all are anchored alike.
    #[default]
    Meant,
    /// They also match what their author hardly thought of.
    Loose {
        /// A text that matches and surely was not meant.
        example: Option<String>,
    },
}

/// One piece of a branch.
#[derive(Clone, Debug)]
pub(super) enum Atom {
    Start,
    End,
    Char(char),
    Variable(usize),
    Group(Alternatives),
    Other,
}

/// What one alternative looks like so far.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Branch {
    start: bool,
    end: bool,
    /// Nothing but anchors, characters and variables.
    plain: bool,
    parts: Vec<Part>,
    open: bool,
    atoms: usize,
    last: Atom,
}

#[derive(Clone, Debug)]
enum Part {
    Char(char),
    Variable(usize),
}

impl Branch {
    pub(super) fn new() -> Self {
        let (start, end, plain, open, atoms, last) = (false, false, true, true, 0, Atom::Other);
        Self { start, end, plain, parts: Vec::new(), open, atoms, last }
    }

    pub(super) fn push(&mut self, atom: Atom) {
        let part = match atom {
            Atom::Start if self.atoms == 0 => {
                self.start = true;
                None
            }
            Atom::End if self.open => {
                self.end = true;
                self.open = false;
                None
            }
            Atom::Char(c) if self.open => Some(Part::Char(c)),
            Atom::Variable(index) if self.open => Some(Part::Variable(index)),
            _ => {
                self.end = matches!(atom, Atom::End);
                self.plain = false;
                self.open = false;
                None
            }
        };
        self.parts.extend(part);
        self.atoms += 1;
        self.last = atom;
    }

    /// The last piece may occur any number of times.
    pub(super) fn repeat(&mut self) {
        match &mut self.last {
            Atom::Start => self.start = false,
            Atom::End => self.end = false,
            Atom::Char(_) | Atom::Variable(_) if self.open => {
                self.parts.pop();
            }
            Atom::Group(Alternatives::Loose { example }) => *example = None,
            _ => {}
        }
        self.plain = false;
        self.open = false;
    }

    /// A text that this alternative matches although its author thought of a shorter one.
    fn example(&self) -> Option<String> {
        let text: Option<String> = self
            .parts
            .iter()
            .map(|part| match part {
                Part::Char(c) => Some(*c),
                Part::Variable(_) => None,
            })
            .collect();
        let text = text.filter(|text| self.plain && !text.is_empty() && !(self.start && self.end))?;
        Some(format!("{}{text}{}", if self.start { "" } else { "former-" }, if self.end { "" } else { "s" }))
    }
}

pub(super) fn alternatives(branches: &[Branch]) -> Alternatives {
    if let [only] = branches {
        return match &only.last {
            Atom::Group(inner) if only.atoms == 1 => inner.clone(),
            _ => Alternatives::Meant,
        };
    }
    let consistent = branches.iter().all(|branch| branch.start) || branches.iter().all(|branch| branch.end);
    if consistent {
        Alternatives::Meant
    } else {
        Alternatives::Loose { example: branches.iter().rev().find_map(Branch::example) }
    }
}

impl Shape {
    pub(super) fn of(branches: &[Branch]) -> Self {
        let mut shape = Self { alternatives: alternatives(branches), ..Self::default() };
        if let [only] = branches
            && only.start
        {
            shape.exact = only.plain && only.end;
            let mut text = String::new();
            for part in &only.parts {
                match part {
                    Part::Char(c) => text.push(*c),
                    Part::Variable(index) => {
                        shape.push_text(&mut text);
                        shape.prefix.push(PrefixPart::Variable(*index));
                    }
                }
            }
            shape.push_text(&mut text);
        }
        shape
    }

    fn push_text(&mut self, text: &mut String) {
        if !text.is_empty() {
            self.prefix.push(PrefixPart::Text(std::mem::take(text).into()));
        }
    }
}
