use serde::Serialize;

/// The claims of a registry token (distribution, `docs/content/spec/auth/jwt.md`). Times are whole seconds since
/// the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims<'a> {
    /// Equals the registry's configured issuer.
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    /// The account; empty for anonymous.
    #[serde(rename = "sub")]
    pub subject: &'a str,
    /// The registry's service name: one string, since registry 2.x refuses a list.
    #[serde(rename = "aud")]
    pub audience: &'a str,
    /// Not valid before this time.
    #[serde(rename = "nbf")]
    pub not_before: u64,
    /// When the token was made.
    #[serde(rename = "iat")]
    pub issued_at: u64,
    /// Not valid from this time on.
    #[serde(rename = "exp")]
    pub expires_at: u64,
    /// Names this token in the audit log.
    #[serde(rename = "jti")]
    pub jwt_id: &'a str,
    /// One entry for each resource asked for, in the order of the request.
    pub access: &'a [ResourceActions<'a>],
}

/// What is granted on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceActions<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    name: &'a str,
    actions: Vec<&'a str>,
}

impl<'a> ResourceActions<'a> {
    /// The granted actions on the resource of that kind (`repository`, `registry`) and name. They are sorted and
    /// doubles dropped; without any the entry says `[]`. An empty class is none.
    pub fn new(
        kind: &'a str,
        class: Option<&'a str>,
        name: &'a str,
        actions: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut actions: Vec<&str> = actions.into_iter().collect();
        actions.sort_unstable();
        actions.dedup();
        Self { kind, class: class.filter(|class| !class.is_empty()), name, actions }
    }

    /// The resource's type.
    pub(super) fn kind(&self) -> &str {
        self.kind
    }

    /// The resource's class, if it has one.
    pub(super) fn class(&self) -> Option<&str> {
        self.class
    }

    /// The resource's name.
    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// The granted actions, sorted.
    pub(super) fn actions(&self) -> &[&str] {
        &self.actions
    }
}

#[cfg(test)]
mod tests {
    use super::{Claims, ResourceActions};

    #[test]
    fn exactly_the_claims_that_registries_read() {
        let access = [
            ResourceActions::new("repository", None, "team/app", ["push", "pull", "push"]),
            ResourceActions::new("repository", Some("plugin"), "team/\"odd\"", []),
            ResourceActions::new("registry", Some(""), "catalog", ["*"]),
        ];
        let claims = Claims {
            issuer: "iss",
            subject: "",
            audience: "svc",
            not_before: 90,
            issued_at: 90,
            expires_at: 400,
            jwt_id: "id",
            access: &access,
        };
        assert_eq!(
            serde_json::to_string(&claims).unwrap(),
            concat!(
                r#"{"iss":"iss","sub":"","aud":"svc","nbf":90,"iat":90,"exp":400,"jti":"id","access":["#,
                r#"{"type":"repository","name":"team/app","actions":["pull","push"]},"#,
                r#"{"type":"repository","class":"plugin","name":"team/\"odd\"","actions":[]},"#,
                r#"{"type":"registry","name":"catalog","actions":["*"]}]}"#
            )
        );
    }
}
