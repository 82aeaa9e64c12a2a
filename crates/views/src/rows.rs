//! Rows as projections see them: keys and values, wherever they are stored.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use townclerk_domain::timeline::CorrectionError;

/// What went wrong with the rows themselves; never a matter of what was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    #[error("the store of rows failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("a row is damaged ({family}): {why}")]
    Damaged { family: &'static str, why: String },
    /// Nothing is wrong with the rows: nobody waits for what is read any more.
    #[error("the read was ended before it was done")]
    Stopped,
}

/// No fold lets a correction into a row that does not fit: one that is there is damage.
impl From<CorrectionError> for RowsError {
    fn from(error: CorrectionError) -> Self {
        Self::Damaged {
            family: "timeline",
            why: error.to_string(),
        }
    }
}

/// Looks at a key and its value, and says whether to go on.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, RowsError> + 'a;

/// Read access to rows, ordered by key.
pub trait Rows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError>;

    /// Visits the rows whose key begins with `prefix` and is not less than `from`, in order,
    /// until the visitor breaks.
    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), RowsError>;

    /// Whether a long read over these rows is to go on: asked between its steps.
    ///
    /// # Errors
    /// [`RowsError::Stopped`] where it is not.
    fn go_on(&self) -> Result<(), RowsError> {
        Ok(())
    }
}

/// Rows that a scan visits between two looks whether it is to go on.
const ROWS_BETWEEN_LOOKS: usize = 256;

/// Rows that are read until somebody says stop.
pub struct Stoppable<'a, R> {
    pub rows: &'a R,
    pub stopped: &'a (dyn Fn() -> bool + 'a),
}

impl<R: Rows> Rows for Stoppable<'_, R> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        self.rows.get(key)
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), RowsError> {
        let mut visited = 0;
        self.rows.scan(prefix, from, &mut |key, value| {
            if visited % ROWS_BETWEEN_LOOKS == 0 {
                self.go_on()?;
            }
            visited += 1;
            visit(key, value)
        })
    }

    fn go_on(&self) -> Result<(), RowsError> {
        match (self.stopped)() {
            true => Err(RowsError::Stopped),
            false => Ok(()),
        }
    }
}

/// What a fold changes: new values, or `None` for rows that go.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Rows with changes on top that are not stored yet.
pub struct Overlay<'a, R> {
    base: &'a R,
    changes: Changes,
}

impl<'a, R: Rows> Overlay<'a, R> {
    pub fn new(base: &'a R) -> Self {
        Self {
            base,
            changes: Changes::new(),
        }
    }

    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.base.get(key),
        }
    }

    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, Some(value));
    }

    pub fn delete(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    /// Takes over other changes.
    pub fn extend(&mut self, mut changes: Changes) {
        self.changes.append(&mut changes);
    }

    /// The rows below, without the changes.
    pub fn base(&self) -> &'a R {
        self.base
    }

    pub fn into_changes(self) -> Changes {
        self.changes
    }
}

/// Rows in memory, for rebuilding and for tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryRows(pub BTreeMap<Vec<u8>, Vec<u8>>);

/// No rows: what a history is folded over from its start.
pub static NO_ROWS: MemoryRows = MemoryRows(BTreeMap::new());

/// Keys and values in the order of the keys.
type InOrder<'a> = std::collections::btree_map::Range<'a, Vec<u8>, Vec<u8>>;

impl MemoryRows {
    /// The first and the second half of the rows.
    pub fn halves(&self) -> (InOrder<'_>, InOrder<'_>) {
        let middle = self.0.keys().nth(self.0.len() / 2);
        let middle = middle.cloned().unwrap_or_default();
        (self.0.range(..middle.clone()), self.0.range(middle..))
    }

    pub fn apply(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => self.0.insert(key, value),
                None => self.0.remove(&key),
            };
        }
    }
}

/// The rows that changes make where there were none before.
impl From<Changes> for MemoryRows {
    fn from(changes: Changes) -> Self {
        let rows = changes.into_iter();
        Self(
            rows.filter_map(|(key, value)| Some((key, value?)))
                .collect(),
        )
    }
}

impl Rows for MemoryRows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        Ok(self.0.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], from: &[u8], visit: &mut Visit<'_>) -> Result<(), RowsError> {
        let start = from.max(prefix).to_vec();
        for (key, value) in self.0.range(start..) {
            if !key.starts_with(prefix) || visit(key, value)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}
