//! Pages as HTML: everything is escaped by the templates.

use askama::Template;
use townclerk_domain::names::Scope;
use townclerk_views::basis::Basis;
use townclerk_views::figures::Audience;
use townclerk_views::measure::Measure;
use townclerk_views::registry::Registry;

use super::content::{Content, Part};
use super::topic::{Topic, basis_query};
use super::words;

/// What stands around every page.
#[derive(Clone, Debug)]
pub struct Frame {
    pub pages: Vec<PageLink>,
    /// The pages of the view that is shown; none where none is.
    pub topics: Vec<PageLink>,
    pub signed_in: Option<String>,
    /// Whether the form to sign in stands above the page, where nobody is signed in.
    pub form_above: bool,
    /// Where signing in leads back to.
    pub here: String,
}

#[derive(Clone, Debug)]
pub struct PageLink {
    pub name: String,
    pub href: String,
    pub opens: Opens,
    pub current: bool,
}

/// Whether a page opens to this caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    Now,
    AfterSigningIn,
    /// Anyone who is signed in may not read it.
    NotToYou,
}

impl PageLink {
    pub fn is_closed(&self) -> bool {
        self.opens == Opens::NotToYou
    }

    /// What is said beside its name.
    pub fn aside(&self) -> Option<&'static str> {
        match self.opens {
            Opens::Now => None,
            Opens::AfterSigningIn => Some("sign in"),
            Opens::NotToYou => Some("not open to you"),
        }
    }
}

#[derive(Template)]
#[template(path = "view.html")]
struct ViewPage<'a> {
    frame: Frame,
    name: String,
    lead: &'static str,
    path: String,
    /// The moments that the page was asked for, for the address of another one.
    past: String,
    content: &'a Content,
    as_at: String,
    known_at: String,
    /// Whether the page was asked for a moment.
    is_past: bool,
    /// What is said where a table has no rows.
    nothing: &'static str,
    /// Which moments may be asked for, with an example.
    moments: &'static str,
    counted: Vec<Counted>,
    json: String,
}

struct Counted {
    title: &'static str,
    cohort: &'static str,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
}

/// Where a page stands: whose it is, and the moments that it was asked for.
pub struct Place<'a> {
    pub scope: &'a Scope,
    pub registry: &'a Registry,
    pub asked: Basis,
}

pub fn view_page(
    frame: Frame,
    place: &Place<'_>,
    content: &Content,
) -> Result<String, askama::Error> {
    let Place {
        scope,
        registry,
        asked,
    } = *place;
    let topic = content.topic;
    let name = words::scope_name(scope, registry);
    let written = |moment: Option<jiff::Timestamp>| moment.map(|at| at.to_string());
    let counted = |measure: &Measure| Counted {
        title: measure.title(),
        cohort: measure.cohort(),
    };
    let own = content.own.as_ref();
    let title = own.map_or(topic.title(), |own| &own.title);
    let page = ViewPage {
        frame,
        name: match topic {
            Topic::Tickets => name,
            _ => format!("{title} \u{2013} {name}"),
        },
        lead: own.map_or(topic.lead(), |own| own.lead),
        path: own.map_or_else(|| topic.path(scope.as_str()), |own| own.path.clone()),
        past: basis_query('?', asked),
        as_at: written(asked.as_at).unwrap_or_default(),
        known_at: written(asked.known_at).unwrap_or_default(),
        is_past: asked != Basis::default(),
        nothing: match content.audience {
            Audience::Readers => "There is nothing to show here.",
            Audience::Public => "There is nothing here that everybody is shown.",
        },
        moments: match content.audience {
            Audience::Readers => "a date and time, for example 2020-08-21T23:00:00Z",
            Audience::Public => {
                "the end of a month in London, for example 2020-07-31T23:00:00Z or 2020-12-01T00:00:00Z"
            }
        },
        counted: content.counted.iter().map(counted).collect(),
        json: data(scope, content, asked),
        content,
    };
    page.render()
}

/// The figures of the page as data; those of the page of tickets are all that there are.
fn data(scope: &Scope, content: &Content, asked: Basis) -> String {
    if let Some(own) = &content.own {
        return own.json.clone();
    }
    let measures: Vec<&str> = content.counted.iter().map(|m| m.name()).collect();
    match content.topic {
        Topic::Tickets => format!("/v1/views/{scope}/figures{}", basis_query('?', asked)),
        _ => format!(
            "/v1/views/{scope}/figures?measure={}{}",
            measures.join(","),
            basis_query('&', asked)
        ),
    }
}

pub fn home_page(frame: Frame) -> Result<String, askama::Error> {
    HomePage { frame }.render()
}

pub fn sign_in_page(mut frame: Frame) -> Result<String, askama::Error> {
    frame.form_above = false;
    SignInPage { frame }.render()
}
