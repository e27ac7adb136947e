//! The text of a pattern as characters and variables.
//!
//! Variables are found before the glob or the regex is parsed, so that no value can ever take part in the syntax.

use crate::{
    lint::Lint,
    variable::{Scope, Variable, VariableError, unclosed},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Char(char),
    /// An index into [`Tokens::variables`].
    Variable(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Glob,
    Regex,
}

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Each with its position: characters from 1, in the pattern as it was written.
    pub(crate) list: Vec<(usize, Token)>,
    /// The distinct variables, each with how often it stands in the pattern.
    pub(crate) variables: Vec<(Variable, u32)>,
    pub(crate) lints: Vec<Lint>,
}

impl Tokens {
    /// A text in which `${` has no meaning: a label's value.
    pub(crate) fn plain(text: &str) -> Self {
        let list = text.chars().enumerate().map(|(index, c)| (index + 1, Token::Char(c))).collect();
        Self { list, ..Self::default() }
    }

    /// Finds the variables. `first` is the position of the first character.
    pub(crate) fn find(
        text: &str,
        syntax: Syntax,
        scope: Scope,
        first: usize,
    ) -> Result<Self, VariableError> {
        let mut tokens = Self::default();
        let mut rest = text;
        let mut position = first;
        while let Some(c) = rest.chars().next() {
            let (token, length) = match variable_at(rest, syntax, scope)? {
                Some((variable, length)) => (Token::Variable(tokens.intern(variable)), length),
                None => (Token::Char(c), c.len_utf8()),
            };
            if c == '{'
                && let Some(lint) = missing_dollar(rest)
            {
                tokens.lints.push(lint);
            }
            tokens.list.push((position, token));
            let (used, next) = rest.split_at_checked(length).unwrap_or((rest, ""));
            position += used.chars().count();
            rest = next;
            if c == '\\'
                && let Some(escaped) = rest.chars().next()
            {
                tokens.list.push((position, Token::Char(escaped)));
                position += 1;
                rest = rest.get(escaped.len_utf8()..).unwrap_or("");
            }
        }
        Ok(tokens)
    }

    fn intern(&mut self, variable: Variable) -> usize {
        if let Some(index) = self.variables.iter().position(|(known, _)| *known == variable) {
            if let Some((_, uses)) = self.variables.get_mut(index) {
                *uses += 1;
            }
            return index;
        }
        self.variables.push((variable, 1));
        self.variables.len() - 1
    }
}

/// The variable at the start of `rest`, and how many bytes it takes.
fn variable_at(rest: &str, syntax: Syntax, scope: Scope) -> Result<Option<(Variable, usize)>, VariableError> {
    let Some(after) = rest.strip_prefix("${") else { return Ok(None) };
    let Some((inner, _)) = after.split_once('}') else {
        return unclosed(after).map_or(Ok(None), |name| Err(VariableError::Unclosed(name)));
    };
    // `x${2}` in a regex repeats the anchor.
    if syntax == Syntax::Regex && !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit() || b == b',')
    {
        return Ok(None);
    }
    Variable::parse(inner, scope).map(|variable| Some((variable, inner.len() + "${}".len())))
}

fn missing_dollar(rest: &str) -> Option<Lint> {
    let (inner, _) = rest.strip_prefix('{')?.split_once('}')?;
    Variable::parse(inner, Scope::Field).ok().map(|variable| Lint::MissingDollar { variable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variable::Field;

    fn find(text: &str, syntax: Syntax) -> Tokens {
        Tokens::find(text, syntax, Scope::Field, 1).unwrap()
    }

    #[test]
    fn variables_are_interned_and_counted() {
        let tokens = find("é${name}/${labels:a}-${name}", Syntax::Glob);
        assert_eq!(tokens.variables, [(Variable::Field(Field::Name), 2), (Variable::Label("a".into()), 1)]);
        assert_eq!(tokens.list[1], (2, Token::Variable(0)));
        assert_eq!(tokens.list[2], (9, Token::Char('/')));
    }

    #[test]
    fn an_escaped_dollar_is_no_variable() {
        assert!(find(r"\${name}", Syntax::Glob).variables.is_empty());
        assert_eq!(find(r"\\${name}", Syntax::Glob).variables.len(), 1);
    }

    #[test]
    fn quantifiers_after_a_dollar_are_left_alone_in_a_regex() {
        for text in ["${2}", "${,3}", "${1,2}", "a$", "${", "${x"] {
            assert!(find(text, Syntax::Regex).variables.is_empty(), "{text}");
        }
        assert!(Tokens::find("${2}", Syntax::Glob, Scope::Field, 1).is_err());
        assert!(Tokens::find("${}", Syntax::Regex, Scope::Field, 1).is_err());
        assert!(Tokens::find("${account", Syntax::Regex, Scope::Field, 1).is_err());
    }

    #[test]
    fn a_missing_dollar_is_linted() {
        for (text, count) in
            [("{labels:tier}/*", 1), ("${labels:tier}/*", 0), ("{account}", 1), ("a{2}", 0), ("{a,b}", 0)]
        {
            assert_eq!(find(text, Syntax::Glob).lints.len(), count, "{text}");
        }
        let lint = &find("{labels:tier}/*", Syntax::Glob).lints[0];
        assert!(lint.to_string().contains("did you mean `${labels:tier}`"), "{lint}");
    }
}
