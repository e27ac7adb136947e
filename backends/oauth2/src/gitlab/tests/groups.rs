use dockgate_api::ReasonCode;
use serde_json::json;

use super::{acme, groups, lab, listed, page};
use crate::testing::labels;

#[tokio::test]
async fn groups_stand_under_each_level_that_somebody_has() {
    let place = acme();
    groups(&place, 10, &["acme", "acme/web", "labs"]);
    groups(&place, 20, &["labs", "acme/web", "acme"]);
    groups(&place, 30, &["acme/web", "acme"]);
    groups(&place, 40, &["acme/web"]);
    let identity = place.allowed().await.0;
    assert_eq!(labels(&identity, "groups"), ["acme", "acme/web", "labs"]);
    assert_eq!(labels(&identity, "groups_reporter"), ["acme", "acme/web", "labs"]);
    assert_eq!(labels(&identity, "groups_developer"), ["acme", "acme/web"]);
    assert_eq!(labels(&identity, "groups_maintainer"), ["acme/web"]);
    assert_eq!(labels(&identity, "groups_owner"), Vec::<String>::new());
    assert_eq!(identity.labels.len(), 4);
}

#[tokio::test]
async fn nobody_is_asked_about_levels_above_one_that_somebody_has_nowhere() {
    let place = acme();
    groups(&place, 20, &[]);
    place.allowed().await;
    let asked = place.http.take_urls();
    assert!(
        asked.contains(&format!("GET {}", listed(20))) && !asked.contains(&format!("GET {}", listed(30)))
    );
}

#[tokio::test]
async fn the_organization_counts() {
    let place = lab(json!({"organizations": ["Acme/Web", "labs"]}));
    for (found, allowed) in [
        (vec!["acme/web"], true),
        (vec!["others", "labs"], true),
        (vec!["acme"], false),
        (vec!["acme/web/deeper", "acme-web", "web"], false),
        (vec![], false),
    ] {
        groups(&place, 10, &found);
        groups(&place, 20, &[]);
        if allowed {
            place.allowed().await;
        } else {
            assert_eq!(place.denied().await.code, ReasonCode::NotMember, "{found:?}");
        }
    }
}

#[tokio::test]
async fn every_page_is_read_by_its_number_or_by_its_link() {
    let place = acme();
    let (second, third) = (format!("{}&page=2", listed(10)), format!("{}&page=3", listed(10)));
    place.http.on("GET", &listed(10), page(&["acme"], &[("x-next-page", "2")]));
    let link = format!("<{third}>; rel=\"next\"");
    place.http.on("GET", &second, page(&["b"], &[("link", &link)]));
    place.http.on("GET", &third, page(&["c"], &[]));
    assert_eq!(labels(&place.allowed().await.0, "groups"), ["acme", "b", "c"]);
}

#[tokio::test]
async fn a_list_without_end_or_elsewhere_is_none() {
    let place = acme();
    for number in 2..40_u32 {
        let (at, next) = (format!("{}&page={number}", listed(10)), (number + 1).to_string());
        place.http.on("GET", &at, page(&[], &[("x-next-page", &next)]));
    }
    place.http.on("GET", &listed(10), page(&[], &[("x-next-page", "2")]));
    assert!(place.failed().await.to_string().contains("more than 20 pages"));
    for number in ["-1", "2&a=b", "x", " 2"] {
        place.http.on("GET", &listed(10), page(&[], &[("x-next-page", number)]));
        assert!(place.failed().await.to_string().contains("no number"), "{number}");
    }
    place.http.on("GET", &listed(10), page(&[], &[("link", "<https://evil.example.com/>; rel=next")]));
    assert!(place.failed().await.to_string().contains("at another server"));
}

#[tokio::test]
async fn paths_that_could_be_others_are_refused() {
    let place = acme();
    for path in ["", "/", "acme/", "/acme", "a//b", "a b", "a\n", "..", "a/../b", "a:b", "a\u{0}"] {
        groups(&place, 10, &["acme", path]);
        assert!(place.failed().await.to_string().contains("impossible name"), "{path:?}");
    }
}
