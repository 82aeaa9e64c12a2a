//! Pages as HTML: everything is escaped by the templates.

use askama::Template;
use townclerk_views::contributions::Basis;
use townclerk_views::measure::Measure;

use super::basis::{self, Rests};
use super::gather::{Gathered, MEASURES};
use super::table::Table;
use super::tables::{self, Headline};
use super::words;

/// What stands around every page.
#[derive(Clone, Debug)]
pub struct Frame {
    pub pages: Vec<PageLink>,
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
    /// Whether this caller may read it; otherwise it leads to the form to sign in.
    pub readable: bool,
    pub current: bool,
}

#[derive(Template)]
#[template(path = "view.html")]
struct ViewPage {
    frame: Frame,
    name: String,
    path: String,
    rests: Rests,
    headlines: Option<(String, Vec<Headline>)>,
    tables: Vec<Table>,
    as_at: String,
    known_at: String,
    /// Whether the page was asked for a moment.
    is_past: bool,
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

pub fn view_page(frame: Frame, gathered: &Gathered) -> Result<String, askama::Error> {
    let Gathered {
        scope,
        asked,
        registry,
        ..
    } = gathered;
    let written = |moment: Option<jiff::Timestamp>| moment.map(|at| at.to_string());
    let counted = |measure: Measure| Counted {
        title: measure.title(),
        cohort: measure.cohort(),
    };
    let page = ViewPage {
        frame,
        name: words::scope_name(scope, registry),
        path: format!("/{scope}"),
        rests: basis::rests(gathered),
        headlines: tables::headlines(gathered),
        tables: tables::tables(gathered),
        as_at: written(asked.as_at).unwrap_or_default(),
        known_at: written(asked.known_at).unwrap_or_default(),
        is_past: *asked != Basis::default(),
        counted: MEASURES.map(counted).into_iter().collect(),
        json: format!("/v1/views/{scope}/figures{}", basis_query('?', *asked)),
    };
    page.render()
}

pub fn home_page(frame: Frame) -> Result<String, askama::Error> {
    HomePage { frame }.render()
}

pub fn sign_in_page(mut frame: Frame) -> Result<String, askama::Error> {
    frame.form_above = false;
    SignInPage { frame }.render()
}

/// The moments as the part of an address that begins with `first`; empty where none is asked for.
pub fn basis_query(first: char, asked: Basis) -> String {
    let pairs = [("as_at", asked.as_at), ("known_at", asked.known_at)];
    let pairs = pairs
        .into_iter()
        .filter_map(|(name, moment)| moment.map(|moment| format!("{name}={moment}")));
    let joined = pairs.collect::<Vec<_>>().join("&");
    match joined.is_empty() {
        true => joined,
        false => format!("{first}{joined}"),
    }
}
