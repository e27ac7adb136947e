//! In which order the servers of records are asked.

use super::Record;

/// The places of records in the order in which they are asked: by priority, and within one at random, by weight (RFC 2782,
/// "Usage rules"). `draw` gives a number up to a bound, the bound included.
pub(super) fn arrange(records: &[Record], mut draw: impl FnMut(u64) -> u64) -> Vec<usize> {
    let mut left: Vec<(usize, &Record)> = records.iter().enumerate().collect();
    // Those without weight first: then they have a small chance instead of none.
    left.sort_by_key(|(_, record)| (record.priority, record.weight != 0));
    let mut arranged = Vec::with_capacity(left.len());
    while let Some(priority) = left.first().map(|(_, record)| record.priority) {
        let same = left.iter().take_while(|(_, record)| record.priority == priority);
        let total = same.map(|(_, record)| u64::from(record.weight)).sum();
        let drawn = draw(total);
        let mut sum = 0;
        let reaches = |(_, record): &(usize, &Record)| {
            sum += u64::from(record.weight);
            sum >= drawn
        };
        let chosen = left.iter().position(reaches).unwrap_or(0);
        arranged.push(left.remove(chosen).0);
    }
    arranged
}

/// Whether a name is a domain or lies below it.
pub(super) fn lies_below(name: &str, domain: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let before = name.strip_suffix(&domain);
    !domain.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(priority: u16, weight: u16) -> Record {
        Record { priority, weight, target: "dc.example.test".to_owned(), port: 389 }
    }

    proptest! {
        #[test]
        fn every_record_is_there_once_and_priorities_never_fall(
            records in proptest::collection::vec((0..4_u16, prop_oneof![Just(0), 0..=u16::MAX]), 0..12),
            draws in proptest::collection::vec(any::<u64>(), 12),
        ) {
            let records: Vec<_> = records.into_iter().map(|(priority, weight)| record(priority, weight)).collect();
            let mut draws = draws.into_iter();
            let arranged = arrange(&records, |bound| draws.next().unwrap() % (bound + 1));
            let mut places = arranged.clone();
            places.sort_unstable();
            prop_assert_eq!(places, (0..records.len()).collect::<Vec<_>>());
            prop_assert!(arranged.is_sorted_by_key(|place| records[*place].priority));
        }
    }

    #[test]
    fn weights_are_chances() {
        let records = [record(0, 0), record(0, 30), record(0, 70)];
        // Every number that can be drawn for the first place, once.
        let mut first = [0; 3];
        for drawn in 0..=100 {
            let mut draws = [drawn, 0, 0].into_iter();
            first[arrange(&records, |_| draws.next().unwrap())[0]] += 1;
        }
        assert_eq!(first, [1, 30, 70]);
        let equal = [record(5, 0), record(5, 0)];
        assert_eq!(arrange(&equal, |_| 0), [0, 1]);
    }

    #[test]
    fn a_target_must_lie_below_the_domain() {
        for (name, domain, below) in [
            ("dc1.corp.example.test", "corp.example.test", true),
            ("DC1.Corp.Example.Test.", "corp.example.test", true),
            ("corp.example.test", "corp.example.test.", true),
            ("evilcorp.example.test", "corp.example.test", false),
            ("dc1.example.test", "corp.example.test", false),
            ("corp.example.test.evil.test", "corp.example.test", false),
            ("dc1.corp.example.test", "", false),
        ] {
            assert_eq!(lies_below(name, domain), below, "{name} below {domain}");
        }
    }
}
