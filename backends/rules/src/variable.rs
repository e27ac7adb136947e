//! The variables that a pattern may hold.

use std::fmt;

use dockgate_api::config;
use thiserror::Error;

/// A field of the request that a rule can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The account that asks.
    Account,
    /// The resource type, such as `repository`.
    Type,
    /// The resource name, such as `library/alpine`.
    Name,
    /// The service that the token is for: its audience.
    Service,
}

impl Field {
    /// Every field, in the order in which rules list them.
    pub const ALL: [Self; 4] = [Self::Account, Self::Type, Self::Name, Self::Service];

    /// The field's key in a rule, which is also its variable's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Type => "type",
            Self::Name => "name",
            Self::Service => "service",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a pattern stands, which decides the variables that it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `account`, `type`, `name` or `service`: all variables.
    Field,
    /// `labels`: only the four plain variables.
    Label,
}

/// A placeholder for a value that only a request has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `${account}`: the request's own value of the field.
    Field(Field),
    /// `${account:1}`: what a group of the regex in that field of the same rule captured.
    Capture {
        /// The field whose regex captures.
        field: Field,
        /// The number of the group, from 1.
        group: u32,
    },
    /// `${labels:KEY}`: any value of that label of the identity.
    Label(Box<str>),
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "${{{field}}}"),
            Self::Capture { field, group } => write!(f, "${{{field}:{group}}}"),
            Self::Label(key) => write!(f, "${{labels:{key}}}"),
        }
    }
}

const KNOWN: &str = "known are ${account}, ${type}, ${name}, ${service}, ${labels:KEY} and capture groups such as ${account:1}";

/// Why a variable is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VariableError {
    /// Nothing of that name exists.
    #[error("unknown variable `${{{name}}}`{}; {KNOWN}", did_you_mean(.nearest.as_deref()))]
    Unknown {
        /// What stands between the braces.
        name: String,
        /// The known variable that it resembles.
        nearest: Option<String>,
    },
    /// A `${` that names a variable is never closed.
    #[error("`${{{0}` has no closing brace; write `${{{0}}}`")]
    Unclosed(&'static str),
    /// `${labels:}`.
    #[error("`${{labels:}}` names no label; write `${{labels:KEY}}`")]
    EmptyLabel,
    /// A capture group that is no number from 1 on.
    #[error(
        "`{group}` in `${{{field}:{group}}}` is no capture group; groups count from 1, as in `${{{field}:1}}`"
    )]
    Group {
        /// The field that was named.
        field: Field,
        /// What stands where its group's number should.
        group: String,
    },
    /// A variable that its place does not allow.
    #[error(
        "`{0}` cannot stand in a label's pattern; only ${{account}}, ${{type}}, ${{name}} and ${{service}} can"
    )]
    NotInLabels(Variable),
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(", did you mean `{nearest}`?"))
}

impl Variable {
    /// Parses what stands between `${` and `}`.
    pub(crate) fn parse(inner: &str, scope: Scope) -> Result<Self, VariableError> {
        let variable = Self::parse_any(inner)?;
        match (scope, &variable) {
            (Scope::Field, _) | (Scope::Label, Self::Field(_)) => Ok(variable),
            (Scope::Label, _) => Err(VariableError::NotInLabels(variable)),
        }
    }

    fn parse_any(inner: &str) -> Result<Self, VariableError> {
        let unknown = || VariableError::Unknown { name: inner.to_owned(), nearest: nearest(inner) };
        let Some((name, rest)) = inner.split_once(':') else {
            return Field::from_name(inner).map(Self::Field).ok_or_else(unknown);
        };
        if name == "labels" {
            return if rest.is_empty() {
                Err(VariableError::EmptyLabel)
            } else {
                Ok(Self::Label(rest.into()))
            };
        }
        let field = Field::from_name(name).ok_or_else(unknown)?;
        let digits = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        match rest.parse() {
            Ok(group @ 1..) if digits => Ok(Self::Capture { field, group }),
            _ => Err(VariableError::Group { field, group: rest.to_owned() }),
        }
    }
}

/// What variables are called.
const NAMES: [&str; 5] = ["account", "type", "name", "service", "labels"];

/// The variable whose name an unclosed `${…` starts with.
pub(crate) fn unclosed(rest: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|name| rest.starts_with(name))
}

fn nearest(inner: &str) -> Option<String> {
    let (name, rest) = inner.split_once(':').map_or((inner, None), |(name, rest)| (name, Some(rest)));
    let best = config::nearest(name, NAMES)?;
    Some(match (best, rest) {
        ("labels", None | Some("")) => "${labels:KEY}".to_owned(),
        (_, Some(rest)) => format!("${{{best}:{rest}}}"),
        (_, None) => format!("${{{best}}}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_parses_and_prints_itself() {
        for text in ["account", "type", "name", "service", "labels:a", "labels:a:b c", "account:1", "name:42"]
        {
            let variable = Variable::parse(text, Scope::Field).unwrap();
            assert_eq!(variable.to_string(), format!("${{{text}}}"));
        }
    }

    #[test]
    fn refusals_name_the_cure() {
        for (text, hint) in [
            ("group", "known are ${account}, ${type}"),
            ("acount", "did you mean `${account}`"),
            ("Name", "did you mean `${name}`"),
            ("label:tier", "did you mean `${labels:tier}`"),
            ("labels", "did you mean `${labels:KEY}`"),
            ("labels:", "names no label"),
            ("account:0", "groups count from 1"),
            ("account:x", "groups count from 1"),
            ("name:+1", "groups count from 1"),
            ("account:99999999999", "groups count from 1"),
            ("", "unknown variable"),
        ] {
            let error = Variable::parse(text, Scope::Field).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn labels_patterns_take_plain_variables_only() {
        assert!(Variable::parse("name", Scope::Label).is_ok());
        for text in ["labels:a", "account:1"] {
            let error = Variable::parse(text, Scope::Label).unwrap_err();
            assert!(error.to_string().contains("cannot stand in a label's pattern"), "{error}");
        }
    }
}
