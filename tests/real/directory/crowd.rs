//! Ten thousand people in a thousand groups, as LDIF.
//!
//! `user00000` … `user09999` are in one team each: number N in `team{N % 900}`. Ten teams are a department, ten
//! departments a division; `everyone` holds all people.

use std::fmt::Write as _;

pub(crate) const USERS: usize = 10_000;
pub(crate) const TEAMS: usize = 900;
pub(crate) const DEPARTMENTS: usize = TEAMS / 10;
pub(crate) const DIVISIONS: usize = DEPARTMENTS / 10;
/// With the one that holds all.
pub(crate) const GROUPS: usize = TEAMS + DEPARTMENTS + DIVISIONS + 1;

pub(crate) fn account(number: usize) -> String {
    format!("user{number:05}")
}

pub(crate) fn password(number: usize) -> String {
    format!("{}-pass", account(number))
}

/// The groups that hold somebody, from the nearest up; `everyone` last.
pub(crate) fn groups_of(number: usize) -> [String; 4] {
    let team = number % TEAMS;
    [team_name(team), department_name(team / 10), division_name(team / 100), "everyone".to_owned()]
}

/// The people, below `base`.
pub(crate) fn people(base: &str) -> String {
    let mut ldif = String::new();
    for number in 0..USERS {
        let (account, password) = (account(number), password(number));
        write!(
            ldif,
            "dn: uid={account},{base}\nobjectClass: inetOrgPerson\nuid: {account}\ncn: User {number}\nsn: {number}\n\
             mail: {account}@example.test\nuserPassword: {password}\n\n"
        )
        .unwrap();
    }
    ldif
}

/// The groups, below `base`, of the people below `people`.
pub(crate) fn groups(base: &str, people: &str) -> String {
    let person = |number: usize| format!("uid={},{people}", account(number));
    let group = |name: String| format!("cn={name},{base}");
    let mut ldif = String::new();
    for team in 0..TEAMS {
        add(&mut ldif, base, &team_name(team), (team..USERS).step_by(TEAMS).map(person));
    }
    for department in 0..DEPARTMENTS {
        let teams = (department * 10..department * 10 + 10).map(team_name).map(group);
        add(&mut ldif, base, &department_name(department), teams);
    }
    for division in 0..DIVISIONS {
        let departments = (division * 10..division * 10 + 10).map(department_name).map(group);
        add(&mut ldif, base, &division_name(division), departments);
    }
    add(&mut ldif, base, "everyone", (0..USERS).map(person));
    ldif
}

fn add(ldif: &mut String, base: &str, name: &str, members: impl Iterator<Item = String>) {
    write!(ldif, "dn: cn={name},{base}\nobjectClass: groupOfNames\ncn: {name}\n").unwrap();
    for member in members {
        writeln!(ldif, "member: {member}").unwrap();
    }
    ldif.push('\n');
}

fn team_name(number: usize) -> String {
    format!("team{number:03}")
}

fn department_name(number: usize) -> String {
    format!("department{number:02}")
}

fn division_name(number: usize) -> String {
    format!("division{number}")
}
