//! The capture groups that the fields of one rule take from each other.

use thiserror::Error;

use crate::{
    template::Template,
    variable::{Field, Variable},
};

/// A capture group that a rule can never have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The field is not matched by this rule.
    #[error("`{variable}` in `{user}` needs a regex in `{source_field}` of the same rule, which has none")]
    Absent {
        /// The field that uses the capture.
        user: Field,
        /// The capture.
        variable: Variable,
        /// The field that should capture.
        source_field: Field,
    },
    /// The field is a glob.
    #[error(
        "`{variable}` in `{user}` needs a regex in `{source_field}` of the same rule; write that pattern as `/^…$/`"
    )]
    NotARegex {
        /// The field that uses the capture.
        user: Field,
        /// The capture.
        variable: Variable,
        /// The field that should capture.
        source_field: Field,
    },
    /// The regex has fewer groups.
    #[error("`{variable}` in `{user}`: the regex in that field has {groups} capture group(s)")]
    NoSuchGroup {
        /// The field that uses the capture.
        user: Field,
        /// The capture.
        variable: Variable,
        /// The groups that there are.
        groups: u32,
    },
    /// The field needs its own captures, directly or by way of others.
    #[error("`{variable}` in `{user}` needs captures that in turn need `{user}` itself")]
    Circular {
        /// The field that uses the capture.
        user: Field,
        /// The capture.
        variable: Variable,
    },
}

/// Checks that every capture of a rule exists, and tells in which order its fields are to be matched so that each
/// capture is there when it is needed. `template` gives the pattern of a field, if the rule has one.
///
/// # Errors
///
/// [`CaptureError`] for the first capture that cannot be had.
pub fn capture_order<'a>(
    template: impl Fn(Field) -> Option<&'a Template>,
) -> Result<Vec<Field>, CaptureError> {
    let needs = |user: Field| template(user).into_iter().flat_map(Template::captures_needed);
    for user in Field::ALL {
        for (field, group) in needs(user) {
            let variable = Variable::Capture { field, group };
            let Some(source) = template(field) else {
                return Err(CaptureError::Absent { user, variable, source_field: field });
            };
            match source.group_count() {
                None => return Err(CaptureError::NotARegex { user, variable, source_field: field }),
                Some(groups) if group > groups => {
                    return Err(CaptureError::NoSuchGroup { user, variable, groups });
                }
                Some(_) => {}
            }
        }
    }
    let mut left: Vec<Field> = Field::ALL.into_iter().filter(|field| template(*field).is_some()).collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let ready = left.iter().position(|user| needs(*user).all(|(field, _)| order.contains(&field)));
        let Some(ready) = ready else { return Err(circular(&left, needs)) };
        order.push(left.remove(ready));
    }
    Ok(order)
}

/// One of the fields that wait for each other: following what each waits for must come round.
fn circular<I: Iterator<Item = (Field, u32)>>(left: &[Field], needs: impl Fn(Field) -> I) -> CaptureError {
    let waits = |user: Field| needs(user).find(|(field, _)| left.contains(field));
    let mut user = left.first().copied().unwrap_or(Field::Account);
    for _ in left {
        user = waits(user).map_or(user, |(field, _)| field);
    }
    let (field, group) = waits(user).unwrap_or((user, 1));
    CaptureError::Circular { user, variable: Variable::Capture { field, group } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{glob::DoubleStar, variable::Scope};

    fn order(rule: &[(Field, &str)]) -> Result<Vec<Field>, CaptureError> {
        let parsed: Vec<_> = rule
            .iter()
            .map(|(field, text)| {
                (*field, Template::parse(text, Scope::Field, DoubleStar::PlainStar).unwrap().template)
            })
            .collect();
        capture_order(|field| parsed.iter().find(|(key, _)| *key == field).map(|(_, template)| template))
    }

    #[test]
    fn captures_come_before_their_use() {
        let rule =
            [(Field::Account, "/^${name:1}-(.*)$/"), (Field::Name, "/^(.*)\\/x$/"), (Field::Type, "a")];
        assert_eq!(order(&rule), Ok(vec![Field::Type, Field::Name, Field::Account]));
        assert_eq!(order(&[]), Ok(vec![]));
    }

    #[test]
    fn impossible_captures_are_refused() {
        let account = |text| (Field::Account, text);
        for (rule, hint) in [
            (vec![account("${name:1}")], "which has none"),
            (vec![account("${name:1}"), (Field::Name, "a*")], "write that pattern as"),
            (vec![account("${name:1}"), (Field::Name, "/(?:a)/")], "has 0 capture group(s)"),
            (vec![account("${name:1}"), (Field::Name, "/^a$/")], "has 0 capture group(s)"),
            (vec![account("${name:3}"), (Field::Name, "/(a)(?P<x>b)/")], "has 2 capture group(s)"),
            (vec![account("/(a)${account:1}/")], "need `account` itself"),
            (vec![account("/(a)${name:1}/"), (Field::Name, "/(a)${account:1}/")], "itself"),
        ] {
            let error = order(&rule).unwrap_err().to_string();
            assert!(error.contains(hint), "{rule:?}: {error}");
        }
    }
}
