//! Globs with the values of variables in them.
//!
//! A label has several values. Their combinations are matched, not expanded: each element maps a set of positions to a
//! set of positions, a label to the union over its values. Only a label that stands twice must take the same value in
//! both places; its values are tried one by one, each only as far as it leads anywhere.

use super::{
    Class, DoubleStar, Element, Glob,
    greedy::{Greedy, Step},
    positions::Positions,
};
use crate::bindings::{Bound, MatchError, Value};
use crate::template::Resolved;

/// What the trial of single values may cost, in positions looked at: some ten milliseconds.
const BUDGET: usize = 2_000_000;

/// What one value does outside of a class.
pub(super) enum Form<'a> {
    Text(&'a str),
    Glob(Glob),
    Never,
}

pub(super) struct Prepared<'a> {
    raw: &'a str,
    pub(super) form: Form<'a>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(value: Value<'a>, double_star: DoubleStar) -> Self {
        let form = match value {
            Value::Pattern(raw) if raw.contains(['*', '?', '[', '\\']) => {
                Glob::parse(raw, double_star).map_or(Form::Never, Form::Glob)
            }
            Value::Literal(raw) | Value::Pattern(raw) => Form::Text(raw),
        };
        Self { raw: value.text(), form }
    }

    fn elements(&self) -> &[Element] {
        match &self.form {
            Form::Glob(glob) => &glob.elements,
            Form::Text(_) | Form::Never => &[],
        }
    }
}

struct Slot<'a> {
    values: Vec<Prepared<'a>>,
    /// The values are tried one by one.
    single: bool,
    chosen: Option<usize>,
}

/// A trial of one label's values, to come back to.
struct Trial {
    element: usize,
    slot: usize,
    positions: Positions,
}

pub(super) struct Matcher<'a> {
    elements: &'a [Element],
    text: &'a str,
    slots: Vec<Slot<'a>>,
    /// Go's algorithm has the last word about each combination: see `greedy`.
    exact: bool,
    budget: usize,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(
        elements: &'a [Element],
        text: &'a str,
        values: Resolved<'a>,
        may_take: &dyn Fn(usize, Value<'_>) -> bool,
        double_star: DoubleStar,
    ) -> Self {
        let slot = |variable: usize| match values.get(variable) {
            Some(Bound::Text(raw)) => {
                Slot { values: vec![Prepared { raw, form: Form::Text(raw) }], single: false, chosen: Some(0) }
            }
            Some(Bound::Label { values, repeated }) => {
                let values = values.iter().map(Value::from);
                let values = values.filter(|value| !value.text().is_empty() && may_take(variable, *value));
                let values = values.map(|value| Prepared::new(value, double_star)).collect();
                Slot { values, single: repeated, chosen: None }
            }
            None => Slot { values: Vec::new(), single: false, chosen: None },
        };
        let mut slots: Vec<Slot<'a>> = (0..values.len()).map(slot).collect();
        let within = || slots.iter().flat_map(|slot| &slot.values).flat_map(Prepared::elements);
        let all = || elements.iter().chain(within());
        let exact = all().any(|element| *element == Element::Star)
            && all().any(|element| matches!(element, Element::Class(class) if class.may_take_slash()));
        let exact = exact && slots.iter().any(|slot| slot.chosen.is_none());
        for slot in slots.iter_mut().filter(|slot| slot.chosen.is_none()) {
            slot.single |= exact;
        }
        Self { elements, text, slots, exact, budget: BUDGET }
    }

    pub(super) fn matches(mut self) -> Result<bool, MatchError> {
        let mut trials: Vec<Trial> = Vec::new();
        let mut positions = Positions::start(self.text);
        let mut index = 0;
        loop {
            match self.elements.get(index) {
                None if positions.contains(self.text.len()) && self.confirmed() => return Ok(true),
                Some(element) if !positions.is_empty() => {
                    if let Some(slot) = self.undecided(element) {
                        self.choose(slot, Some(0));
                        trials.push(Trial { element: index, slot, positions: positions.clone() });
                    }
                    if !trials.is_empty() {
                        self.spend(positions.len() + 1)?;
                    }
                    positions = self.advance(element, &positions);
                    index += 1;
                    continue;
                }
                _ => {}
            }
            let Some(back) = self.next_trial(&mut trials) else { return Ok(false) };
            (index, positions) = back;
        }
    }

    /// Takes the next value of the latest trial that has one left.
    fn next_trial(&mut self, trials: &mut Vec<Trial>) -> Option<(usize, Positions)> {
        while let Some(trial) = trials.last() {
            let slot = self.slots.get_mut(trial.slot)?;
            let next = slot.chosen.map_or(0, |chosen| chosen + 1);
            if next < slot.values.len() {
                slot.chosen = Some(next);
                return Some((trial.element, trial.positions.clone()));
            }
            slot.chosen = None;
            trials.pop();
        }
        None
    }

    fn spend(&mut self, cost: usize) -> Result<(), MatchError> {
        self.budget = self.budget.checked_sub(cost).ok_or(MatchError::TooManyCombinations)?;
        Ok(())
    }

    /// A label in this element whose value is still to be chosen.
    fn undecided(&self, element: &Element) -> Option<usize> {
        let open =
            |slot: &usize| self.slots.get(*slot).is_some_and(|slot| slot.single && slot.chosen.is_none());
        match element {
            Element::Variable(slot) => Some(*slot).filter(open),
            Element::Class(class) => class.variables.iter().copied().find(open),
            _ => None,
        }
    }

    fn choose(&mut self, slot: usize, value: Option<usize>) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.chosen = value;
        }
    }

    fn values(&self, slot: usize) -> &[Prepared<'a>] {
        let Some(slot) = self.slots.get(slot) else { return &[] };
        match slot.chosen {
            Some(chosen) => slot.values.get(chosen..=chosen).unwrap_or(&[]),
            None => &slot.values,
        }
    }

    fn advance(&self, element: &Element, from: &Positions) -> Positions {
        match element {
            Element::Literal(part) => from.after_text(self.text, part),
            Element::AnyChar => from.after_char(self.text, |c| c != '/'),
            Element::Star => from.after_run(self.text, true),
            Element::DoubleStar => from.after_run(self.text, false),
            Element::Class(class) => from.after_char(self.text, |c| self.takes(class, c)),
            Element::Variable(slot) => {
                let mut reached = Positions::none(self.text);
                for value in self.values(*slot) {
                    match &value.form {
                        Form::Text(part) => reached.extend(&from.after_text(self.text, part)),
                        Form::Glob(glob) => reached.extend(&self.advance_all(&glob.elements, from)),
                        Form::Never => {}
                    }
                }
                reached
            }
        }
    }

    fn advance_all(&self, elements: &[Element], from: &Positions) -> Positions {
        elements.iter().fold(from.clone(), |positions, element| self.advance(element, &positions))
    }

    /// A negated class is left by the best value of each label, so a character must be in all of them to be refused.
    fn takes(&self, class: &Class, c: char) -> bool {
        class.takes(c, |slot| {
            let values = self.values(slot);
            if class.negated {
                values.iter().all(|value| value.raw.contains(c))
            } else {
                values.iter().any(|value| value.raw.contains(c))
            }
        })
    }

    /// Asks Go's algorithm about the chosen values. `**` is not Go's: there the full search is the meaning.
    fn confirmed(&self) -> bool {
        if !self.exact {
            return true;
        }
        let mut flat = Vec::new();
        for element in self.elements {
            let Element::Variable(slot) = element else {
                flat.push((Step::of(element), element == &Element::DoubleStar));
                continue;
            };
            for value in self.values(*slot) {
                match &value.form {
                    Form::Text(part) => flat.push((Step::Text(part), false)),
                    Form::Glob(glob) => {
                        flat.extend(glob.elements.iter().map(|e| (Step::of(e), e == &Element::DoubleStar)));
                    }
                    Form::Never => flat.push((Step::Never, false)),
                }
            }
        }
        if flat.iter().any(|&(_, crosses)| crosses) {
            return true;
        }
        let step = |index: usize| flat.get(index).map_or(Step::Never, |&(step, _)| step);
        let takes = |class: &Class, c| self.takes(class, c);
        Greedy { text: self.text, len: flat.len(), step, takes }.matches()
    }
}
