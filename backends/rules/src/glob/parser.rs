//! Glob text to elements.

use super::{Class, DoubleStar, Element, GlobError, GlobProblem};
use crate::token::Token;

pub(crate) fn parse(tokens: &[(usize, Token)], double_star: DoubleStar) -> Result<Vec<Element>, GlobError> {
    Parser { rest: tokens }.elements(double_star)
}

struct Parser<'a> {
    rest: &'a [(usize, Token)],
}

impl Parser<'_> {
    fn elements(mut self, double_star: DoubleStar) -> Result<Vec<Element>, GlobError> {
        let mut elements = Vec::new();
        let mut literal = String::new();
        while let Some((position, token)) = self.next() {
            let element = match token {
                Token::Variable(index) => Element::Variable(index),
                Token::Char('?') => Element::AnyChar,
                Token::Char('*') => self.stars(double_star),
                Token::Char('[') => Element::Class(Box::new(self.class(position)?)),
                Token::Char('\\') => {
                    literal.push(self.escaped(position)?);
                    continue;
                }
                Token::Char(c) => {
                    literal.push(c);
                    continue;
                }
            };
            flush(&mut literal, &mut elements);
            elements.push(element);
        }
        flush(&mut literal, &mut elements);
        Ok(elements)
    }

    fn next(&mut self) -> Option<(usize, Token)> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn at(&self, wanted: char) -> bool {
        matches!(self.rest.first(), Some((_, Token::Char(c))) if *c == wanted)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.at(wanted);
        if found {
            self.next();
        }
        found
    }

    fn escaped(&mut self, position: usize) -> Result<char, GlobError> {
        match self.next() {
            Some((_, Token::Char(c))) => Ok(c),
            _ => Err(GlobError { position, problem: GlobProblem::TrailingBackslash }),
        }
    }

    fn stars(&mut self, double_star: DoubleStar) -> Element {
        let mut several = false;
        while self.eat('*') {
            several = true;
        }
        if several && double_star == DoubleStar::CrossesSlash { Element::DoubleStar } else { Element::Star }
    }

    fn class(&mut self, open: usize) -> Result<Class, GlobError> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        let mut variables = Vec::new();
        loop {
            if !(ranges.is_empty() && variables.is_empty()) && self.eat(']') {
                break;
            }
            if let Some(&(_, Token::Variable(index))) = self.rest.first() {
                self.next();
                variables.push(index);
                if let Some(&(position, Token::Char('-'))) = self.rest.first() {
                    return Err(GlobError { position, problem: GlobProblem::VariableInRange });
                }
                continue;
            }
            let low = self.class_char(open)?;
            let dash = self.rest.first().map_or(open, |(position, _)| *position);
            let high = match self.eat('-') {
                true if self.at(']') => return Err(GlobError { position: dash, problem: GlobProblem::Dash }),
                true => self.class_char(open)?,
                false => low,
            };
            ranges.push((low, high));
        }
        Ok(Class { negated, ranges: ranges.into(), variables: variables.into() })
    }

    fn class_char(&mut self, open: usize) -> Result<char, GlobError> {
        let (position, token) =
            self.next().ok_or(GlobError { position: open, problem: GlobProblem::UnclosedClass })?;
        let problem = match token {
            Token::Char('\\') => return self.escaped(position),
            Token::Char(']') => GlobProblem::EmptyClass,
            Token::Char('-') => GlobProblem::Dash,
            Token::Char(c) => return Ok(c),
            Token::Variable(_) => GlobProblem::VariableInRange,
        };
        Err(GlobError { position, problem })
    }
}

fn flush(literal: &mut String, elements: &mut Vec<Element>) {
    if !literal.is_empty() {
        elements.push(Element::Literal(std::mem::take(literal).into()));
    }
}
