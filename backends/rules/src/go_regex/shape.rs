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
    pub(crate) lead: Lead,
    /// A text that stands in every text that matches; may be empty.
    pub(crate) required: Box<str>,
    pub(crate) alternatives: Alternatives,
}

/// The part of the prefix that is characters and variables only, and so can be taken off before anything is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lead {
    /// So many parts of the prefix.
    pub(crate) parts: usize,
    /// So many bytes of the text behind them.
    pub(crate) bytes: usize,
    /// So many of the parts are variables.
    pub(crate) variables: usize,
    /// Where the rest begins in the translated source.
    pub(crate) end: usize,
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
    Group(Alternatives, Inner),
    Other,
}

/// What a group's match starts with.
#[derive(Clone, Debug, Default)]
pub(super) struct Inner {
    parts: Vec<Part>,
    /// Nothing else is in the group.
    all: bool,
    required: Vec<String>,
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
    /// How many parts there are without those of the last atom.
    before: usize,
    /// Where the last atom starts in the output.
    at: usize,
    /// How many parts stand alone, and where what follows them starts in the output.
    lead: Option<(usize, usize)>,
    /// Runs of characters that every match holds.
    runs: Vec<String>,
    /// How many runs there are without those of the last atom.
    runs_before: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Char(char),
    Variable(usize),
}

impl Branch {
    pub(super) fn new() -> Self {
        let (start, end, plain, open, atoms, last) = (false, false, true, true, 0, Atom::Other);
        Self {
            start,
            end,
            plain,
            parts: Vec::new(),
            open,
            atoms,
            last,
            before: 0,
            at: 0,
            lead: None,
            runs: vec![String::new()],
            runs_before: 1,
        }
    }

    /// Takes the next atom, which starts at a byte of the output.
    pub(super) fn push(&mut self, atom: Atom, at: usize) {
        self.before = self.parts.len();
        self.at = at;
        let alone = matches!(atom, Atom::Char(_) | Atom::Variable(_))
            || matches!(atom, Atom::Start) && self.atoms == 0;
        if !alone {
            self.lead.get_or_insert((self.before, at));
        }
        match &atom {
            Atom::Start if self.atoms == 0 => self.start = true,
            Atom::End if self.open => {
                self.end = true;
                self.open = false;
            }
            Atom::Char(c) if self.open => self.parts.push(Part::Char(*c)),
            Atom::Variable(index) if self.open => self.parts.push(Part::Variable(*index)),
            Atom::Group(_, inner) if self.open => {
                self.parts.extend(inner.parts.iter().cloned());
                self.plain = false;
                self.open = inner.all;
            }
            _ => {
                self.end = matches!(atom, Atom::End);
                self.plain = false;
                self.open = false;
            }
        }
        self.runs_before = self.runs.len();
        match (&atom, self.runs.last_mut()) {
            (Atom::Char(c), Some(run)) => run.push(*c),
            (Atom::Group(_, inner), _) => {
                self.runs.extend(inner.required.iter().cloned());
                self.runs.push(String::new());
            }
            _ => self.runs.push(String::new()),
        }
        self.atoms += 1;
        self.last = atom;
    }

    /// The last piece may occur any number of times.
    pub(super) fn repeat(&mut self) {
        match &mut self.last {
            Atom::Start => self.start = false,
            Atom::End => self.end = false,
            Atom::Group(Alternatives::Loose { example }, _) => *example = None,
            _ => {}
        }
        self.lead.get_or_insert((self.before, self.at));
        self.parts.truncate(self.before);
        self.runs.truncate(self.runs_before);
        if let (Atom::Char(_), Some(run)) = (&self.last, self.runs.last_mut()) {
            run.pop();
        }
        self.runs.push(String::new());
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
            Atom::Group(inner, _) if only.atoms == 1 => inner.clone(),
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

/// A group of one alternative is a part of what stands around it.
pub(super) fn group(branches: Vec<Branch>) -> Atom {
    let alternatives = alternatives(&branches);
    let inner = match <[Branch; 1]>::try_from(branches) {
        Ok([only]) => Inner { parts: only.parts, all: only.open, required: only.runs },
        Err(_) => Inner::default(),
    };
    Atom::Group(alternatives, inner)
}

impl Shape {
    /// The outline of a regex whose output is so long.
    pub(super) fn of(branches: &[Branch], length: usize) -> Self {
        let mut shape = Self { alternatives: alternatives(branches), ..Self::default() };
        if let [only] = branches {
            let longest = only.runs.iter().max_by_key(|run| run.len());
            shape.required = longest.map(|run| run.as_str().into()).unwrap_or_default();
        }
        if let [only] = branches
            && only.start
        {
            shape.exact = only.plain && only.end;
            let (alone, end) = only.lead.unwrap_or((only.parts.len(), length));
            let mut text = String::new();
            for (index, part) in only.parts.iter().enumerate() {
                match part {
                    Part::Char(c) => text.push(*c),
                    Part::Variable(index) => {
                        shape.push_text(&mut text);
                        shape.prefix.push(PrefixPart::Variable(*index));
                    }
                }
                if index + 1 == alone {
                    let variables =
                        shape.prefix.iter().filter(|part| matches!(part, PrefixPart::Variable(_)));
                    let variables = variables.count();
                    shape.lead = Lead { parts: shape.prefix.len(), bytes: text.len(), variables, end };
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
