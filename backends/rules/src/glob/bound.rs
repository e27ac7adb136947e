//! Globs with variables: which way to match them.

use super::labels::{Form, Matcher, Prepared};
use super::{
    Class, DoubleStar, Element,
    greedy::{Greedy, Step},
};
use crate::bindings::{Bound, MatchError, Value};
use crate::template::{Resolved, head};

pub(super) fn matches_plain(elements: &[Element], text: &str) -> bool {
    matches_bound(elements, text, Resolved::NONE, (0, 0), DoubleStar::PlainStar).unwrap_or(false)
}

/// Whether the elements match the whole text. `lead` is how many elements are known to fit at the start, and the byte
/// behind them.
///
/// # Errors
///
/// [`MatchError::TooManyCombinations`] where a repeated label would take too long.
pub(crate) fn matches_bound(
    elements: &[Element],
    text: &str,
    values: Resolved<'_>,
    lead: (usize, usize),
    double_star: DoubleStar,
) -> Result<bool, MatchError> {
    let mut labels = None;
    let mut several = false;
    for variable in 0..values.len() {
        match values.get(variable) {
            None => return Ok(false),
            Some(Bound::Text(_)) => {}
            Some(Bound::Label { values, .. }) => several |= labels.replace((variable, values)).is_some(),
        }
    }
    let crosses = elements.contains(&Element::DoubleStar);
    match labels {
        None if !crosses => Ok(Known { elements, text, values, label: None }.matches()),
        Some((label, all)) if !several && !crosses => {
            let place = Place::of(label, elements, text, lead);
            for value in all.iter().map(Value::from).filter(|value| place.may_take(*value)) {
                if one_value(elements, text, values, (label, value), double_star)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => {
            let places: Vec<_> =
                (0..values.len()).map(|label| Place::of(label, elements, text, lead)).collect();
            let start = places.iter().enumerate().find(|(_, place)| matches!(place, Place::Start(_)));
            if let Some((label, place)) = start
                && let Some(Bound::Label { values: all, .. }) = values.get(label)
                && !all.iter().any(|value| place.may_take(value.into()))
            {
                return Ok(false);
            }
            let may_take =
                |label: usize, value: Value<'_>| places.get(label).is_none_or(|place| place.may_take(value));
            Matcher::new(elements, text, values, &may_take, double_star).matches()
        }
    }
}

/// Whether the elements match with one value of the only label.
fn one_value(
    elements: &[Element],
    text: &str,
    values: Resolved<'_>,
    (label, value): (usize, Value<'_>),
    double_star: DoubleStar,
) -> Result<bool, MatchError> {
    let prepared = Prepared::new(value, double_star);
    if matches!(prepared.form, Form::Text(_)) {
        return Ok(Known { elements, text, values, label: Some((label, value.text())) }.matches());
    }
    let only = |_: usize, other: Value<'_>| other == value;
    Matcher::new(elements, text, values, &only, double_star).matches()
}

/// Globs in which every variable is one text.
struct Known<'a> {
    elements: &'a [Element],
    text: &'a str,
    values: Resolved<'a>,
    label: Option<(usize, &'a str)>,
}

impl<'a> Known<'a> {
    fn text_of(&self, variable: usize) -> Option<&'a str> {
        match (self.label, self.values.get(variable)) {
            (Some((label, value)), _) if label == variable => Some(value),
            (_, Some(Bound::Text(value))) => Some(value),
            _ => None,
        }
    }

    fn matches(&self) -> bool {
        let step = |index: usize| match self.elements.get(index) {
            Some(Element::Variable(variable)) => self.text_of(*variable).map_or(Step::Never, Step::Text),
            element => element.map_or(Step::Never, Step::of),
        };
        let takes =
            |class: &Class, c| class.takes(c, |v| self.text_of(v).is_some_and(|value| value.contains(c)));
        Greedy { text: self.text, len: self.elements.len(), step, takes }.matches()
    }
}

/// Where a label stands in a glob, as far as that rules out values before anything is parsed.
enum Place<'t> {
    /// Only in classes.
    Class,
    /// Behind what is known to fit.
    Start(&'t str),
    /// Last of all.
    End(&'t str),
    Somewhere(&'t str),
}

impl<'t> Place<'t> {
    fn of(label: usize, elements: &[Element], text: &'t str, (known, at): (usize, usize)) -> Self {
        let stands = |element: Option<&Element>| element == Some(&Element::Variable(label));
        if stands(elements.get(known)) {
            Self::Start(text.get(at..).unwrap_or(""))
        } else if stands(elements.last()) {
            Self::End(text)
        } else if elements.iter().any(|element| stands(Some(element))) {
            Self::Somewhere(text)
        } else {
            Self::Class
        }
    }

    fn may_take(&self, value: Value<'_>) -> bool {
        let head = head::of_glob(value);
        !value.text().is_empty()
            && match self {
                Self::Class => true,
                Self::Start(text) => text.starts_with(head),
                Self::End(text) if head.len() == value.text().len() => text.ends_with(head),
                Self::End(text) | Self::Somewhere(text) => head.len() <= text.len() && text.contains(head),
            }
    }
}
