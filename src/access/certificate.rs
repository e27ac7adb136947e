//! A client certificate, alone or beside a password.

use dockgate_api::{Call, ClientCertificate, Credential, Decision, Identity, Login};

use super::refusal::NotIdentified;
use super::{Access, Question, admitted};

impl Access {
    /// Who a client is that may have shown a certificate.
    ///
    /// A certificate that a link takes says whose the request is, and whoever else the request claims to be must be the same.
    /// A password beside it must hold as well: then it is the password's link that vouches, within the certificate's time and
    /// bounds. A certificate that no link takes counts for nothing.
    pub(super) async fn identify_client(
        &self,
        cx: &Call,
        question: &Question,
    ) -> Result<Identity, NotIdentified> {
        let (login, standing) = (&question.login, question.standing);
        let Some(certificate) = &login.certificate else { return self.let_in(cx, login, standing).await };
        let alone = by_itself(login, Credential::ClientCertificate(ClientCertificate::clone(certificate)));
        let verdict = self.authn.identify(cx, &alone).await?;
        if matches!(verdict.decision, Decision::NoMatch) {
            return match login.credential {
                // A name without a proof is a claim, and nobody in particular.
                Credential::None => self.identify(cx, &by_itself(login, Credential::None)).await,
                _ => self.let_in(cx, login, standing).await,
            };
        }
        let certified = admitted(cx, verdict)?;
        if !login.account.is_empty() && login.account != certified.account {
            return Err(NotIdentified::Differs);
        }
        if !login.has_proof() {
            return Ok(certified);
        }
        let identity = self.let_in(cx, login, standing).await?;
        // A link may know the account under another spelling.
        if identity.account == certified.account {
            Ok(within(identity, certified))
        } else {
            Err(NotIdentified::Differs)
        }
    }
}

/// A login of the same client that claims no account.
fn by_itself(login: &Login, credential: Credential) -> Login {
    Login::new("", credential).from_ip(login.client_ip).for_service(login.service.clone())
}

/// An identity that also ends where another does, under its restrictions too.
fn within(mut identity: Identity, other: Identity) -> Identity {
    identity.expires_at = [identity.expires_at, other.expires_at].into_iter().flatten().min();
    identity.restrictions.extend(other.restrictions);
    identity
}
