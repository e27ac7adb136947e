use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::super::lines::changed;
use super::*;

fn then() -> Moment {
    Moment(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000))
}

const RETIRED: &str = "retired_at: 2026-11-18T11:06:40Z";

/// What a rotation does: the first is retired, the second signs.
fn rotation() -> BTreeMap<usize, Change> {
    BTreeMap::from([
        (0, Change::Use(KeyRole::Retired, Some(then()))),
        (1, Change::Use(KeyRole::Current, None)),
    ])
}

fn drops(position: usize) -> BTreeMap<usize, Change> {
    BTreeMap::from([(position, Change::Drop)])
}

#[test]
fn layouts_that_people_write() {
    for (text, new) in [
        (
            "# ours\ntoken:\n  keys:   # two\n    - certificate: a.crt   # the old one\n      key: a.key\n    # b\n    - certificate: b.crt\n      use: next  # soon\n      key: b.key\nacl: []\n",
            format!(
                "# ours\ntoken:\n  keys:   # two\n    - use: retired\n      {RETIRED}\n      certificate: a.crt   # the old one\n      key: a.key\n    # b\n    - certificate: b.crt\n      use: current  # soon\n      key: b.key\nacl: []\n"
            ),
        ),
        (
            "token: {issuer: x, keys: [{certificate: a.crt, key: a.key}, {certificate: b.crt, key: b.key, 'use': \"next\"}]}",
            format!(
                "token: {{issuer: x, keys: [{{use: retired, {RETIRED}, certificate: a.crt, key: a.key}}, {{certificate: b.crt, key: b.key, 'use': current}}]}}"
            ),
        ),
        (
            "token:\n  keys:\n  -\n    name: ü\n    use: current\n  - {name: b}\n",
            format!("token:\n  keys:\n  -\n    {RETIRED}\n    name: ü\n    use: retired\n  - {{use: current, name: b}}\n"),
        ),
        (
            "token:\r\n  keys:\r\n  - name: a\r\n  - name: b\r\n",
            format!("token:\r\n  keys:\r\n  - use: retired\r\n    {RETIRED}\r\n    name: a\r\n  - use: current\r\n    name: b\r\n"),
        ),
        (
            "token:\n  keys:\n  - {name: a, use: current, retired_at: 2020-01-01}\n  - name: b\n",
            "token:\n  keys:\n  - {name: a, use: retired, retired_at: 2026-11-18T11:06:40Z}\n  - use: current\n    name: b\n"
                .to_owned(),
        ),
    ] {
        assert_eq!(edited(text, &rotation()), Ok(new), "{text}");
    }
}

#[test]
fn what_stands_elsewhere_too_is_left_alone() {
    for (text, why) in [
        ("x-a: &a {name: a}\ntoken:\n  keys: [*a, {name: b}]\n", Unclear::Shared),
        ("token:\n  keys: [&a {name: a}, {name: b}]\nx-b: *a\n", Unclear::Shared),
        ("x-a: &a {key: a}\ntoken:\n  keys: [{<<: *a, name: a}, {name: b}]\n", Unclear::Shared),
        ("x-a: &a [{name: a}, {name: b}]\ntoken:\n  keys: *a\n", Unclear::Shared),
        ("x-a: &a {keys: [{name: a}, {name: b}]}\ntoken: *a\n", Unclear::Shared),
        ("x-a: &a {keys: [{name: a}, {name: b}]}\ntoken: {<<: *a}\n", Unclear::Shared),
        ("x-a: &a next\ntoken:\n  keys: [{name: a}, {name: b, use: *a}]\n", Unclear::Shared),
        ("token:\n  keys: [{name: a}, {name: b, use: &a next}]\nx: *a\n", Unclear::Shared),
        ("token:\n  keys: [{name: a}, {name: b, use: '${env:USE}'}]\n", Unclear::FromEnvironment),
        ("token:\n  keys: [{name: a}, {name: b, use: }]\n", Unclear::Layout),
        ("token:\n  keys:\n  - ? name\n    : a\n  - name: b\n", Unclear::Layout),
        ("token:\n  keys: [{name: a}]\n", Unclear::Layout),
        ("token:\n  keys: {name: a}\n", Unclear::Layout),
        ("token: [\n", Unclear::Layout),
    ] {
        assert_eq!(edited(text, &rotation()), Err(why), "{text}");
    }
}

#[test]
fn an_item_goes_with_its_lines() {
    for (text, position, new) in [
        ("token:\n  keys:\n  - {name: a}\n  - {name: b} # b\n", 1, "token:\n  keys:\n  - {name: a}\n"),
        (
            "token:\n  keys:\n  - name: a\n    key: a\n  # b\n  - name: b\nx: 1\n",
            0,
            "token:\n  keys:\n  # b\n  - name: b\nx: 1\n",
        ),
        (
            "token:\n  keys:\n  - name: b\n  -\n    name: a\n    services:\n    - x\n\nx: 1\n",
            1,
            "token:\n  keys:\n  - name: b\n\nx: 1\n",
        ),
        ("token: {keys: [{name: a}, {name: b}]}\n", 0, "token: {keys: [{name: b}]}\n"),
        ("token: {keys: [{name: a}, {name: b}]}\n", 1, "token: {keys: [{name: a}]}\n"),
        ("token: {keys: [\n  {name: a},  # a\n  {name: b},\n]}\n", 1, "token: {keys: [\n  {name: a},\n]}\n"),
    ] {
        let Ok(made) = edited(text, &drops(position)) else { panic!("{text}") };
        assert_eq!(made, new, "{text}");
    }
    let anchored = "token:\n  keys:\n  - name: b\n  - name: &a a\nx: *a\n";
    assert_eq!(edited(anchored, &drops(1)), Err(Unclear::Layout), "somebody else names what goes");
}

/// How an item is written.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of the one who writes")]
struct Written {
    flow: bool,
    broken: bool,
    own_line: bool,
    quoted: bool,
    comment: bool,
    says: Option<KeyRole>,
    first: usize,
    services: bool,
}

fn written() -> impl Strategy<Value = Written> {
    let role = prop_oneof![
        Just(None),
        Just(Some(KeyRole::Current)),
        Just(Some(KeyRole::Next)),
        Just(Some(KeyRole::Retired))
    ];
    (any::<[bool; 6]>(), role, 0..4_usize).prop_map(
        |([flow, broken, own_line, quoted, comment, services], says, first)| Written {
            flow,
            broken,
            own_line,
            quoted,
            comment,
            says,
            first,
            services,
        },
    )
}

impl Written {
    fn entries(&self, number: usize) -> Vec<String> {
        let quote = |text: String| if self.quoted { format!("\"{text}\"") } else { text };
        let mut entries = vec![
            format!("name: {}", quote(format!("k{number}"))),
            format!("certificate: {}", quote(format!("ü {number}.crt"))),
            format!("key: {}", quote(format!("{number}.key"))),
        ];
        entries.extend(self.says.map(|role| format!("use: {}", quote(role.to_string()))));
        let at = self.first % entries.len();
        entries.rotate_left(at);
        if self.services {
            entries.push("services: [a, b]".to_owned());
        }
        entries
    }

    fn write(&self, text: &mut String, indent: &str, in_flow: bool, number: usize) {
        let entries = self.entries(number);
        let comment = |of: usize| {
            if self.comment { format!("   # note {number} {of}") } else { String::new() }
        };
        if in_flow || self.flow {
            let inside = if self.broken {
                let lines: Vec<String> = entries
                    .iter()
                    .enumerate()
                    .map(|(of, entry)| format!("\n{indent}    {entry},{}", comment(of)))
                    .collect();
                format!("{}\n{indent}  ", lines.concat())
            } else {
                entries.join(", ")
            };
            let dash = if in_flow { "" } else { "- " };
            let end = if in_flow { "," } else { "" };
            *text += &format!("{indent}{dash}{{{inside}}}{end}\n");
            return;
        }
        for (of, entry) in entries.iter().enumerate() {
            let head = match (of, self.own_line) {
                (0, false) => format!("{indent}- "),
                (0, true) => format!("{indent}-\n{indent}  "),
                _ => format!("{indent}  "),
            };
            *text += &format!("{head}{entry}{}\n", comment(of));
            if self.broken {
                *text += "\n";
            }
        }
    }
}

fn text_of(items: &[Written], indent: usize, in_flow: bool, crlf: bool) -> String {
    let mut text = "# head\nserver: {addr: x}\n\ntoken:   # what signs\n  issuer: 'a: b'\n  keys:".to_owned();
    let indent = " ".repeat(2 + indent);
    text += if in_flow { " [\n" } else { "\n" };
    for (number, item) in items.iter().enumerate() {
        text += &format!("{indent}# of {number}\n");
        item.write(&mut text, &indent, in_flow, number);
    }
    text += if in_flow { "  ]\n" } else { "" };
    text += "  expiration: 300 # s\nacl:\n- {match: {}, actions: ['*']}\n";
    if crlf { text.replace('\n', "\r\n") } else { text }
}

fn roles_in(text: &str) -> Vec<(String, Option<String>, Option<String>)> {
    let root = yaml::parse("", text, &mut Vec::new()).unwrap();
    let keys = &root.get("token").unwrap().value.get("keys").unwrap().value;
    let of = |item: &Node, key: &str| item.get(key).map(|entry| entry.value.as_text().unwrap().to_owned());
    let items = keys.items().unwrap().iter();
    items.map(|item| (of(item, "name").unwrap(), of(item, "use"), of(item, "retired_at"))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_the_layout_the_roles_change_and_nothing_else(
        items in prop::collection::vec(written(), 2..5),
        indent in 0..4_usize,
        in_flow: bool,
        crlf: bool,
    ) {
        let text = text_of(&items, indent, in_flow, crlf);
        let before = roles_in(&text);
        let new = edited(&text, &rotation());
        prop_assert!(new.is_ok(), "{text}");
        let new = new.unwrap();
        let after = roles_in(&new);
        prop_assert_eq!(&after[0].1, &Some("retired".to_owned()));
        prop_assert_eq!(&after[0].2, &Some(then().to_string()));
        prop_assert_eq!(&after[1].1, &Some("current".to_owned()));
        prop_assert_eq!(&after[2..], &before[2..]);
        // Comments stay, in their order, and so does all that is not of the two items.
        let comments = |text: &str| text.lines().filter_map(|line| line.split_once('#')).map(|(_, said)| said.to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(comments(&text), comments(&new));
        prop_assert_eq!(text.matches("\r\n").count() * usize::from(crlf), text.lines().count() * usize::from(crlf));
        prop_assert_eq!(new.contains('\r'), crlf);
        prop_assert!(!crlf || !new.replace("\r\n", "").contains('\n'));
        let lines = changed(&text, &new);
        prop_assert!(lines.matches(" - ").count() <= 8 && lines.lines().count() <= 10, "{}", lines);
        // And back: where the word stood before, the text is what it was.
        if items[1].says == Some(KeyRole::Next) && !items[1].quoted {
            let one = |role| BTreeMap::from([(1, Change::Use(role, None))]);
            let there = edited(&text, &one(KeyRole::Current)).unwrap();
            prop_assert_eq!(edited(&there, &one(KeyRole::Next)).unwrap(), text);
        }
    }

    #[test]
    fn an_item_is_taken_away_whole(
        items in prop::collection::vec(written(), 2..5),
        indent in 0..4_usize,
        in_flow: bool,
        which in 0..4_usize,
    ) {
        let text = text_of(&items, indent, in_flow, false);
        let which = which % items.len();
        let new = edited(&text, &drops(which));
        prop_assert!(new.is_ok(), "{text}");
        let mut left = roles_in(&text);
        left.remove(which);
        prop_assert_eq!(roles_in(&new.unwrap()), left);
    }

    /// Whatever the text is, what comes of it says what was wanted, or nothing comes of it.
    #[test]
    fn never_panics(text in "(token:\n  keys:\n)?([-?:{}\\[\\],&*!|>'\"# a\n]{0,60})") {
        if let Ok(new) = edited(&text, &rotation()) {
            prop_assert!(yaml::parse("", &new, &mut Vec::new()).is_ok());
        }
    }
}
