//! What many rules of a list have alike is kept once.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dockgate_api::Actions;

use crate::rule::Rule;
use crate::template::{Fixed, Template};

/// Lets equal patterns, regexes, actions and comments of these rules be one.
pub(crate) fn share(rules: &mut [Rule]) {
    let mut known = Known::default();
    for rule in rules {
        let (templates, actions, because) = rule.shareable();
        for template in templates {
            known.template(template);
        }
        match known.actions.get(actions) {
            Some(same) => *actions = same.clone(),
            None => {
                known.actions.insert(actions.clone());
            }
        }
        if let Some(comment) = &mut because.comment {
            match known.comments.get(comment) {
                Some(same) => *comment = Arc::clone(same),
                None => {
                    known.comments.insert(Arc::clone(comment));
                }
            }
        }
    }
}

#[derive(Default)]
struct Known {
    templates: HashSet<Same>,
    regexes: HashMap<Box<str>, Arc<Fixed>>,
    actions: HashSet<Actions>,
    comments: HashSet<Arc<str>>,
}

impl Known {
    fn template(&mut self, template: &mut Arc<Template>) {
        let same = Same(Arc::clone(template));
        if let Some(Same(same)) = self.templates.get(&same) {
            *template = Arc::clone(same);
            return;
        }
        // Nobody else holds it now, so that its regex can be exchanged.
        drop(same);
        if let Some(fixed) = Arc::get_mut(template).and_then(Template::fixed) {
            match self.regexes.get(fixed.source()) {
                Some(same) => *fixed = Arc::clone(same),
                None => {
                    self.regexes.insert(fixed.source().into(), Arc::clone(fixed));
                }
            }
        }
        self.templates.insert(Same(Arc::clone(template)));
    }
}

/// Equal if what was written is, in the same dialect.
struct Same(Arc<Template>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        (self.0.as_str(), self.0.double_star()) == (other.0.as_str(), other.0.double_star())
    }
}

impl Eq for Same {}

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}
