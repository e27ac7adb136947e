//! `acl`: an access control list in the configuration file.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use dockgate_api::config::{KeyPath, Located, Location, Remark};
use dockgate_api::{
    AccessRequest, Answer, Authorizer, BuildContext, BuildError, Call, Configure, Dialect, Granted,
    async_trait,
};
use dockgate_rules::{Acl, DoubleStar, Rule, RuleConfig};
use schemars::JsonSchema;
use serde::Deserialize;

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
        let mut errors = BuildError::none();
        let mut rules = Vec::with_capacity(self.rules.len());
        for Located { location, index, value: config } in self.rules {
            let mut warnings = never_granted(&config, &location);
            let place = format!("{}:{}", location.file, location.line);
            let item = index.map_or_else(KeyPath::root, |index| KeyPath::root().item(index));
            match Rule::compile(config, place, double_star, &mut warnings) {
                Ok(rule) => rules.push(rule),
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
        if errors.is_empty() { Ok(Arc::new(StaticAcl(Acl::new(rules)))) } else { Err(errors) }
    }
}

/// Grants that no registry can use: it asks for `pull` with every push, and for `*` on the catalog.
fn never_granted(rule: &RuleConfig, location: &Location) -> Vec<Remark> {
    let has = |action: &str| rule.actions.iter().any(|given| given == action);
    let on_catalog = rule.conditions.kind.as_ref().is_some_and(|kind| kind.value == "registry");
    let mut messages = Vec::new();
    if has("push") && !has("pull") && !has("*") && !on_catalog {
        messages.push(
            "a registry asks for `pull` along with `push`: a push under this rule alone fails; add `pull`",
        );
    }
    if on_catalog && !has("*") && !rule.actions.is_empty() {
        messages.push("a registry asks for `*` on its catalog: nothing less helps; write `[\"*\"]`");
    }
    if has("*") && rule.actions.len() > 1 {
        messages.push("`*` beside other actions does not mean all of them: write `[\"*\"]` for that");
    }
    let remark = |message: &str| Remark::new(location.clone(), KeyPath::root().key("actions"), message);
    messages.into_iter().map(remark).collect()
}

struct StaticAcl(Acl);

#[async_trait]
impl Authorizer for StaticAcl {
    async fn authorize(&self, cx: &Call, request: &AccessRequest<'_>) -> Answer<Granted> {
        self.0.decide(cx, request)
    }
}
