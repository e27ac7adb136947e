use super::*;

#[test]
fn a_leaf_is_renewed_when_a_third_of_its_life_is_left() {
    let (_dir, keys) = made();
    let first = keys.current(day(9), TOKEN).unwrap();
    assert_eq!(first.leaf.leaf().not_after(), day(14));
    assert!(first.renew_at > day(9) && first.renew_at < day(10));

    let second = keys.current(first.renew_at, TOKEN).unwrap();
    assert_ne!(second.leaf.leaf().der(), first.leaf.leaf().der());
    assert_eq!(second.leaf.leaf().not_after(), first.renew_at + 14 * DAY);
    assert_eq!(worst(&second), Some(Severity::Info), "{}", texts(&second));
    let previous: Vec<&[u8]> = second.previous.iter().map(crate::token::Certificate::der).collect();
    assert_eq!(previous, [first.leaf.leaf().der()]);
    assert_eq!(
        second.previous[0].public_key().unwrap().spki(),
        first.leaf.public_key().spki(),
        "a JWKS document can go on naming it"
    );
    // Until it has ended.
    assert_eq!(keys.current(day(15), TOKEN).unwrap().previous.len(), 0);
    // Just before it is due, nothing happens.
    let (_dir, keys) = made();
    let early = first.renew_at - Duration::from_secs(1);
    assert_eq!(keys.current(early, TOKEN).unwrap().leaf.leaf().not_after(), day(14));
}

#[test]
fn no_token_outlives_the_leaf_that_signs_it() {
    for longest in [Duration::from_secs(60), TOKEN, DAY, 3 * DAY, LONGEST_TOKEN] {
        let (_dir, keys) = made();
        let mut now = day(0);
        while now < day(120) {
            let current = keys.current(now, longest).unwrap();
            assert!(current.renew_at > now && current.renew_at <= now + DAY);
            let last_signature = current.renew_at;
            assert!(last_signature + longest < current.leaf.leaf().not_after(), "{longest:?} at {now:?}");
            now = current.renew_at;
        }
    }
}

#[test]
fn longer_tokens_renew_earlier() {
    let (_dir, keys) = made();
    let before = keys.current(day(3), LONGEST_TOKEN).unwrap();
    assert_eq!(before.leaf.leaf().not_after(), day(14));
    let after = keys.current(day(4), LONGEST_TOKEN).unwrap();
    assert_eq!(after.leaf.leaf().not_after(), day(18));
}

/// A registry that was given the bundle once every three years never refuses a token.
#[test]
fn over_twenty_years_every_leaf_is_trusted_by_the_bundle_of_three_years_before() {
    let (dir, keys) = made();
    let mut bundles: Vec<(u32, String)> = Vec::new();
    let mut issuers: Vec<String> = Vec::new();
    for number in (0..20 * YEAR).step_by(7) {
        let now = day(number);
        let current = keys.current(now, TOKEN).unwrap();
        assert!(current.leaf.leaf().not_after() > now + TOKEN);
        assert!(worst(&current) < Some(Severity::Error), "{}", texts(&current));
        let bundle = read(dir.path(), Entry::Bundle);
        assert_eq!(bundle, current.bundle_pem);
        let then = number.saturating_sub(3 * YEAR);
        let old = bundles.iter().rev().find(|(day, _)| *day <= then).map_or(&bundle, |(_, bundle)| bundle);
        assert!(trusts(old, &current.leaf, now), "on day {number}");
        assert!(trusts(&bundle, &current.leaf, now));
        // Leaves that were issued before a switch are in use elsewhere perhaps.
        for previous in &current.previous {
            assert!(current.authorities.iter().any(|ca| previous.is_issued_by(ca)));
        }
        let ca = current.authorities.iter().find(|ca| current.leaf.leaf().is_issued_by(ca)).unwrap();
        if issuers.last().map(String::as_str) != Some(ca.subject()) {
            issuers.push(ca.subject().to_owned());
        }
        if bundles.last().map(|(_, last)| last) != Some(&bundle) {
            bundles.push((number, bundle));
        }
        assert!(current.authorities.len() <= 3);
    }
    assert_eq!(issuers.len(), 4, "the first for nine years, the others for five: {issuers:?}");
}

#[test]
fn the_next_ca_is_announced_and_takes_over() {
    let (dir, keys) = made();
    let announced = keys.current(day(5 * YEAR), TOKEN).unwrap();
    assert_eq!(announced.authorities.len(), 2);
    assert_eq!(read(dir.path(), Entry::Bundle), announced.bundle_pem);
    let text = texts(&announced);
    assert!(text.contains("Warn: the next CA, CN=dockgate signing CA"), "{text}");
    assert!(text.contains("give bundle.pem to every registry before 2036-"), "{text}");
    assert!(announced.leaf.leaf().is_issued_by(&announced.authorities[0]), "the first one issues still");

    // Years of reminders in the log help nobody; the last one does.
    let later = keys.current(day(5 * YEAR + 1), TOKEN).unwrap();
    assert_eq!(worst(&later), Some(Severity::Info), "{}", texts(&later));
    let warned = keys.current(day(8 * YEAR + 100), TOKEN).unwrap();
    assert_eq!(worst(&warned), Some(Severity::Warn), "{}", texts(&warned));

    let switched = keys.current(day(9 * YEAR), TOKEN).unwrap();
    assert!(texts(&switched).contains("has taken over"), "{}", texts(&switched));
    assert_eq!(switched.authorities[0], announced.authorities[1]);
    assert!(switched.leaf.leaf().is_issued_by(&switched.authorities[0]));
    assert_eq!(switched.authorities.len(), 2, "registries go on taking leaves of the old one");
    assert!(!Entry::NextCa.of(dir.path()).exists());
    let ended = keys.current(day(3653), TOKEN).unwrap();
    assert_eq!(ended.authorities.len(), 1);
    assert!(Entry::OldCa.of(dir.path()).exists(), "what has ended by the clock is not deleted");
}

/// Nothing ran for years: a CA that was made today is not switched to today.
#[test]
fn a_late_next_ca_is_given_half_a_year() {
    let (_dir, keys) = made();
    let start = 9 * YEAR + 90;
    let first = keys.current(day(start), TOKEN).unwrap();
    assert_eq!(first.authorities.len(), 2);
    assert!(first.leaf.leaf().is_issued_by(&first.authorities[0]));
    let before = keys.current(day(start + 178), TOKEN).unwrap();
    assert!(before.authorities[0] == first.authorities[0]);
    let after = keys.current(day(start + 182), TOKEN).unwrap();
    assert_eq!(after.authorities[0], first.authorities[1]);
}

#[test]
fn the_next_ca_is_made_and_switched_to_by_hand() {
    let (dir, keys) = made();
    assert!(matches!(keys.switch_ca(day(1), true), Err(ManagedError::NoNextCa(_))));
    let first = keys.current(day(1), TOKEN).unwrap();
    let next = keys.publish_next_ca(day(1)).unwrap();
    assert_eq!(next.published, day(1));
    assert_eq!(next.bundle_pem, read(dir.path(), Entry::Bundle));
    let shown = keys.publish_next_ca(day(2)).unwrap_err().to_string();
    assert!(shown.contains("a next CA already, published on 2027-01-1"), "{shown}");
    let early = keys.switch_ca(day(0), true).unwrap_err();
    assert!(matches!(early, ManagedError::CaNotYetValid { .. }), "{early}");

    let now = keys.switch_ca(day(30), true).unwrap();
    assert_eq!((now.certificate, now.published), (next.certificate, day(1)));
    let current = keys.current(day(30), TOKEN).unwrap();
    assert_eq!(worst(&current), None, "{}", texts(&current));
    assert!(trusts(&next.bundle_pem, &current.leaf, day(30)));
    assert!(!trusts(&first.bundle_pem, &current.leaf, day(30)));

    // A CA that must not be trusted any longer goes with its file.
    assert_eq!(current.authorities.len(), 2);
    fs::remove_file(Entry::OldCa.of(dir.path())).unwrap();
    let current = keys.current(day(30), TOKEN).unwrap();
    assert_eq!(current.authorities.len(), 1);
    assert_eq!(read(dir.path(), Entry::Bundle), current.bundle_pem);
    assert!(!trusts(&read(dir.path(), Entry::Bundle), &first.leaf, day(1)));
}

#[test]
fn a_clock_that_jumps_ahead_destroys_nothing() {
    // The last days of the CA, in which a next one takes over at once, are among them.
    let years = [1, 4, 6, 8, 9, 11, 20, 60].map(|years| years * YEAR);
    for days in years.into_iter().chain([3600, 3624, 3640, 3651, 3652]) {
        let (dir, keys) = made();
        let before = keys.current(day(2), TOKEN).unwrap();
        let kept = cas(dir.path());
        let _ = keys.current(day(days), TOKEN);
        let _ = keys.current(day(days + 1), TOKEN);
        // The clock is right again: registries trust what they trusted.
        let after = keys.current(day(3), TOKEN).unwrap();
        assert!(trusts(&before.bundle_pem, &after.leaf, day(3)), "{days} days");
        assert!(cas(dir.path()).contains(&kept[0]), "{days} days");
        assert!(worst(&after) <= Some(Severity::Warn), "{days} days: {}", texts(&after));
        let settled = keys.current(day(3), TOKEN).unwrap();
        assert_eq!(settled.leaf.leaf().der(), after.leaf.leaf().der());
        assert_eq!(settled.bundle_pem, read(dir.path(), Entry::Bundle));
    }
}

#[test]
fn a_ca_that_has_ended_is_an_error_and_not_replaced() {
    let (dir, keys) = made();
    let kept = cas(dir.path());
    let leaf = read(dir.path(), Entry::Leaf);
    let error = keys.current(day(20 * YEAR), TOKEN).unwrap_err();
    assert!(matches!(error, ManagedError::CaEnded { .. }), "{error}");
    let shown = error.to_string();
    assert!(shown.contains("set the clock if it is wrong; else make new keys"), "{shown}");
    assert!(cas(dir.path()) == kept && read(dir.path(), Entry::Leaf) == leaf);
}

/// Without a battery, clocks begin in 1970.
#[test]
fn a_clock_before_the_ca_changes_nothing() {
    let (dir, keys) = made();
    let before: Vec<String> = [Entry::Ca, Entry::Leaf, Entry::Bundle].map(|e| read(dir.path(), e)).into();
    let current = keys.current(UNIX_EPOCH + DAY, TOKEN).unwrap();
    assert_eq!(worst(&current), Some(Severity::Error), "{}", texts(&current));
    assert!(texts(&current).contains("set the clock"));
    assert!(current.renew_at <= UNIX_EPOCH + DAY + DAY / 24);
    let after: Vec<String> = [Entry::Ca, Entry::Leaf, Entry::Bundle].map(|e| read(dir.path(), e)).into();
    assert!(before == after);
    fs::remove_file(Entry::Leaf.of(dir.path())).unwrap();
    let error = keys.current(UNIX_EPOCH + DAY, TOKEN).unwrap_err();
    assert!(matches!(error, ManagedError::CaNotYetValid { .. }), "{error}");
}

#[test]
fn a_leaf_from_the_future_is_replaced() {
    let (_dir, keys) = made();
    let future = keys.current(day(200), TOKEN).unwrap();
    let now = keys.current(day(5), TOKEN).unwrap();
    assert!(texts(&now).contains("was from the future"), "{}", texts(&now));
    assert_eq!(now.leaf.leaf().not_after(), day(19));
    // A token of it may be under way.
    assert!(now.previous.iter().any(|one| one.der() == future.leaf.leaf().der()));
}

#[test]
fn a_missing_or_damaged_leaf_is_replaced_with_a_warning() {
    let (other, _) = made();
    let (dir, keys) = made();
    let ca = cas(dir.path());
    let foreign = read(other.path(), Entry::Leaf);
    let good = read(dir.path(), Entry::Leaf);
    let cases = [
        (None, "there was no leaf"),
        (Some(""), "is empty"),
        (Some("-----BEGIN"), "is not a PEM file"),
        (Some(&good[..200]), "END line is missing"),
        (Some(foreign.as_str()), "of another CA"),
    ];
    for (content, message) in cases {
        match content {
            Some(content) => fs::write(Entry::Leaf.of(dir.path()), content).unwrap(),
            None => fs::remove_file(Entry::Leaf.of(dir.path())).unwrap(),
        }
        let current = keys.current(day(1), TOKEN).unwrap();
        let text = texts(&current);
        assert!(text.starts_with("Warn") && text.contains(message), "{message}: {text}");
        assert!(trusts(&read(dir.path(), Entry::Bundle), &current.leaf, day(1)));
        assert_eq!(worst(&keys.current(day(1), TOKEN).unwrap()), None, "said once");
    }
    assert_eq!(cas(dir.path()), ca);
}

#[test]
fn the_bundle_is_written_again_when_it_is_lost() {
    let (dir, keys) = made();
    let good = read(dir.path(), Entry::Bundle);
    fs::remove_file(Entry::Bundle.of(dir.path())).unwrap();
    keys.current(day(1), TOKEN).unwrap();
    assert_eq!(read(dir.path(), Entry::Bundle), good);
}

#[test]
fn keys_that_everybody_can_read_are_told() {
    let (dir, keys) = made();
    fs::set_permissions(Entry::Ca.of(dir.path()), fs::Permissions::from_mode(0o644)).unwrap();
    let current = keys.current(day(1), TOKEN).unwrap();
    let text = texts(&current);
    assert!(
        text.starts_with("Warn") && text.contains("ca.key: every user of the machine can read"),
        "{text}"
    );
    fs::set_permissions(Entry::Ca.of(dir.path()), fs::Permissions::from_mode(0o440)).unwrap();
    assert_eq!(worst(&keys.current(day(1), TOKEN).unwrap()), None);
}
