//! GitHub and GitLab: organizations, teams, groups.

use dockgate_testkit::provider::github::GitHub;
use dockgate_testkit::provider::gitlab::{GitLab, Level};

use super::browser::PUBLIC;
use super::{Asked, Person, SECRET, clock, serve};

fn at(route: &'static str, name: &'static str) -> Person {
    Person { route, name, account: name }
}

fn github_knows(github: &GitHub, client: &str, route: &str) {
    github.follow(clock());
    github.client(client, SECRET, &[&format!("{PUBLIC}{route}")]);
}

/// dana is of the team that may do all; alice is a member without a team, and eve is of a team of that name elsewhere.
/// At the Enterprise Server there are others of the same names.
pub(super) fn github() -> Asked {
    let (public, corp) = (GitHub::start(), GitHub::enterprise());
    github_knows(&public, "Iv1.0123456789abcdef", "/github_auth");
    github_knows(&corp, "0123456789abcdef0123", "/login/corp");
    for name in ["dana", "alice", "eve", "stranger", "invited"] {
        public.user(name);
    }
    public.team("acme", "platform", None);
    public.team("acme", "operators", Some("platform"));
    public.join_team("dana", "acme", "operators");
    public.join("alice", "acme");
    public.join("eve", "acme");
    public.team("platform", "owners", None);
    public.team("globex", "platform", None);
    public.join_team("eve", "platform", "owners");
    public.join_team("eve", "globex", "platform");
    public.join("stranger", "globex");
    public.invite("invited", "acme");
    for name in ["dana", "hubot", "carol", "stranger"] {
        corp.user(name);
    }
    corp.team("platform", "owners", None);
    corp.team("acme", "platform", None);
    corp.join_team("hubot", "platform", "owners");
    corp.join("carol", "web");
    corp.join("dana", "web");
    corp.join_team("dana", "acme", "platform");
    let lines = [
        (
            "      organization: \"acme\"",
            format!(
                "      organization: \"acme\"\n      github_web_uri: \"{}\"\n      github_api_uri: \"{}\"",
                public.server().url(),
                public.api_url()
            ),
        ),
        ("https://github.corp.example.com", corp.server().url()),
    ];
    let (site, server) = serve("github.yml", &lines, &[]);
    let (here, there) = ("/github_auth", "/login/corp");
    Asked {
        server,
        _site: site,
        providers: vec![
            (here, Box::new(move |url, name| public.sign_in(url, name))),
            (there, Box::new(move |url, name| corp.sign_in(url, name))),
        ],
        grants: vec![
            (at(here, "dana"), "repository:acme/web/app:delete,pull,push", "delete,pull,push"),
            (at(here, "dana"), "repository:internal/app:pull", ""),
            (at(here, "dana"), "registry:catalog:*", ""),
            (at(here, "alice"), "repository:acme/web/app:delete,pull,push", "pull"),
            (at(here, "alice"), "repository:acme:pull", ""),
            (at(here, "alice"), "repository:internal/app:pull", ""),
            (at(here, "eve"), "repository:acme/app:delete,pull,push", "pull"),
            (at(here, "eve"), "repository:internal/app:pull,push", ""),
            (at(there, "hubot"), "repository:internal/a/b:delete,pull,push", "delete,pull,push"),
            (at(there, "hubot"), "repository:acme/app:pull", ""),
            (at(there, "carol"), "repository:internal/a/b:delete,pull,push", "pull"),
            // The name of somebody else, and the name of their team.
            (at(there, "dana"), "repository:acme/app:pull,push", ""),
            (at(there, "dana"), "repository:internal/app:pull,push", "pull"),
        ],
        strangers: vec![at(here, "stranger"), at(here, "invited"), at(there, "stranger")],
        chief: at(here, "dana"),
    }
}

/// dana develops in one group and is a guest above it; alice is a guest, and eve owns a group elsewhere.
pub(super) fn gitlab() -> Asked {
    let gitlab = GitLab::start();
    gitlab.follow(clock());
    let route = "/gitlab_auth";
    gitlab.client("0123456789abcdef", SECRET, &[&format!("{PUBLIC}{route}")]);
    for name in ["dana", "alice", "eve", "below", "stranger"] {
        gitlab.user(name);
    }
    gitlab.join("dana", "acme", Level::Guest);
    gitlab.join("dana", "acme/web", Level::Developer);
    gitlab.join("alice", "acme", Level::Guest);
    gitlab.join("eve", "acme", Level::Guest);
    gitlab.join("eve", "evil", Level::Owner);
    gitlab.join("below", "acme/web", Level::Owner);
    gitlab.join("stranger", "globex", Level::Owner);
    let lines = [("https://gitlab.example.com", gitlab.server().url())];
    let (site, server) = serve("gitlab.yml", &lines, &[]);
    Asked {
        server,
        _site: site,
        providers: vec![(route, Box::new(move |url, name| gitlab.sign_in(url, name)))],
        grants: vec![
            (at(route, "dana"), "repository:acme/web/app:delete,pull,push", "pull,push"),
            (at(route, "dana"), "repository:acme/ops/app:pull,push", "pull"),
            (at(route, "dana"), "repository:acme/webs/app:pull,push", "pull"),
            (at(route, "dana"), "repository:globex/app:pull", ""),
            (at(route, "alice"), "repository:acme/web/app:pull,push", "pull"),
            (at(route, "alice"), "repository:acmes/app:pull,push", ""),
            (at(route, "eve"), "repository:acme/web/app:push", ""),
            (at(route, "eve"), "repository:any/app:pull,push", ""),
            (at(route, "eve"), "registry:catalog:*", ""),
        ],
        strangers: vec![at(route, "below"), at(route, "stranger")],
        chief: at(route, "dana"),
    }
}
