//! Who somebody is (RFC 4513 section 5.1).

use super::answer::{Answer, PASSWORD_POLICY};
use super::dn::Dn;
use super::entries::Entries;
use super::message::Control;
use super::settings::{Anonymous, Settings};

/// A simple bind.
pub(super) struct Asked<'a> {
    pub(super) version: u32,
    pub(super) name: &'a str,
    /// None: something else than a simple bind.
    pub(super) password: Option<&'a [u8]>,
    pub(super) tls: bool,
    pub(super) controls: &'a [Control],
}

/// The answer, and the name of who is bound from now on; nobody where it did not succeed.
pub(super) fn judge(entries: &Entries, settings: &Settings, asked: &Asked<'_>) -> (Answer, String) {
    let (mut answer, dn) = verdict(entries, settings, asked);
    if !asked.controls.iter().any(|control| control.oid == PASSWORD_POLICY) {
        answer.controls.retain(|control| control.oid != PASSWORD_POLICY);
    }
    let who = if answer.code == 0 { dn } else { String::new() };
    (answer, who)
}

fn verdict(entries: &Entries, settings: &Settings, asked: &Asked<'_>) -> (Answer, String) {
    let nobody = String::new();
    if asked.version != 3 {
        return (Answer::code(2).text("only version 3 is spoken here"), nobody);
    }
    let Some(password) = asked.password else {
        return (Answer::code(7).text("only simple binds are known here"), nobody);
    };
    if asked.name.is_empty() {
        return match settings.anonymous {
            Anonymous::Refused => (Answer::code(48).text("anonymous bind disallowed"), nobody),
            Anonymous::Search | Anonymous::Bind => (Answer::success(), nobody),
        };
    }
    if password.is_empty() {
        return (settings.unauthenticated.clone(), nobody);
    }
    if let Some(answer) = settings.confidential.as_ref().filter(|_| !asked.tls) {
        return (answer.clone(), nobody);
    }
    let key = Dn::read(asked.name);
    let entry = entries.named(asked.name).or_else(|| entries.get(key.as_ref()?));
    let Some(entry) = entry else {
        let elsewhere = entries
            .referrals
            .iter()
            .find(|referral| key.as_ref().is_some_and(|key| key.within(&referral.key)));
        return match (elsewhere, key) {
            (Some(referral), _) => (Answer::code(10).referrals(&referral.urls), nobody),
            // Where names other than DNs are known, anything is a name that may be wrong.
            (None, None) if settings.wrong.text.is_empty() => (Answer::code(34).text("invalid DN"), nobody),
            (None, _) => (settings.wrong.clone(), nobody),
        };
    };
    if entry.password.as_deref() == Some(password) {
        (entry.right.clone(), entry.dn.clone())
    } else {
        (entry.wrong.as_ref().unwrap_or(&settings.wrong).clone(), nobody)
    }
}
