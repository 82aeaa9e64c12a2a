//! How many requests of each tool are being answered.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, PoisonError};

use townclerk_app::http::Problem;
use townclerk_domain::names::LogName;

/// Requests of one tool that are answered at a time.
const REQUESTS_OF_A_TOOL_MAX: usize = 8;

/// By log and partner.
#[derive(Default)]
pub(super) struct Requests(Mutex<Counts>);

type Counts = BTreeMap<(LogName, String), usize>;

/// A request that is being answered.
pub(super) struct Admitted<'a> {
    counts: &'a Mutex<Counts>,
    owner: (LogName, String),
}

impl Requests {
    /// Lets one more request of a tool in.
    ///
    /// # Errors
    /// The problem, where as many as may are being answered.
    pub fn admit(&self, log: &LogName, partner: &str) -> Result<Admitted<'_>, Problem> {
        let owner = (log.clone(), partner.to_owned());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tool = counts.entry(owner.clone()).or_default();
        if *of_tool >= REQUESTS_OF_A_TOOL_MAX {
            let why = format!(
                "{REQUESTS_OF_A_TOOL_MAX} requests of {partner} are being answered: wait for an \
                 answer before you send the next"
            );
            return Err(Problem::unavailable(why));
        }
        *of_tool += 1;
        Ok(Admitted {
            counts: &self.0,
            owner,
        })
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = counts.entry(self.owner.clone()) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
