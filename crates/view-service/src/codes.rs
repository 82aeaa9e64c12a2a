//! Which codes the records of a log have, for those who record: a view knows, and no other part does.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use townclerk_app::command::RecordedCodes;
use townclerk_domain::dimension::Dimension;
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::figures::recorded_codes;

use crate::reads::Stop;
use crate::routes::Views;
use crate::view::View;

/// The codes in the rows of the views that a process serves. It keeps no view open.
struct CodesOfViews(Vec<(Scope, Weak<View>)>);

/// Reads the codes of each log from a view of it.
pub fn codes_of(views: &Views) -> Arc<dyn RecordedCodes> {
    let views = views.iter();
    let views = views.map(|view| (view.scope().clone(), Arc::downgrade(view)));
    Arc::new(CodesOfViews(views.collect()))
}

impl RecordedCodes for CodesOfViews {
    fn of(&self, log: &LogName, dimension: Dimension) -> Option<BTreeSet<String>> {
        let (_, view) = self.0.iter().find(|(scope, _)| scope.reads(log))?;
        let view = view.upgrade().filter(|view| view.unreadable().is_none())?;
        // It is advice: a command waits for nobody who reads or writes this view.
        let never = Stop::default();
        let rows = view.until(&never);
        let read = || rows.with_reading_now(|reading| recorded_codes(reading, log, dimension));
        match tokio::task::block_in_place(read)? {
            Ok(codes) => Some(codes),
            Err(error) => {
                tracing::warn!(%log, %error, "the codes of a log cannot be read just now");
                None
            }
        }
    }
}
