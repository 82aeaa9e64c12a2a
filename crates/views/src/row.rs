//! The row of an aggregate: its timeline, and whether any of it was made up for a demonstration.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use townclerk_domain::timeline::Timeline;

use crate::rows::RowsError;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<F> {
    pub sample: bool,
    pub timeline: Timeline<F>,
}

impl<F> Default for Row<F> {
    fn default() -> Self {
        Self {
            sample: false,
            timeline: Timeline::default(),
        }
    }
}

impl<F: Serialize + DeserializeOwned> Row<F> {
    pub fn encode(&self) -> Result<Vec<u8>, RowsError> {
        postcard::to_stdvec(self).map_err(damaged)
    }

    pub fn decode(value: &[u8]) -> Result<Self, RowsError> {
        postcard::from_bytes(value).map_err(damaged)
    }
}

pub(crate) fn damaged(error: postcard::Error) -> RowsError {
    RowsError::Damaged {
        family: "timeline",
        why: error.to_string(),
    }
}
