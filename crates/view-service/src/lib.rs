//! All projections of one scope in one process: projector, rows, read API, pages.

mod view;
pub use view::{Status, View, ViewError};

mod lag;

mod project;

mod mend;

mod codes;
pub use codes::codes_of;

mod replay;
pub use replay::{RebuildReport, Step, VerifyReport};

mod reads;

mod answer;

mod public;

mod query;

mod recorder;

mod described;

mod records;

mod page;
pub use page::problem_pages;

mod routes;
pub use routes::{Views, routes};
