//! The numbers of users and groups.

use std::path::Path;

use dockgate_api::config::Problem;
use rustix::fs::{Gid, Uid};

use crate::config::server::{Named, SocketOptions};

/// Who shall own a socket file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owners {
    pub(super) user: Option<Uid>,
    pub(super) group: Option<Gid>,
}

impl Owners {
    pub(super) fn of(options: &SocketOptions) -> Result<Self, Problem> {
        let number = |named: &Option<Named>, list: &Path, kind: &str| {
            named.as_ref().map(|named| number_of(named, list, kind)).transpose()
        };
        Ok(Self {
            user: number(&options.owner, Path::new("/etc/passwd"), "user")?.map(Uid::from_raw),
            group: number(&options.group, Path::new("/etc/group"), "group")?.map(Gid::from_raw),
        })
    }
}

/// Names are looked up in the machine's own list: to ask a directory would be to wait for it.
fn number_of(named: &Named, list: &Path, kind: &str) -> Result<u32, Problem> {
    let name = named.name.as_str();
    let refuse = |message| Problem::new(named.name.location.clone(), named.path.clone(), message);
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        // All ones means "leave it as it is" to the system.
        let number = name.parse().ok().filter(|number| *number != u32::MAX);
        return number.ok_or_else(|| refuse(format!("this is larger than any number of a {kind}")));
    }
    let list_name = list.display();
    let text = std::fs::read(list).map_err(|error| {
        refuse(format!("cannot look up this {kind} in {list_name} ({error}): write its number"))
    })?;
    listed(&String::from_utf8_lossy(&text), name).ok_or_else(|| {
        refuse(format!(
            "there is no such {kind} in {list_name}: make it, or write its number if it is known elsewhere"
        ))
    })
}

/// `NAME:PASSWORD:NUMBER:…`, a line for each (`passwd(5)`, `group(5)`).
fn listed(list: &str, name: &str) -> Option<u32> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole() {
        let list = "root:x:0:0:root:/root:/bin/sh\nbroken\nwww:x:none:\nwww-data:x:33:\n";
        for (name, number) in [
            ("root", Some(0)),
            ("www-data", Some(33)),
            ("www", None),
            ("broken", None),
            ("", None),
            ("nobody", None),
        ] {
            assert_eq!(listed(list, name), number, "{name}");
        }
    }
}
