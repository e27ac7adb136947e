//! Rules in time, also against a model that knows nothing of how the list is searched.

use std::time::{Duration, Instant, SystemTime};

use dockgate_api::config::Moment;
use dockgate_api::{ActionSet, Identity, LabelValue, RequestId, Resource};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use super::*;
use crate::{DoubleStar, RuleConfig};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn time(text: &str) -> SystemTime {
    text.parse::<Moment>().unwrap().0
}

fn acl(rules: &[Json]) -> Acl {
    let rule = |(index, config): (usize, &Json)| {
        let config: RuleConfig = serde_json::from_value(config.clone()).unwrap();
        Rule::compile(config, index.to_string(), DoubleStar::PlainStar, &mut vec![]).unwrap()
    };
    Acl::new(rules.iter().enumerate().map(rule).collect())
}

/// Which rule decides at a time, and until when.
fn decided(
    acl: &Acl,
    identity: &Identity,
    name: &str,
    now: SystemTime,
) -> Answer<(String, Option<SystemTime>)> {
    let (resource, actions) = (Resource::repository(name), ["pull"].into_iter().collect::<ActionSet>());
    let request = AccessRequest::new(identity, "registry", &resource, &actions);
    let cx = Call::new(now, Instant::now() + Duration::from_secs(60), RequestId::from_bits(1));
    Ok(match acl.decide(&cx, &request)? {
        Decision::Allow(granted) => Decision::Allow((granted.because.to_string(), granted.valid_until)),
        Decision::Deny(reason) => Decision::Deny(reason),
        Decision::NoMatch => Decision::NoMatch,
    })
}

fn at(acl: &Acl, now: SystemTime) -> Option<(String, Option<SystemTime>)> {
    decided(acl, &Identity::new("alice"), "app", now).unwrap().allowed()
}

fn by(rule: &str, until: Option<SystemTime>) -> Option<(String, Option<SystemTime>)> {
    Some((rule.to_owned(), until))
}

/// What a later link grants must not outlive the beginning of a rule that would have decided here.
#[test]
fn a_list_without_an_answer_says_from_when_on_it_has_one() {
    let list = acl(&[
        json!({"match": {"account": "bob"}, "actions": [], "valid": {"from": "2026-01-01"}}),
        json!({"match": {}, "actions": [], "valid": {"from": "2026-05-01"}}),
        json!({"match": {}, "actions": [], "valid": {"from": "2026-04-01"}}),
        json!({"match": {}, "actions": [], "valid": {"from": "2026-03-01"}, "disabled": true}),
    ]);
    let (identity, resource) = (Identity::new("alice"), Resource::repository("app"));
    let request = AccessRequest::new(&identity, "registry", &resource, &ActionSet::EMPTY);
    let until = |now: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        let cx = Call::new(time(now), deadline, RequestId::from_bits(1)).for_question();
        let nothing = matches!(list.decide(&cx, &request), Ok(Decision::NoMatch));
        (nothing, cx.no_match_until())
    };
    assert_eq!(until("2025-01-01"), (true, Some(time("2026-04-01"))));
    assert_eq!(until("2026-04-01"), (false, None));
}

#[test]
fn outside_its_window_there_is_no_such_rule() {
    let (from, until) = (time("2026-03-01"), time("2026-04-01T18:00:00+02:00"));
    let window = json!({"from": "2026-03-01", "until": "2026-04-01T18:00:00+02:00"});
    let list = acl(&[
        json!({"match": {"account": "alice"}, "actions": [], "valid": window}),
        json!({"match": {}, "actions": ["pull"]}),
    ]);
    assert_eq!(at(&list, from - NANOSECOND), by("1", Some(from)));
    assert_eq!(at(&list, from), by("0", Some(until)));
    assert_eq!(at(&list, until - NANOSECOND), by("0", Some(until)));
    assert_eq!(at(&list, until), by("1", None));
    let bob = decided(&list, &Identity::new("bob"), "app", from - NANOSECOND).unwrap();
    assert_eq!(bob.allowed(), by("1", None), "the rule that begins is not about him");
    let alone = acl(&[json!({"match": {}, "actions": ["*"], "valid": window})]);
    assert_eq!((at(&alone, from - NANOSECOND), at(&alone, until)), (None, None));
}

#[test]
fn a_disabled_rule_is_none_whatever_its_window() {
    for valid in
        [json!({"until": "2026-04-01"}), json!({"from": "2026-04-01"}), json!({"from": "2025-01-01"})]
    {
        let list = acl(&[
            json!({"match": {}, "actions": [], "valid": valid, "disabled": true}),
            json!({"match": {}, "actions": ["pull"]}),
        ]);
        assert_eq!(at(&list, time("2026-03-01")), by("1", None), "{valid}");
    }
}

#[test]
fn a_decision_holds_until_the_first_that_ends_or_begins() {
    let begins = |from: &str| json!({"match": {"name": "app"}, "actions": [], "valid": {"from": from}});
    let ends = |until: &str| json!({"match": {}, "actions": ["pull"], "valid": {"until": until}});
    let now = time("2026-01-01");
    for (list, until) in [
        (vec![begins("2026-02-01"), ends("2026-03-01")], "2026-02-01"),
        (vec![begins("2026-04-01"), ends("2026-03-01")], "2026-03-01"),
        (
            vec![begins("2026-04-01"), begins("2026-02-01"), begins("2026-03-01"), ends("2026-05-01")],
            "2026-02-01",
        ),
        // What comes behind the rule that decides has no say.
        (vec![ends("2026-03-01"), begins("2026-02-01")], "2026-03-01"),
    ] {
        let decides = list.iter().position(|rule| rule["actions"] == json!(["pull"])).unwrap();
        assert_eq!(at(&acl(&list), now), by(&decides.to_string(), Some(time(until))), "{list:?}");
    }
    assert_eq!(at(&acl(&[begins("2026-02-01")]), now), None);
}

/// A rule that is not there cannot fail; that it may match once it is there bounds what is said before.
#[test]
fn an_undecidable_rule_fails_in_its_window_only() {
    let list = acl(&[
        json!({
            "match": {"name": "/^${labels:secret}$/"}, "actions": [],
            "valid": {"from": "2026-03-01", "until": "2026-04-01"},
        }),
        json!({"match": {}, "actions": ["*"]}),
    ]);
    let mut identity = Identity::new("alice");
    identity.labels.add("secret", LabelValue::Pattern("\\pL{1000}".to_owned()));
    let decided = |now: &str| decided(&list, &identity, "x", time(now)).map(Decision::allowed);
    assert_eq!(decided("2026-02-01"), Ok(by("1", Some(time("2026-03-01")))));
    assert!(decided("2026-03-01").is_err());
    assert_eq!(decided("2026-04-01"), Ok(by("1", None)));
}

/// Seconds after the epoch, few enough to meet.
fn any_second() -> impl Strategy<Value = Option<u64>> {
    option::of(1_u64..8)
}

fn moment(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

#[derive(Clone, Debug)]
struct Modelled {
    account: Option<&'static str>,
    name: Option<&'static str>,
    from: Option<u64>,
    until: Option<u64>,
    disabled: bool,
}

impl Modelled {
    fn config(&self) -> Json {
        let mut conditions = json!({});
        self.account.inspect(|account| conditions["account"] = json!(account));
        self.name.inspect(|name| conditions["name"] = json!(name));
        let mut config = json!({"match": conditions, "actions": ["*"], "disabled": self.disabled});
        let mut window = json!({});
        self.from.inspect(|from| window["from"] = json!(Moment(moment(*from)).to_string()));
        self.until.inspect(|until| window["until"] = json!(Moment(moment(*until)).to_string()));
        if window != json!({}) {
            config["valid"] = window;
        }
        config
    }

    fn matches(&self, account: &str, name: &str) -> bool {
        let name_fits =
            |pattern: &str| pattern == "*" || pattern == name || pattern == "${account}" && account == name;
        self.account.is_none_or(|wanted| wanted == account) && self.name.is_none_or(name_fits)
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        !self.disabled
            && self.from.is_none_or(|from| moment(from) <= now)
            && self.until.is_none_or(|until| now < moment(until))
    }
}

fn any_modelled() -> impl Strategy<Value = Modelled> {
    let account = option::of(select(&["a", "b"][..]));
    let name = option::of(select(&["a", "b", "*", "${account}"][..]));
    let rule = (account, name, any_second(), any_second(), proptest::bool::weighted(0.2));
    rule.prop_filter_map("an empty window", |(account, name, from, until, disabled)| {
        let empty = from.zip(until).is_some_and(|(from, until)| from >= until);
        (!empty).then_some(Modelled { account, name, from, until, disabled })
    })
}

/// The rule that decides at one time: nothing else of the list counts.
fn model(rules: &[Modelled], account: &str, name: &str, now: SystemTime) -> Option<usize> {
    rules.iter().position(|rule| rule.is_valid(now) && rule.matches(account, name))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Until the time that a decision names the same rule decides, and then another or none.
    #[test]
    fn a_decision_holds_for_as_long_as_it_says_and_no_shorter_than_it_must(
        rules in proptest::collection::vec(any_modelled(), 0..8),
        account in select(&["a", "b"][..]),
        name in select(&["a", "b"][..]),
        second in 0_u64..9,
        nanosecond in select(&[0_u64, 1, 500_000_000, 999_999_999][..]),
    ) {
        let now = moment(second) + Duration::from_nanos(nanosecond);
        let list = acl(&rules.iter().map(Modelled::config).collect::<Vec<_>>());
        let answer = decided(&list, &Identity::new(account), name, now).unwrap().allowed();
        let expected = model(&rules, account, name, now);
        let rule = answer.as_ref().map(|(rule, _)| rule.parse::<usize>().unwrap());
        prop_assert_eq!(rule, expected);
        let Some((_, until)) = answer else { return Ok(()) };

        let mut edges: Vec<SystemTime> = rules.iter().flat_map(|rule| [rule.from, rule.until]).flatten().map(moment).collect();
        edges.sort_unstable();
        edges.retain(|edge| *edge > now);
        let changes = edges.iter().copied().find(|edge| model(&rules, account, name, *edge) != expected);
        prop_assert_eq!(until, changes);
    }
}
