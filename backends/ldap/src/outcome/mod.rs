//! What the answer to a bind says of the account.

mod code;
mod password_policy;
#[cfg(test)]
mod tests;
mod words;

use dockgate_api::{BackendError, Reason, ReasonCode};

use crate::account::is_unprintable;
use crate::wire::BindAnswer;
use password_policy::{Policy, Trouble};

/// Characters of a directory's text that go on to the log.
const SHOWN: usize = 256;

/// What became of a bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// The password is right and the account may log in. The note is for the log: the password expires soon, or the like.
    Accepted { note: Option<String> },
    /// It may not: a wrong password, or an account that is locked, disabled or expired.
    Refused(Reason),
    /// Nothing is known of the password.
    Unusable(BackendError),
}

/// Judges the answer to a bind with a user's password.
///
/// Result codes are those of RFC 4511 appendix A.2; texts are those of Active Directory, Samba, 389 Directory Server, FreeIPA
/// and eDirectory; controls are those of draft-behera-ldap-password-policy-10 and draft-vchu-ldap-pwd-policy-00. An answer of
/// which it is not certain that it speaks of the account is [`Judged::Unusable`].
pub(crate) fn judge(answer: &BindAnswer) -> Judged {
    let policy = match Policy::read(&answer.controls) {
        Ok(policy) => policy,
        // An account that must not log in could hide behind it.
        Err(detail) if answer.code == code::SUCCESS => {
            return Judged::Unusable(BackendError::Protocol(detail.to_owned()));
        }
        Err(_) => Policy::default(),
    };
    let refused = |code, what: &str| Judged::Refused(Reason::new(code, described(answer, what)));
    let of_policy = policy.trouble.map(|trouble| match trouble {
        Trouble::Expired => (ReasonCode::Expired, "the password has expired"),
        Trouble::Locked => (ReasonCode::Locked, "the account is locked"),
        Trouble::MustChange => (ReasonCode::Expired, "the password must be changed first"),
    });
    match answer.code {
        code::SUCCESS => match of_policy {
            Some((code, what)) => refused(code, what),
            None => Judged::Accepted { note: policy.note() },
        },
        code::INVALID_CREDENTIALS => {
            let of_text = words::of_windows(&answer.text);
            if let Some(words::Meaning::Unavailable(what)) = of_text {
                return Judged::Unusable(BackendError::Unavailable(described(answer, what)));
            }
            let of_text =
                of_text.or_else(|| words::of_others(&answer.text)).and_then(words::Meaning::refusal);
            let (code, what) = of_policy.or(of_text).unwrap_or((ReasonCode::BadCredentials, ""));
            refused(code, what)
        }
        code::NO_SUCH_OBJECT | code::INVALID_DN_SYNTAX => {
            refused(ReasonCode::BadCredentials, "there is no such name to bind with")
        }
        code::INAPPROPRIATE_AUTHENTICATION => {
            refused(ReasonCode::BadCredentials, "the entry has no password to bind with")
        }
        code::CONSTRAINT_VIOLATION | code::INSUFFICIENT_ACCESS_RIGHTS => {
            let of_text = words::of_others(&answer.text).and_then(words::Meaning::refusal);
            let (code, what) =
                of_policy.or(of_text).unwrap_or((ReasonCode::Forbidden, "the directory lets it not bind"));
            refused(code, what)
        }
        code::UNWILLING_TO_PERFORM => {
            let of_text = words::of_others(&answer.text).and_then(words::Meaning::refusal);
            // 389 Directory Server calls whom it has deactivated locked, but for the text.
            match of_text.or(of_policy) {
                Some((code, what)) => refused(code, what),
                None => Judged::Unusable(BackendError::Protocol(described(answer, ""))),
            }
        }
        _ => Judged::Unusable(unusable(answer)),
    }
}

/// Whether the answer says that there is no entry of the name, or that it is no name.
pub(crate) fn is_of_name(answer: &BindAnswer) -> bool {
    matches!(answer.code, code::NO_SUCH_OBJECT | code::INVALID_DN_SYNTAX)
}

fn unusable(answer: &BindAnswer) -> BackendError {
    match answer.code {
        code::STRONGER_AUTH_REQUIRED | code::CONFIDENTIALITY_REQUIRED => BackendError::Protocol(described(
            answer,
            "the directory takes passwords over TLS only: set `tls: starttls`, or `tls: always` with the port for it",
        )),
        code::AUTH_METHOD_NOT_SUPPORTED => BackendError::Protocol(described(
            answer,
            "the directory takes no simple binds: they must be allowed there",
        )),
        code::REFERRAL => BackendError::Protocol(described(
            answer,
            "another server has the entry: search where it is, or give the address of a server that has all",
        )),
        code::TIME_LIMIT_EXCEEDED => BackendError::Timeout(described(answer, "")),
        code::ADMIN_LIMIT_EXCEEDED | code::BUSY | code::UNAVAILABLE => {
            BackendError::Unavailable(described(answer, ""))
        }
        _ => BackendError::Protocol(described(answer, "")),
    }
}

/// `invalidCredentials (49): the account is locked: the directory's text`
fn described(answer: &BindAnswer, what: &str) -> String {
    let mut detail = format!("{} ({})", code::name(answer.code), answer.code);
    let text: String =
        answer.text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).take(SHOWN).collect();
    for more in [what, text.trim()] {
        if !more.is_empty() {
            detail.push_str(": ");
            detail.push_str(more);
        }
    }
    detail
}
