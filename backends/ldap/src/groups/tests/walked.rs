//! Ways to the groups, over the wire.

use std::sync::{Arc, Mutex};

use dockgate_api::{Call, LabelValue, Labels, RequestId, Step, TraceSink};
use dockgate_testkit::directory::{Directory, RunningDirectory};
use dockgate_testkit::fakes::{call, noon};

use super::super::{Groups, MOST_GROUPS, Naming, Nesting};
use super::fixture::{
    ALICE, BASE, Line, RECURSIVE, by_member_of, by_search, directory, group, names, of, refused,
};
use crate::dn::Dn;

/// Three levels, and one group beside them.
async fn three_levels() -> RunningDirectory {
    let (first, second) = (group("first"), group("second"));
    let groups: [(&str, &[&str]); 4] =
        [("first", &[ALICE]), ("second", &[&first]), ("third", &[&second]), ("beside", &["uid=bob"])];
    directory(&groups).computed_member_of().start().await
}

const BY_DN: &str = "(&(objectClass=group)(member=${dn}))";

#[tokio::test]
async fn direct_groups_are_found_either_way() {
    let directory = three_levels().await;
    for groups in [by_member_of(Nesting::None), by_search(BY_DN, Nesting::None)] {
        let found = of(&groups, &directory, ALICE).await.unwrap();
        assert_eq!(found.len(), 1, "{groups:?}");
        assert_eq!(
            (found[0].dn.as_str(), found[0].name.as_deref()),
            (group("first").as_str(), Some("first"))
        );
    }
    let search = directory.searches().pop().unwrap();
    assert_eq!((search.base.as_str(), search.page_size.is_some()), (BASE, true));
    assert_eq!(search.attributes, ["1.1"], "names come from DNs");
}

#[tokio::test]
async fn three_levels_are_found_every_way() {
    let directory = three_levels().await;
    for groups in [by_member_of(RECURSIVE), by_member_of(Nesting::MatchingRule), by_search(BY_DN, RECURSIVE)]
    {
        assert_eq!(names(&groups, &directory).await, ["first", "second", "third"], "{groups:?}");
    }
}

#[tokio::test]
async fn groups_that_are_in_each_other_and_in_themselves_come_once() {
    let (a, b, c) = (group("a"), group("b"), group("c"));
    let groups: [(&str, &[&str]); 3] =
        [("a", &[ALICE, &c, &a]), ("b", &[&a, "cn=A, OU=Groups,DC=example,DC=com"]), ("c", &[&b])];
    let directory = directory(&groups).computed_member_of().start().await;
    for groups in [by_member_of(RECURSIVE), by_member_of(Nesting::MatchingRule), by_search(BY_DN, RECURSIVE)]
    {
        assert_eq!(names(&groups, &directory).await, ["a", "b", "c"], "{groups:?}");
    }
}

#[tokio::test]
async fn levels_beyond_the_bound_are_an_error() {
    let directory = three_levels().await;
    for (depth, fits) in [(3, true), (2, false), (1, false)] {
        let nesting = Nesting::Recursive { max_depth: depth };
        for groups in [by_member_of(nesting), by_search(BY_DN, nesting)] {
            if fits {
                assert_eq!(names(&groups, &directory).await.len(), 3);
            } else {
                let error = refused(&groups, &directory).await;
                assert!(error.contains(&format!("`groups.max_depth`, {depth}")), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn names_with_any_characters_are_found() {
    // As DNs: a comma, quotes, umlauts, a star, parentheses, NUL, a backslash, a plus, spaces at both ends.
    let odd = [
        (r"Smith\, John", "Smith, John"),
        (r"\22quoted\22", "\"quoted\""),
        ("Ärzte und Köche", "Ärzte und Köche"),
        ("star*", "star*"),
        ("(all)", "(all)"),
        (r"nul\00", "nul\0"),
        (r"back\\slash", r"back\slash"),
        (r"a\+b", "a+b"),
        (r"\ spaced\ ", " spaced "),
        (r"\#1", "#1"),
    ];
    for (escaped, name) in odd {
        let (user, top) = (format!("cn={escaped},ou=people,{BASE}"), format!("cn=top,ou=groups,{BASE}"));
        let odd_group = format!("cn={escaped},ou=groups,{BASE}");
        let directory = Directory::new()
            .anonymous(dockgate_testkit::directory::Anonymous::Search)
            .entry(&user, [("objectClass", "person"), ("uid", name)])
            .entry(
                &odd_group,
                [("objectClass", "group"), ("cn", name), ("member", &user), ("memberUid", name)],
            )
            .entry(&top, [("objectClass", "group"), ("cn", "top"), ("member", &odd_group)])
            .computed_member_of()
            .start()
            .await;
        for groups in [
            by_member_of(RECURSIVE),
            by_member_of(Nesting::MatchingRule),
            by_search(BY_DN, RECURSIVE),
            Groups { naming: Naming::Attribute("cn".to_owned()), ..by_member_of(RECURSIVE) },
        ] {
            let found = of(&groups, &directory, &user).await.unwrap();
            let names: Vec<_> = found.iter().filter_map(|group| group.name.as_deref()).collect();
            assert_eq!(names.len(), 2, "{name} {groups:?}: {found:?}");
            assert!(names.contains(&name) && names.contains(&"top"), "{name} {groups:?}: {names:?}");
        }
        let by_uid = by_search("(&(objectClass=group)(memberUid=${entry:uid}))", Nesting::None);
        let found = of(&by_uid, &directory, &user).await.unwrap();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
    }
}

#[tokio::test]
async fn posix_groups_are_found_by_the_users_own_attribute() {
    let directory = directory(&[("first", &[ALICE])])
        .entry(&group("posix"), [("objectClass", "posixGroup"), ("cn", "posix"), ("memberUid", "alice")])
        .entry(&group("other"), [("objectClass", "posixGroup"), ("cn", "other"), ("memberUid", "alice2")])
        .start()
        .await;
    let both = "(|(&(objectClass=posixGroup)(memberUid=${entry:uid}))(member=${dn}))";
    assert_eq!(names(&by_search(both, RECURSIVE), &directory).await, ["first", "posix"]);
    let by_account = by_search("(memberUid=${account})", Nesting::None);
    assert_eq!(names(&by_account, &directory).await, ["posix"]);
    directory.set(ALICE, "uid", [""; 0]);
    assert_eq!(names(&by_search(both, Nesting::None), &directory).await, ["first"], "the rest still counts");
}

#[tokio::test]
async fn a_server_that_does_not_know_the_rule_is_found_out() {
    let first = group("first");
    let groups: [(&str, &[&str]); 2] = [("first", &[ALICE]), ("second", &[&first])];
    let directory = directory(&groups).computed_member_of().without_matching_rule().start().await;
    let by_rule = by_member_of(Nesting::MatchingRule);
    let error = refused(&by_rule, &directory).await;
    assert!(error.contains("`nested: recursive`") && error.contains(&first), "{error}");
    // Groups elsewhere are no reason to doubt it.
    let elsewhere =
        Groups { base: "ou=elsewhere,dc=example,dc=com".to_owned(), ..by_member_of(Nesting::MatchingRule) };
    directory.add("ou=elsewhere,dc=example,dc=com", [("ou", "elsewhere")]);
    assert!(names(&elsewhere, &directory).await.is_empty());
    directory.remove(&first);
    assert!(names(&by_rule, &directory).await.is_empty(), "who is in no group is in none");
}

#[tokio::test]
async fn groups_count_below_a_place_and_are_followed_beyond_it() {
    let hidden = format!("cn=hidden,ou=elsewhere,{BASE}");
    let groups: [(&str, &[&str]); 2] = [("first", &[ALICE]), ("top", &[&hidden])];
    let directory = directory(&groups)
        .entry(&hidden, [("objectClass", "group"), ("cn", "hidden")])
        .values("member", [ALICE, &group("first")])
        .computed_member_of()
        .start()
        .await;
    for way in [by_member_of(RECURSIVE), by_search(BY_DN, RECURSIVE), by_member_of(Nesting::MatchingRule)] {
        assert_eq!(names(&way, &directory).await, ["first", "hidden", "top"]);
        let below = Dn::parse("OU=Groups, DC=Example,DC=Com").unwrap();
        let below = Groups { below: Some(below), ..way };
        assert_eq!(names(&below, &directory).await, ["first", "top"], "{below:?}");
    }
}

#[tokio::test]
async fn a_group_is_called_as_is_said() {
    let directory = three_levels().await;
    directory.set(&group("first"), "description", ["the first", "a first"]);
    directory.set(&group("second"), "description", ["the second"]);
    for way in [by_member_of(RECURSIVE), by_search(BY_DN, RECURSIVE), by_member_of(Nesting::MatchingRule)] {
        let by_dn = Groups { naming: Naming::Dn, ..way };
        assert_eq!(names(&by_dn, &directory).await, [group("first"), group("second"), group("third")]);
        let described = Groups { naming: Naming::Attribute("description".to_owned()), ..by_dn };
        let names = names(&described, &directory).await;
        assert_eq!(names, ["", "a first", "the second"], "the third has none");
    }
    let described =
        Groups { naming: Naming::Attribute("description".to_owned()), ..by_member_of(Nesting::None) };
    assert_eq!(names(&described, &directory).await, ["a first"], "read for itself");
}

#[tokio::test]
async fn a_group_that_is_gone_or_hidden_is_still_a_group() {
    let directory = three_levels().await;
    directory.set(ALICE, "memberOf", [group("first"), group("gone")]);
    assert_eq!(names(&by_member_of(RECURSIVE), &directory).await, ["first", "gone", "second", "third"]);
}

#[tokio::test]
async fn values_that_are_no_names_are_an_error() {
    let directory = three_levels().await;
    for value in [b"admins".as_slice(), b"cn=\xff\xfe,dc=x"] {
        directory.set(ALICE, "memberOf", [value]);
        let error = refused(&by_member_of(Nesting::None), &directory).await;
        assert!(error.contains("`memberOf` of uid=alice"), "{error}");
    }
}

#[tokio::test]
async fn more_groups_than_the_bound_are_an_error_and_no_part_of_them() {
    let mut directory = directory(&[]);
    for number in 0..=MOST_GROUPS {
        let dn = group(&format!("group-{number}"));
        directory = directory.entry(&dn, [("objectClass", "group"), ("member", ALICE)]);
    }
    let directory = directory.start().await;
    let groups = by_search(BY_DN, Nesting::None);
    let error = refused(&groups, &directory).await;
    assert!(error.contains("more than 10000 groups"), "{error}");
    directory.remove(&group("group-0"));
    assert_eq!(names(&groups, &directory).await.len(), MOST_GROUPS);
}

#[tokio::test]
async fn a_server_that_ends_a_search_early_is_an_error() {
    let members: [&str; 1] = [ALICE];
    let names: Vec<String> = (0..20).map(|number| format!("group-{number}")).collect();
    let groups: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), members.as_slice())).collect();
    let directory = directory(&groups).most_results(10).without_paging().start().await;
    let error = refused(&by_search(BY_DN, Nesting::None), &directory).await;
    assert!(error.contains("after 10 of them"), "{error}");
}

#[tokio::test]
async fn values_in_parts_are_completed_for_the_user_and_for_groups() {
    let top = group("top");
    let mut directory = directory(&[("first", &[ALICE])]).computed_member_of().most_values(3);
    for number in 0..10 {
        let dn = group(&format!("group-{number}"));
        let members = [ALICE.to_owned(), group("first")];
        directory = directory.entry(&dn, [("objectClass", "group")]).values("member", members);
    }
    for number in 0..10 {
        let dn = group(&format!("above-{number}"));
        directory =
            directory.entry(&dn, [("objectClass", "group")]).values("member", [group("first"), top.clone()]);
    }
    let directory = directory.start().await;
    assert_eq!(names(&by_member_of(Nesting::None), &directory).await.len(), 11);
    assert_eq!(names(&by_member_of(RECURSIVE), &directory).await.len(), 21);
    let asked = directory.searches();
    assert!(asked.iter().any(|search| search.attributes == ["memberOf;range=3-*"]), "the directory cut them");
}

#[tokio::test]
async fn the_primary_group_counts_with_the_groups_above_it() {
    let sid = |last: u8| {
        [&[1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0][..], &[last, 2, 0, 0]]
            .concat()
    };
    let primary = format!("CN=Domain Users,CN=Users,{BASE}");
    let groups: [(&str, &[&str]); 2] = [("first", &[ALICE]), ("above", &[&primary])];
    let directory = directory(&groups)
        .entry(&primary, [("objectClass", "group")])
        .values("objectSid", [sid(1)])
        .entry(&format!("CN=Domain Guests,CN=Users,{BASE}"), [("objectClass", "group")])
        .values("objectSid", [sid(2)])
        .computed_member_of()
        .start()
        .await;
    let with = |groups: Groups| Groups { primary: true, ..groups };
    let error = refused(&with(by_member_of(Nesting::None)), &directory).await;
    assert!(error.contains("no readable `primaryGroupID`"), "{error}");
    directory.set(ALICE, "primaryGroupID", ["513"]);
    let error = refused(&with(by_member_of(Nesting::None)), &directory).await;
    assert!(error.contains("no readable `objectSid`"), "{error}");
    directory.set(ALICE, "objectSid", ["S-1-5"]);
    let error = refused(&with(by_member_of(Nesting::None)), &directory).await;
    assert!(error.contains("name no group") && error.contains(ALICE), "{error}");
    directory.set(ALICE, "objectSid", [sid(80)]);
    assert_eq!(names(&with(by_member_of(Nesting::None)), &directory).await, ["Domain Users", "first"]);
    for way in [by_member_of(RECURSIVE), by_search(BY_DN, RECURSIVE), by_member_of(Nesting::MatchingRule)] {
        let way = with(way);
        assert_eq!(names(&way, &directory).await, ["Domain Users", "above", "first"], "{way:?}");
    }
    let elsewhere = Groups { base: format!("ou=groups,{BASE}"), ..with(by_member_of(Nesting::None)) };
    let error = refused(&elsewhere, &directory).await;
    assert!(error.contains("`groups.search.base`"), "{error}");
}

#[tokio::test]
async fn names_become_a_label_each_once_and_literally() {
    let directory = three_levels().await;
    for name in ["Registry-Push", "registry-push", "registry-*"] {
        let dn = format!("cn={name},ou={},{BASE}", name.len() + usize::from(name.starts_with('R')));
        directory.add(&dn, [("objectClass", "group"), ("member", ALICE)]);
    }
    let mut groups = by_member_of(Nesting::None);
    groups.shape.lower_case = true;
    groups.shape.capture = Some(regex::Regex::new("(?i)^registry-(.+)$").unwrap());
    let found = of(&groups, &directory, ALICE).await.unwrap();
    assert_eq!(found.len(), 4);
    let mut labels = Labels::new();
    labels.add("groups", LabelValue::Literal("push".to_owned()));
    groups.add_to(&call(), &mut labels, &found);
    let literal = |text: &str| LabelValue::Literal(text.to_owned());
    assert_eq!(labels.values("groups"), [literal("push"), literal("*")]);
    let unlabelled = Groups { label: None, ..groups };
    let mut labels = Labels::new();
    unlabelled.add_to(&call(), &mut labels, &found);
    assert!(labels.is_empty());
}

#[derive(Clone, Default)]
struct Steps(Arc<Mutex<String>>);

impl TraceSink for Steps {
    fn note(&self, step: Step) {
        let mut text = self.0.lock().unwrap();
        text.push_str(&step.text);
        text.push('\n');
    }
}

#[tokio::test]
async fn an_administrator_is_told_what_was_found_and_what_was_dropped() {
    let directory = three_levels().await;
    directory.add("cn=elsewhere,dc=com", [("objectClass", "group"), ("member", ALICE)]);
    let mut groups = Groups {
        below: Some(Dn::parse(BASE).unwrap()),
        naming: Naming::Attribute("cn".to_owned()),
        ..by_member_of(RECURSIVE)
    };
    groups.shape.capture = Some(regex::Regex::new("^first$").unwrap());
    directory.set(&group("third"), "cn", [""; 0]);
    let (line, steps) = (Line::to(&directory).await, Steps::default());
    let user = line.entry(ALICE, &groups.attributes()).await;
    let cx = Call::traced(noon(), call().deadline(), RequestId::from_bits(1), Box::new(steps.clone()));
    let found = groups.of(&cx, &line, &user, "alice", None).await.unwrap();
    groups.add_to(&cx, &mut Labels::new(), &found);
    let told = steps.0.lock().unwrap().clone();
    let (first, second, third) = (group("first"), group("second"), group("third"));
    for step in [
        format!("direct groups, by `memberOf`: {first}; cn=elsewhere,dc=com\n"),
        format!("groups of level 2: {second}\n"),
        format!("groups of level 3: {third}\n"),
        "not below `groups.below`, so that they do not count: cn=elsewhere,dc=com\n".to_owned(),
        format!(
            "label groups: the attribute of `groups.name` is not there, or may not be read, in {third}\n"
        ),
        format!("label groups: `groups.capture` leaves nothing of {second}\n"),
    ] {
        assert!(told.contains(&step), "{step}\n{told}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_an_error() {
    let directory = three_levels().await;
    let line = Line::to(&directory).await;
    let groups = by_search(BY_DN, Nesting::None);
    let user = line.entry(ALICE, &groups.attributes()).await;
    let elsewhere = Groups { base: "dc=nowhere".to_owned(), ..groups };
    let error = elsewhere.of(&call(), &line, &user, "alice", None).await.unwrap_err();
    assert!(error.to_string().contains("32"), "{error}");
}
