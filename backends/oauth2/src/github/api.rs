//! What GitHub's REST API is asked (docs.github.com/rest).

use dockgate_api::secrecy::{ExposeSecret as _, SecretString};
use dockgate_api::{BackendError, Call, HttpClient as _, HttpRequest, HttpResponse, Reason, ReasonCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::flow::{Failure, Provider, below, header, next_page, read_json, said};

/// The API as it was on that day.
const VERSION: &str = "2022-11-28";
/// Of a list, with 100 on each.
const MOST_PAGES: usize = 20;
/// The longest name that is believed, in bytes.
const LONGEST_NAME: usize = 255;

/// The API for one token.
pub(super) struct Api<'a> {
    pub(super) provider: &'a Provider,
    pub(super) base: &'a Url,
    pub(super) cx: &'a Call,
    pub(super) token: &'a SecretString,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) login: String,
}

#[derive(Deserialize)]
struct Membership {
    state: String,
    organization: Organization,
}

#[derive(Deserialize)]
struct Organization {
    login: String,
}

/// A team of an organization.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TeamName {
    pub(super) organization: String,
    pub(super) slug: String,
}

#[derive(Deserialize)]
struct ListedTeam {
    slug: String,
    organization: Organization,
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Team {
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Parent {
    slug: String,
}

impl Api<'_> {
    pub(super) async fn user(&self) -> Result<User, Failure> {
        let answer = self.get(&below(self.base, ["user"])).await?;
        if answer.status == 403 && said(&answer).is_some_and(|text| text.contains("suspended")) {
            let detail = "the account is suspended at GitHub";
            return Err(Reason::new(ReasonCode::Disabled, detail).into());
        }
        let user: User = self.read("who somebody is", &answer)?;
        plain(&user.login)?;
        Ok(user)
    }

    /// The organization as GitHub spells it, or why the person is no member.
    pub(super) async fn member(&self, organization: &str) -> Result<Result<String, Reason>, Failure> {
        let answer = self.get(&below(self.base, ["user", "memberships", "orgs", organization])).await?;
        let not_member = |detail: String| Ok(Err(Reason::new(ReasonCode::NotMember, detail)));
        match answer.status {
            404 => return not_member(format!("no member of the organization {organization}")),
            403 => return Ok(Err(closed(&answer, organization))),
            _ => {}
        }
        let membership: Membership = self.read("whether somebody is a member", &answer)?;
        if membership.state != "active" {
            return not_member(format!(
                "the membership in {organization} is not active: accept the invitation"
            ));
        }
        let name = membership.organization.login;
        if !name.eq_ignore_ascii_case(organization) {
            let detail = format!("GitHub was asked of the organization {organization} and told of another");
            return Err(BackendError::Protocol(detail).into());
        }
        plain(&name)?;
        Ok(Ok(name))
    }

    /// Every organization of which the person is an active member.
    pub(super) async fn organizations(&self) -> Result<Vec<String>, Failure> {
        let mut url = below(self.base, ["user", "memberships", "orgs"]);
        url.query_pairs_mut().append_pair("state", "active").append_pair("per_page", "100");
        let listed: Vec<Membership> = self.pages("the organizations of somebody", url).await?;
        let active = listed.into_iter().filter(|membership| membership.state == "active");
        active.map(|membership| plain(&membership.organization.login).map(str::to_owned)).collect()
    }

    /// The teams of which the person is a member, each with its parent.
    pub(super) async fn teams(&self) -> Result<Vec<(TeamName, Option<TeamName>)>, Failure> {
        let mut url = below(self.base, ["user", "teams"]);
        url.query_pairs_mut().append_pair("per_page", "100");
        let listed: Vec<ListedTeam> = self.pages("the teams of somebody", url).await?;
        let named = listed.into_iter().map(|team| {
            let organization = team.organization.login;
            let parent = team.parent.map(|parent| named(&organization, parent.slug));
            Ok((named(&organization, team.slug)?, parent.transpose()?))
        });
        named.collect()
    }

    /// The parent of a team; none of one that is not to be seen.
    pub(super) async fn parent(&self, team: &TeamName) -> Result<Option<TeamName>, Failure> {
        let url = below(self.base, ["orgs", &team.organization, "teams", &team.slug]);
        let answer = self.get(&url).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let read: Team = self.read("what a team is", &answer)?;
        read.parent.map(|parent| named(&team.organization, parent.slug)).transpose()
    }

    async fn pages<T: DeserializeOwned>(&self, what: &str, first: Url) -> Result<Vec<T>, Failure> {
        let (mut listed, mut url) = (Vec::new(), first);
        for _ in 0..MOST_PAGES {
            let answer = self.get(&url).await?;
            let page: Vec<T> = self.read(what, &answer)?;
            listed.extend(page);
            let next = next_page(&answer.headers, self.base)
                .map_err(|why| BackendError::Protocol(format!("GitHub answered {what}: {why}")))?;
            let Some(next) = next else { return Ok(listed) };
            url = next;
        }
        let detail = format!("GitHub has more than {MOST_PAGES} pages of {what}");
        Err(BackendError::Protocol(detail).into())
    }

    async fn get(&self, url: &Url) -> Result<HttpResponse, Failure> {
        let mut request = HttpRequest::new("GET", url.as_str());
        let token = format!("Bearer {}", self.token.expose_secret());
        for (name, value) in [
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", VERSION),
            ("user-agent", "dockgate"),
            ("authorization", &token),
        ] {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
        let answer = self.provider.send(self.cx, request).await?;
        match answer.status {
            401 | 403 | 404 if said(&answer).is_none() => {
                let status = answer.status;
                let detail = format!("something in front of GitHub's API answered with status {status}");
                Err(BackendError::Protocol(detail).into())
            }
            401 => Err(Failure::Lapsed),
            _ => Ok(answer),
        }
    }

    /// Reads an answer to something that the token must be good for.
    fn read<T: DeserializeOwned>(&self, what: &str, answer: &HttpResponse) -> Result<T, Failure> {
        match answer.status {
            200 => Ok(read_json(self.provider.title(), what, answer)?),
            403 if is_single_sign_on(answer) => Err(closed(answer, "ORGANIZATION").into()),
            status @ (403 | 404) => {
                let cure =
                    "the app needs the scope `read:org`, or for a GitHub App the permission Members: read";
                Err(BackendError::Protocol(format!("GitHub answered {what} with {status}: {cure}")).into())
            }
            status @ 301..=308 => {
                let cure = "was an organization renamed? Write its name of today";
                Err(BackendError::Protocol(format!("GitHub answered {what} with {status}: {cure}")).into())
            }
            status => Err(BackendError::Protocol(format!("GitHub answered {what} with {status}")).into()),
        }
    }
}

fn named(organization: &str, slug: String) -> Result<TeamName, Failure> {
    plain(organization)?;
    plain(&slug)?;
    Ok(TeamName { organization: organization.to_owned(), slug })
}

/// Names that could be taken for others, or for two, are none of GitHub's.
fn plain(name: &str) -> Result<&str, Failure> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/:\\?#%".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains(odd) || matches!(name, "." | "..") {
        return Err(BackendError::Protocol("GitHub answered with an impossible name".to_owned()).into());
    }
    Ok(name)
}

/// Why an organization says nothing to the app.
fn closed(answer: &HttpResponse, organization: &str) -> Reason {
    let detail = if is_single_sign_on(answer) {
        format!(
            "{organization} wants its single sign-on first: open /orgs/{organization}/sso at GitHub, sign in there, and \
             then here again"
        )
    } else {
        format!(
            "{organization} does not let the app ask: an owner of the organization has to approve it, under \
             Settings, Third-party Access"
        )
    };
    Reason::new(ReasonCode::Forbidden, detail)
}

fn is_single_sign_on(answer: &HttpResponse) -> bool {
    header(&answer.headers, "x-github-sso").is_some()
}
