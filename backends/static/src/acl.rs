//! `acl`: an access control list in the configuration file.

mod docker_auth;
mod findings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dockgate_api::config::Located;
use dockgate_api::{
    AccessRequest, Answer, Authorizer, BuildContext, BuildError, Call, Configure, Dialect, Granted,
    async_trait,
};
use dockgate_rules::{Acl, DoubleStar, Regexes, Rule, RuleConfig};
use schemars::JsonSchema;
use serde::Deserialize;

use docker_auth::Differences;
use findings::{Place, never_granted, unknown_backend};

/// The `acl` section: rules in the order in which they are tried.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AclConfig {
    rules: Vec<Located<RuleConfig>>,
}

impl Configure<dyn Authorizer> for AclConfig {
    fn build(self, cx: &BuildContext) -> Result<Arc<dyn Authorizer>, BuildError> {
        let double_star = match cx.dialect() {
            Dialect::DockerAuth => DoubleStar::PlainStar,
            Dialect::Native => DoubleStar::CrossesSlash,
        };
        let regexes = Regexes::default();
        let mut errors = BuildError::none();
        let mut rules = Vec::with_capacity(self.rules.len());
        let mut places = Vec::with_capacity(self.rules.len());
        let mut differences = (cx.dialect() == Dialect::DockerAuth).then(Differences::default);
        for Located { location, index, value: config } in self.rules {
            let mut warnings = never_granted(&config, &location);
            let backend = config.conditions.backend.as_ref().map(|backend| backend.location.clone());
            let place = format!("{}:{}", location.file, location.line);
            let item = findings::item(index);
            if let Some(differences) = &mut differences {
                differences.look(&config, &location, &item);
            }
            match Rule::compile(config, place, double_star, &mut warnings) {
                Ok(rule) => {
                    warnings.extend(unknown_backend(&rule, backend, cx.identity_links(), &regexes));
                    rules.push(rule);
                    places.push(Place { location, index });
                }
                Err(remarks) => {
                    for remark in remarks {
                        errors.add(remark.below(&item));
                    }
                }
            }
            for remark in warnings {
                cx.warn(remark.below(&item));
            }
        }
        for remark in findings::ends(&rules, &places, cx.clock().now()) {
            cx.warn(remark);
        }
        for remark in differences.map(Differences::told).unwrap_or_default() {
            cx.note(remark);
        }
        if errors.is_empty() { Ok(Arc::new(StaticAcl(Acl::new(rules)))) } else { Err(errors) }
    }
}

struct StaticAcl(Acl);

#[async_trait]
impl Authorizer for StaticAcl {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.0.decide(cx, request)
    }
}
