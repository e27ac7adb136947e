//! `required_groups`: who is in none of them does not get in.

use dockgate_api::{Reason, ReasonCode};

use super::Group;
use super::naming::leaf;
use crate::dn::{Dn, same_text};
use crate::notes::listed;

/// The groups of which one will do.
#[derive(Debug)]
pub(crate) struct Required(Vec<Wanted>);

#[derive(Debug)]
struct Wanted {
    written: String,
    is: Is,
}

#[derive(Debug)]
enum Is {
    Dn(Dn),
    Name(String),
}

impl Required {
    /// Of what is written: a distinguished name where it can be read as one and has a `=`, a group's name otherwise.
    pub(crate) fn new(written: impl IntoIterator<Item = String>) -> Self {
        let wanted = written.into_iter().map(|written| {
            let dn = Dn::parse(&written).ok().filter(|_| written.contains('='));
            let is = dn.map_or_else(|| Is::Name(written.clone()), Is::Dn);
            Wanted { written, is }
        });
        Self(wanted.collect())
    }

    /// What is written as distinguished names.
    pub(crate) fn dns(&self) -> impl Iterator<Item = (&str, &Dn)> {
        self.0.iter().filter_map(|wanted| match &wanted.is {
            Is::Dn(dn) => Some((wanted.written.as_str(), dn)),
            Is::Name(_) => None,
        })
    }

    /// Whether these groups are enough. Names are compared without regard to case: a group's name, and where that is its
    /// distinguished name, the value that this begins with.
    ///
    /// # Errors
    /// Why they are not, for log and audit.
    pub(crate) fn check(&self, groups: &[Group]) -> Result<(), Reason> {
        if self.0.is_empty() || groups.iter().any(|group| self.0.iter().any(|wanted| wanted.is.fits(group))) {
            return Ok(());
        }
        let wanted = listed(self.0.iter().map(|wanted| wanted.written.as_str()));
        let groups = listed(groups.iter().map(|group| group.dn.as_str()));
        let detail = format!("in none of `required_groups` ({wanted}); the account's groups: {groups}");
        Err(Reason::new(ReasonCode::NotMember, detail))
    }
}

impl Is {
    fn fits(&self, group: &Group) -> bool {
        match self {
            Self::Dn(dn) => Dn::parse(&group.dn).is_ok_and(|of_group| of_group == *dn),
            Self::Name(name) => match &group.name {
                Some(of_group) if *of_group == group.dn => {
                    Dn::parse(&group.dn).is_ok_and(|dn| same_text(&leaf(&dn, &group.dn), name))
                }
                Some(of_group) => same_text(of_group, name),
                None => false,
            },
        }
    }
}
