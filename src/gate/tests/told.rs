//! What a registry is told of who came, whatever accounts and groups are called.

use axum::http::{HeaderMap, HeaderName};
use dockgate_api::{LabelValue, Labels};
use proptest::prelude::*;

use crate::gate::identity::{IdentityHeaders, Told};

fn decoded(value: &str) -> String {
    // A plus sign stands for itself.
    let pair = format!("value={}", value.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().unwrap().1.into_owned()
}

proptest! {
    #[test]
    fn identities_are_told_so_that_they_can_be_read_in_one_way(
        account in any::<String>(),
        groups in prop::collection::vec(".{0,80}|[ -~]{0,40}|[,%\r\n\u{0}é]{1,8}", 0..40),
    ) {
        let [user, told] = ["x-auth-user", "x-auth-groups"].map(HeaderName::from_static);
        let headers = vec![(user.clone(), Told::Account), (told.clone(), Told::Label("groups".to_owned()))];
        let mut labels = Labels::new();
        for group in &groups {
            labels.add("groups", LabelValue::Literal(group.clone()));
        }
        let mut answer = HeaderMap::new();
        IdentityHeaders::new(headers).write(&account, &labels, &mut answer);
        let [user, told] = [user, told].map(|name| answer[name].to_str().unwrap().to_owned());
        prop_assert!(user.bytes().chain(told.bytes()).all(|byte| byte.is_ascii_graphic()), "{user} {told}");
        prop_assert!(!user.contains(','));
        prop_assert_eq!(decoded(&user), account);
        prop_assert!(told.len() <= 2048, "{}", told.len());
        let values: Vec<String> = told.split(',').map(decoded).collect();
        let known: Vec<&str> = labels.values("groups").iter().map(LabelValue::as_str).collect();
        if known.is_empty() {
            prop_assert_eq!(told, "");
        } else {
            let are_whole = values.iter().zip(&known).all(|(value, known)| value == known);
            prop_assert!(are_whole, "{told}");
            prop_assert!(values.len() == known.len() || values.len() < known.len() && told.len() > 1000);
        }
    }
}
