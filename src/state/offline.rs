//! A look at a configuration from a place where it will not serve.

use std::path::Path;

use dockgate_api::config::Problem;

use super::Lasting;
use super::front::page;
use super::parts::{Parts, in_order, was_unread};
use super::signing::SigningPlan;
use crate::backends::Backends;
use crate::config::Source;
use crate::outside::Outside;

/// What is to be said of a file that was only looked at.
pub struct Seen {
    /// Nothing that keeps it from serving.
    pub warnings: Vec<Problem>,
    /// Good to know.
    pub notes: Vec<Problem>,
}

/// Looks at a file where its keys, secrets and environment are not at hand, as for a change that is proposed.
///
/// # Errors
/// Every problem that can be seen without them, in the order of the file.
pub fn check_offline(file: &Path, backends: &Backends, outside: &Outside) -> Result<Seen, Vec<Problem>> {
    let source = Source::read(file, outside.environment.as_ref())?;
    let mut parts = Parts::read(&source, backends, outside, &Lasting::default(), true)?;
    page(&source, backends, outside, &mut parts, &mut Vec::new(), true);
    let Parts { sections, mut problems, mut warnings, mut notes, .. } = parts;
    SigningPlan::new(&source, &sections, &mut problems, &mut warnings);
    problems.retain(|problem| source.is_structural(problem) || !was_unread(&source, problem));
    in_order(&mut problems);
    in_order(&mut warnings);
    in_order(&mut notes);
    if problems.is_empty() { Ok(Seen { warnings, notes }) } else { Err(problems) }
}
