//! Gates, as they are shown.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::gate::{Gate, GateRules};
use townclerk_domain::names::Code;
use townclerk_domain::text::Text;
use townclerk_views::kept::Kept;

use super::list::{Beside, Listable};

#[derive(Serialize, JsonSchema)]
pub(super) struct GateShown {
    /// Whether it was made up for a demonstration.
    sample: bool,
    title: Text,
    project: Code,
    /// When it was set.
    set: Timestamp,
    requires: Vec<RequirementShown>,
    /// From when on it lets changes through; null while something is not complete.
    opened: Option<Timestamp>,
    lifted: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
struct RequirementShown {
    code: Code,
    text: Text,
    met: Option<Timestamp>,
}

impl Listable for GateRules {
    type Shown = GateShown;

    const PLURAL: &'static str = "gates";

    fn shown(kept: &Kept<Gate>, _: &Beside) -> GateShown {
        let opened = kept.stands.opened();
        let Gate {
            set,
            set_at,
            met,
            lifted,
        } = kept.stands.clone();
        let requires = set.requires.into_iter().map(|required| RequirementShown {
            met: met.get(&required.code).copied(),
            code: required.code,
            text: required.text,
        });
        GateShown {
            sample: kept.sample,
            title: set.title,
            project: set.project,
            set: set_at,
            requires: requires.collect(),
            opened,
            lifted,
        }
    }
}
