//! Whose certificate is this?

use std::time::{Duration, SystemTime};

use dockgate_api::{
    Answer, Authenticator, Call, ClientCertificate, Credential, Decision, Identity, LabelValue, Labels,
    Login, Reason, ReasonCode, async_trait,
};
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

use crate::account::{AccountRule, Found};
use crate::field::Field;
use crate::issuers::Issuers;

/// Reads certificates that the door has verified.
#[derive(Debug)]
pub(crate) struct MtlsAuth {
    pub(crate) account: AccountRule,
    /// Label names, and where their values stand.
    pub(crate) labels: Vec<(String, Field)>,
    /// Without them every authority of the door will do.
    pub(crate) issuers: Option<Issuers>,
}

#[async_trait]
impl Authenticator for MtlsAuth {
    async fn authenticate(&self, cx: &Call, login: &Login) -> Answer<Identity> {
        let Credential::ClientCertificate(certificate) = &login.credential else {
            return Ok(Decision::NoMatch);
        };
        let decision = self.read(cx, certificate);
        Ok(match decision {
            Decision::Allow(identity) if !login.account.is_empty() && login.account != identity.account => {
                Decision::Deny(Reason::bad_credentials("the certificate is another account's"))
            }
            decision => decision,
        })
    }
}

impl MtlsAuth {
    fn read(&self, cx: &Call, certificate: &ClientCertificate) -> Decision<Identity> {
        let denied = |why: &str| Decision::Deny(Reason::bad_credentials(why));
        let Ok((rest, parsed)) = X509Certificate::from_der(&certificate.der) else {
            return denied("the certificate cannot be read");
        };
        if !rest.is_empty() {
            return denied("something follows the certificate");
        }
        if self.issuers.as_ref().is_some_and(|issuers| !issuers.issued(&certificate.der, cx.now())) {
            cx.note(|| "issued by none of the authorities in `ca`".to_owned());
            return Decision::NoMatch;
        }
        let account = match self.account.find(&parsed) {
            Found::Account(account) => account,
            Found::Nothing => {
                cx.note(|| "the certificate has no such name".to_owned());
                return Decision::NoMatch;
            }
            Found::Impossible(why) => return denied(why),
        };
        // The connection, or the session that a client comes back to, may be older than that.
        let validity = parsed.validity();
        let (Some(begins), Some(ends)) = (moment(validity.not_before), moment(validity.not_after)) else {
            return denied("the certificate's time cannot be read");
        };
        if cx.now() < begins || cx.now() >= ends {
            return Decision::Deny(Reason::new(
                ReasonCode::Expired,
                "the certificate is not valid at this time",
            ));
        }
        match self.labels(&parsed) {
            Ok(labels) => {
                Decision::Allow(Identity::new(account).with_labels(labels).with_expires_at(Some(ends)))
            }
            Err(why) => denied(why),
        }
    }

    fn labels(&self, certificate: &X509Certificate<'_>) -> Result<Labels, &'static str> {
        let mut labels = Labels::new();
        for (name, field) in &self.labels {
            for value in field.values(certificate)? {
                labels.add(name.clone(), LabelValue::Literal(value));
            }
        }
        Ok(labels)
    }
}

fn moment(time: ASN1Time) -> Option<SystemTime> {
    let seconds = time.timestamp();
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
