//! Why a directory gave no answer.

use std::fmt;

use dockgate_api::BackendError;

/// A result code (RFC 4511 section 4.1.9).
const NO_SUCH_OBJECT: u32 = 32;

/// What went wrong between us and one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no connection, or it broke before the answer: another connection, or another server, may do.
    Unreachable(String),
    /// No answer within the time that the operation has.
    Late(String),
    /// The server answered the operation with a result code other than success (RFC 4511 section 4.1.9).
    Refused {
        /// The result code.
        code: u32,
        /// Its diagnostic message: the directory's words, never for a client.
        text: String,
    },
    /// What it sent is no answer to what was asked.
    Nonsense(String),
}

impl Failure {
    /// The same, saying at which server.
    pub(crate) fn at(self, server: &impl fmt::Display) -> Self {
        match self {
            Self::Unreachable(detail) => Self::Unreachable(format!("{server}: {detail}")),
            Self::Late(detail) => Self::Late(format!("{server}: {detail}")),
            Self::Nonsense(detail) => Self::Nonsense(format!("{server}: {detail}")),
            Self::Refused { code, text } => Self::Refused { code, text },
        }
    }

    /// The same of a search: most servers say nothing but the code of what they have not, or do not show.
    pub(crate) fn below(self, base: &str) -> Self {
        let Self::Refused { code, text } = self else { return self };
        let hint = match code {
            NO_SUCH_OBJECT => "there is no such entry, or whoever searches may not see it: correct the base",
            _ => "",
        };
        let said = [hint, &text].into_iter().filter(|part| !part.is_empty());
        let said: Vec<String> = said.map(|part| format!(": {part}")).collect();
        Self::Refused { code, text: format!("search below `{base}`{}", said.concat()) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(detail) | Self::Late(detail) | Self::Nonsense(detail) => f.write_str(detail),
            Self::Refused { code, text } if text.is_empty() => write!(f, "refused with result code {code}"),
            Self::Refused { code, text } => write!(f, "refused with result code {code}: {text}"),
        }
    }
}

impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(detail) => Self::Unavailable(detail),
            Failure::Late(detail) => Self::Timeout(detail),
            Failure::Refused { .. } | Failure::Nonsense(_) => Self::Protocol(failure.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_search_says_where() {
        let refused =
            |code, text: &str| Failure::Refused { code, text: text.to_owned() }.below("dc=x").to_string();
        assert_eq!(
            refused(32, ""),
            "refused with result code 32: search below `dc=x`: there is no such entry, or whoever searches may not see it: \
             correct the base"
        );
        assert_eq!(refused(50, "no"), "refused with result code 50: search below `dc=x`: no");
        let late = Failure::Late("no answer".to_owned());
        assert_eq!(late.clone().below("dc=x"), late);
    }
}
