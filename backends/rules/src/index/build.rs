//! Chooses each rule's key.

use std::collections::{BTreeSet, HashMap};

use super::hash::{Key, KeyMap};
use super::shape::Shape;
use super::{Index, LabelForms, Lengths, Lists, label_key, pair_key, value_key};
use crate::rule::Rule;
use crate::variable::Field;

/// So many rules under one key are as good as one: keys of two fields are not worth their look.
const FEW: u32 = 16;
/// Up to so many rules under one key, the cheaper look decides: that for a label is one, that for its values many.
const ALIKE: u32 = 4;
/// Forms of key that every request pays for, whatever its texts' lengths.
const MAX_FORMS: usize = 64;

/// Where a key comes from, in the order of what a look costs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form<'r> {
    Field(Shape),
    Label(&'r str),
    Value(&'r str),
    Pair(Shape, Shape),
}

pub(super) fn build(rules: &[Rule]) -> Index {
    let mut chooser = Chooser::default();
    for rule in rules {
        chooser.count(rule);
    }
    for rule in rules {
        chooser.count_pairs(rule);
    }
    let mut filed = Filed::default();
    for (number, rule) in (0..).zip(rules) {
        match chooser.choose(rule) {
            Some((form, key)) => filed.file(form, key, number),
            None => filed.rest.push(number),
        }
    }
    filed.into_index()
}

/// Knows how many rules have each key.
#[derive(Default)]
struct Chooser {
    counts: KeyMap<u32>,
    mixed: BTreeSet<Shape>,
    pairs: BTreeSet<(Shape, Shape)>,
}

impl Chooser {
    fn count(&mut self, rule: &Rule) {
        for (form, key) in keys(rule) {
            if let Form::Field(shape @ Shape::Mixed(..)) = form
                && self.mixed.len() < MAX_FORMS
            {
                self.mixed.insert(shape);
            }
            *self.counts.entry(key).or_default() += 1;
        }
    }

    fn count_pairs(&mut self, rule: &Rule) {
        if self.best(rule).is_none_or(|(_, _, count)| count <= FEW) {
            return;
        }
        for (one, other, key) in pairs(rule) {
            if self.pairs.len() < MAX_FORMS {
                self.pairs.insert((one, other));
            }
            *self.counts.entry(key).or_default() += 1;
        }
    }

    fn choose<'r>(&self, rule: &'r Rule) -> Option<(Form<'r>, Key)> {
        let (form, key, count) = self.best(rule)?;
        if count > FEW {
            let known = pairs(rule).filter_map(|(one, other, key)| {
                let shapes = (one, other);
                let count = self.counts.get(&key).copied()?;
                self.pairs.contains(&shapes).then_some((count, shapes, key))
            });
            if let Some((fewer, (one, other), key)) = known.min()
                && fewer < count / 2
            {
                return Some((Form::Pair(one, other), key));
            }
        }
        Some((form, key))
    }

    /// The rule's key that the fewest rules have.
    fn best<'r>(&self, rule: &'r Rule) -> Option<(Form<'r>, Key, u32)> {
        keys(rule)
            .filter(|(form, _)| match form {
                Form::Field(shape @ Shape::Mixed(..)) => self.mixed.contains(shape),
                _ => true,
            })
            .map(|(form, key)| {
                let count = self.counts.get(&key).copied().unwrap_or(0);
                (form, key, count)
            })
            .min_by(|(a, _, few), (b, _, many)| (few.max(&ALIKE), a).cmp(&(many.max(&ALIKE), b)))
    }
}

/// Every key that a rule could be filed under.
fn keys(rule: &Rule) -> impl Iterator<Item = (Form<'_>, Key)> {
    let fields = shapes(rule).map(|(shape, key)| (Form::Field(shape), key));
    let labels = rule.labels_needed().map(|label| (Form::Label(label), label_key(label)));
    let values = rule.values_needed().map(|(label, value)| (Form::Value(label), value_key(label, value)));
    fields.chain(values).chain(labels)
}

fn shapes(rule: &Rule) -> impl Iterator<Item = (Shape, Key)> {
    rule.fields().flat_map(|(field, template)| Shape::all(field, template))
}

fn pairs(rule: &Rule) -> impl Iterator<Item = (Shape, Shape, Key)> {
    // A text has one key of each form but of the last.
    let one_key = |shape: &Shape| !matches!(shape, Shape::Inside(..));
    let of =
        move |field: Field| shapes(rule).filter(move |(shape, _)| shape.field() == field && one_key(shape));
    let fields = Field::ALL.into_iter().enumerate();
    let both =
        fields.flat_map(|(index, one)| Field::ALL.into_iter().skip(index + 1).map(move |other| (one, other)));
    both.flat_map(move |(one, other)| {
        of(one).flat_map(move |(one, first)| {
            of(other).map(move |(other, second)| (one.clone(), other, pair_key(first, second)))
        })
    })
}

/// Keys with their rules, not yet in lists.
#[derive(Default)]
struct Filed {
    entries: Vec<(Key, u32)>,
    rest: Vec<u32>,
    shapes: BTreeSet<Shape>,
    pairs: BTreeSet<(Shape, Shape)>,
    labels: HashMap<Box<str>, LabelForms>,
}

impl Filed {
    fn file(&mut self, form: Form<'_>, key: Key, number: u32) {
        self.entries.push((key, number));
        match form {
            Form::Field(shape) => {
                self.shapes.insert(shape);
            }
            Form::Pair(one, other) => {
                self.pairs.insert((one, other));
            }
            Form::Label(label) => self.label(label).by_label = true,
            Form::Value(label) => self.label(label).by_value = true,
        }
    }

    fn label(&mut self, label: &str) -> &mut LabelForms {
        self.labels.entry(label.into()).or_default()
    }

    fn into_index(self) -> Index {
        let mut starts: [Vec<usize>; 4] = Default::default();
        let mut ends: [Vec<usize>; 4] = Default::default();
        let mut inside: [Vec<usize>; 4] = Default::default();
        let mut fields: [Lengths; 4] = Default::default();
        let mut mixed = Vec::new();
        // In ascending order, and so are the lengths.
        for shape in self.shapes {
            let place = shape.field() as usize;
            match shape {
                Shape::Whole(_) => fields.get_mut(place).into_iter().for_each(|field| field.whole = true),
                Shape::Start(_, length) => starts.get_mut(place).into_iter().for_each(|all| all.push(length)),
                Shape::End(_, length) => ends.get_mut(place).into_iter().for_each(|all| all.push(length)),
                Shape::Inside(_, length) => {
                    inside.get_mut(place).into_iter().for_each(|all| all.push(length));
                }
                Shape::Mixed(..) => mixed.push(shape),
            }
        }
        let lengths = starts.into_iter().zip(ends).zip(inside);
        for (field, ((starts, ends), inside)) in fields.iter_mut().zip(lengths) {
            (field.starts, field.ends, field.inside) = (starts.into(), ends.into(), inside.into());
        }
        Index {
            fields,
            mixed: mixed.into(),
            pairs: self.pairs.into_iter().collect(),
            labels: self.labels,
            lists: lists(self.entries),
            rest: self.rest.into(),
        }
    }
}

fn lists(mut entries: Vec<(Key, u32)>) -> Lists {
    entries.sort_unstable();
    let mut places = KeyMap::default();
    let mut end = 0;
    for list in entries.chunk_by(|(a, _), (b, _)| a == b) {
        let start = end;
        end += u32::try_from(list.len()).unwrap_or(u32::MAX);
        if let Some((key, _)) = list.first() {
            places.insert(*key, (start, end));
        }
    }
    places.shrink_to_fit();
    Lists { places, numbers: entries.into_iter().map(|(_, number)| number).collect() }
}
