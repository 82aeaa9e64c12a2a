//! What one page shows, before it is written.

use townclerk_views::figure::Figure;
use townclerk_views::figures::Audience;
use townclerk_views::measure::Measure;

use super::asking::{Asking, Claimed, Figures};
use super::basis::{Rests, rests};
use super::chart::Chart;
use super::published;
use super::table::Table;
use super::tables::Headlines;
use super::topic::Topic;

pub struct Content {
    pub topic: Topic,
    /// Whom the page is for.
    pub audience: Audience,
    pub rests: Rests,
    pub headlines: Option<Headlines>,
    pub parts: Vec<Part>,
    /// The measures whose rules the page explains.
    pub counted: Vec<Measure>,
    /// What a page about a single record says of itself instead of its topic.
    pub own: Option<Own>,
}

/// The name and address of a page about a single record, and of the same as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    pub title: String,
    pub lead: &'static str,
    pub path: String,
    pub json: String,
}

/// What stands one below the other.
pub enum Part {
    Table(Table),
    Chart(Chart),
    Words(Words),
}

/// Something that is said in sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub id: &'static str,
    pub title: String,
    pub sentences: Vec<String>,
}

impl Part {
    pub fn id(&self) -> &str {
        match self {
            Self::Table(table) => table.id,
            Self::Chart(chart) => &chart.id,
            Self::Words(words) => words.id,
        }
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Table(table) => &table.caption,
            Self::Chart(chart) => &chart.title,
            Self::Words(words) => &words.title,
        }
    }

    /// Lists of records, for those who may read them; for others the reason why there are none.
    pub fn records(asking: &Asking<'_>, lists: impl FnOnce() -> Vec<Table>) -> Vec<Self> {
        match asking.records {
            true => lists().into_iter().map(Self::Table).collect(),
            false => vec![Self::Words(Words {
                id: "records",
                title: "The records themselves".to_owned(),
                sentences: vec![
                    match asking.signed_in {
                        false => {
                            "The single records behind these figures are for those who sign in."
                        }
                        true => "The single records behind these figures are not open to you.",
                    }
                    .to_owned(),
                ],
            })],
        }
    }

    /// Published figures beside ours; nothing where there are none.
    pub fn published(claimed: &[Claimed]) -> Option<Self> {
        (!claimed.is_empty()).then(|| Self::Table(published::claims(claimed)))
    }
}

impl Content {
    /// A page whose figures of the whole scope are `main`; `others` stand on it too.
    pub fn of(
        asking: &Asking<'_>,
        topic: Topic,
        main: &Figures,
        others: &[&Figures],
        claimed: &[Claimed],
    ) -> Self {
        let summed: Vec<&Figure> = main.iter().collect();
        let ours = claimed.iter().filter_map(|claimed| claimed.ours.as_ref());
        let others = others.iter().flat_map(|figures| figures.iter());
        let all: Vec<&Figure> = summed.iter().copied().chain(others).chain(ours).collect();
        Self {
            topic,
            audience: asking.audience,
            rests: rests(asking, topic, &summed, &all),
            headlines: None,
            parts: Vec::new(),
            counted: Vec::new(),
            own: None,
        }
    }
}
