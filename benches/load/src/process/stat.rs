/// What one process says of itself (proc(5), `/proc/PID/stat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) parent: u32,
    /// User and system time, its own and that of children that it has waited for.
    pub(super) ticks: u64,
}

impl Stat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The second field is a name in parentheses, which may itself hold blanks and parentheses.
        let (_, after) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let parent = u32::try_from(number(1)?).ok()?;
        let ticks = (11..=14).map(number).sum::<Option<u64>>()?;
        Some(Self { parent, ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::Stat;

    #[test]
    fn user_system_and_children_are_added() {
        let line = "4711 (a (b) c) S 42 4711 4711 0 -1 4194304 900 0 1 0 1000 200 30 4 20 0 9 0 77 88 99 0 0";
        assert_eq!(Stat::parse(line), Some(Stat { parent: 42, ticks: 1234 }));
        assert_eq!(Stat::parse("4711 (short) S 42"), None);
        assert_eq!(Stat::parse(""), None);
    }
}
