//! Requests, fair and hostile.

use dockgate_api::{ActionSet, Answer, Decision, Granted, Identity, LabelValue, Labels, Resource};

use super::fixture::{Case, NotMine};
use super::{Suite, kind, outcome_of, question, rules};
use crate::Rule;
use crate::fakes::{call, late_call};
use crate::hostile::{shown, texts};
use crate::run::run;

/// How many ask at once.
const AT_ONCE: usize = 50;

impl Suite {
    pub(super) async fn allowed(&mut self, rule: &Rule) {
        self.report.begin(rule);
        self.report.begin(&rules::BECAUSE);
        let allowed = self.fixture.allowed.clone();
        let Some(answer) = self.ask(call(), &allowed.case).await else { return };
        let granted = matches!(&answer, Ok(Decision::Allow(granted))
            if granted.actions.grant(&allowed.case.actions) == allowed.granted);
        self.demand(rule, granted, || {
            format!("expected Allow of \"{}\", got {}", allowed.granted, kind(&answer, &allowed.case.actions))
        });
    }

    pub(super) async fn denied(&mut self) {
        let denied = self.fixture.denied.clone();
        let Some(answer) = self.ask(call(), &denied).await else { return };
        let nothing = outcome_of(&answer, &denied.actions) == Some(ActionSet::EMPTY);
        self.demand(&rules::DENIED, nothing, || format!("got {}", kind(&answer, &denied.actions)));
    }

    pub(super) async fn not_mine(&mut self) {
        self.report.begin(&rules::NOT_MINE);
        match self.fixture.not_mine.clone() {
            NotMine::DecidesEverything(why) => self.report.unsupported.push(format!("no match: {why}")),
            NotMine::Request(case) => {
                let Some(answer) = self.ask(call(), &case).await else { return };
                let passed_on = matches!(answer, Ok(Decision::NoMatch));
                self.demand(&rules::NOT_MINE, passed_on, || format!("got {}", kind(&answer, &case.actions)));
            }
        }
    }

    pub(super) async fn nothing_asked(&mut self) {
        for case in [self.fixture.allowed.case.clone(), self.fixture.denied.clone()] {
            let case = Case { actions: ActionSet::EMPTY, ..case };
            let Some(answer) = self.ask(call(), &case).await else { continue };
            let nothing = outcome_of(&answer, &case.actions) == Some(ActionSet::EMPTY);
            self.demand(&rules::NOTHING_ASKED, nothing, || format!("got {}", kind(&answer, &case.actions)));
        }
    }

    /// Every text in every place, each asked twice.
    pub(super) async fn hostile(&mut self) {
        self.report.begin(&rules::HOSTILE);
        self.report.begin(&rules::DETERMINISTIC);
        let fair = self.fixture.allowed.case.clone();
        let denied = self.fixture.denied.clone();
        for text in texts() {
            for case in hostile_cases(&fair, &text) {
                self.ask_twice(&case).await;
            }
            // A denied identity must not talk itself into more by a label or a service of its choice.
            let mut labels = Labels::new();
            labels.add(text.clone(), LabelValue::Literal(text.clone()));
            let identity = denied.identity.clone().with_labels(labels);
            let case = Case { identity, ..denied.clone() };
            let Some(answer) = self.ask_twice(&case).await else { continue };
            let granted = outcome_of(&answer, &case.actions).unwrap_or_default();
            self.demand(&rules::HOSTILE, granted.is_empty(), || {
                format!("the denied request got \"{granted}\" by a literal label {}", shown(&text))
            });
        }
        for case in [fair, denied] {
            self.ask_twice(&case).await;
        }
    }

    async fn ask_twice(&mut self, case: &Case) -> Option<Answer<Granted>> {
        let first = self.ask(call(), case).await?;
        let second = self.ask(call(), case).await?;
        self.demand(&rules::DETERMINISTIC, first == second, || {
            let asked = shown(&case.resource.to_string());
            format!(
                "{asked} first got {}, then {}",
                kind(&first, &case.actions),
                kind(&second, &case.actions)
            )
        });
        Some(first)
    }

    pub(super) async fn late(&mut self) {
        self.report.begin(&rules::LATE);
        let allowed = self.fixture.allowed.clone();
        if let Some(answer) = self.ask(late_call(), &allowed.case).await {
            let fair = answer.is_err() || outcome_of(&answer, &allowed.case.actions) == Some(allowed.granted);
            self.demand(&rules::LATE, fair, || {
                format!("the allowed request got {}", kind(&answer, &allowed.case.actions))
            });
        }
        let denied = self.fixture.denied.clone();
        if let Some(answer) = self.ask(late_call(), &denied).await {
            let granted = outcome_of(&answer, &denied.actions).unwrap_or_default();
            self.demand(&rules::LATE, granted.is_empty(), || format!("the denied request got \"{granted}\""));
        }
    }

    pub(super) async fn concurrent(&mut self) {
        self.report.begin(&rules::CONCURRENT);
        let allowed = self.fixture.allowed.clone();
        let denied = self.fixture.denied.clone();
        let asked: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let (case, expected) = match number % 2 {
                    0 => (allowed.case.clone(), allowed.granted.clone()),
                    _ => (denied.clone(), ActionSet::EMPTY),
                };
                let answer = tokio::spawn(run(question(&self.backend, call(), case.clone())));
                (case, expected, answer)
            })
            .collect();
        for (case, expected, answer) in asked {
            let Ok(outcome) = answer.await else { continue };
            let Some(answer) = self.judge(&case, outcome) else { continue };
            let as_alone = outcome_of(&answer, &case.actions) == Some(expected);
            self.demand(&rules::CONCURRENT, as_alone, || {
                format!("{} got {}", shown(&case.resource.to_string()), kind(&answer, &case.actions))
            });
        }
    }
}

fn hostile_cases(fair: &Case, text: &str) -> Vec<Case> {
    let mut labels = Labels::new();
    labels.add(text, LabelValue::Literal(text.to_owned()));
    labels.add("groups", LabelValue::Literal(text.to_owned()));
    labels.add("patterns", LabelValue::Pattern(text.to_owned()));
    let kind = fair.resource.kind.clone();
    let name = fair.resource.name.clone();
    vec![
        Case { identity: Identity::new(text).with_labels(labels), ..fair.clone() },
        Case { resource: Resource::new(kind.clone(), text), ..fair.clone() },
        Case { resource: Resource::new(text, name.clone()), ..fair.clone() },
        Case { resource: Resource::new(kind, name).with_class(text), ..fair.clone() },
        Case { service: text.to_owned(), ..fair.clone() },
        Case { actions: [text, "pull", "*"].into_iter().collect(), ..fair.clone() },
    ]
}
