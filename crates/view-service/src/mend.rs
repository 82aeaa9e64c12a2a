//! What becomes of a view whose rows cannot be used: damaged ones are put aside and read from the logs
//! again, and where the disk takes nothing the view stops, alone, until it does.

use townclerk_domain::names::Scope;
use townclerk_view_store::generations::{Found, Generations};
use townclerk_view_store::store::StoreError;
use townclerk_views::rows::RowsError;

use crate::view::{Served, View, ViewError};

impl Served {
    /// Opens the rows, and says what was wrong with them.
    pub fn open(scope: &Scope, generations: &Generations) -> Result<Self, StoreError> {
        let (store, generation, found) = generations.open_current()?;
        match found {
            Found::Rows => {}
            Found::PutAside { why, kept_at } => tracing::warn!(
                view = %scope, %why, kept_at = %kept_at.display(),
                "the rows could not be used: they were put aside and are rebuilt from the logs"
            ),
            Found::Unnamed { number } => tracing::warn!(
                view = %scope, generation = number,
                "the file `current` held no number: the newest rows are served and named in it again"
            ),
        }
        Ok(Self { store, generation })
    }
}

impl ViewError {
    /// What the store of rows said.
    pub(crate) fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Rows(RowsError::Store(error)) => error.downcast_ref(),
            Self::Rows(RowsError::Damaged { .. } | RowsError::Stopped)
            | Self::Log(_)
            | Self::LogEnded { .. }
            | Self::NotWritten { .. }
            | Self::Unwritable(_)
            | Self::Stopped(_)
            | Self::Gap { .. } => None,
        }
    }

    fn is_damage(&self) -> bool {
        let of_rows = matches!(self, Self::Rows(RowsError::Damaged { .. }));
        of_rows
            || self
                .of_store()
                .is_some_and(StoreError::is_mended_by_rebuilding)
    }

    /// As those are told who are not to know where this installation lies.
    fn told(self) -> Self {
        match self.of_store() {
            Some(error) => Self::NotWritten {
                why: error.without_path(),
            },
            None => self,
        }
    }
}

impl View {
    /// Mends what can be mended here. What cannot stops this view until it can go on.
    pub(crate) fn mend(&self, served: &mut Served, error: ViewError) -> Result<(), ViewError> {
        let failed = match error.is_damage() {
            true => match self.begin_again(served, &error) {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            },
            false => error,
        };
        if failed.of_store().is_some() {
            tracing::error!(
                view = %self.scope, error = %failed, readable = served.store.is_open(),
                "the view cannot write its rows and stops; recording goes on, and so does the view \
                 once it can"
            );
        }
        Err(failed.told())
    }

    /// Damage that shows while rows are in use: they are put aside and read from the start.
    fn begin_again(&self, served: &mut Served, damage: &ViewError) -> Result<(), ViewError> {
        let (store, generation, kept_at) = self.generations.replace(served.generation)?;
        tracing::warn!(
            view = %self.scope, %damage, kept_at = %kept_at.display(),
            "the rows are damaged: they were put aside and are rebuilt from the logs"
        );
        *served = Served { store, generation };
        self.watched().reached.clear();
        Ok(())
    }

    /// Views leave room on the disk, which may be that of the record: they stop before it is full, and
    /// before sled meets that.
    ///
    /// # Errors
    /// How much room there is, where that is too little.
    pub(crate) fn check_room(&self) -> Result<(), ViewError> {
        // Less than appends leave: what was recorded last is still to be read.
        let scarce = (self.room)().filter(|room| room.free < room.kept_free() / 2);
        match scarce {
            None => Ok(()),
            Some(room) => Err(ViewError::NotWritten {
                why: format!("its disk is full ({room})"),
            }),
        }
    }

    /// Opens rows again that could not be opened or written. Until the disk takes what a view writes
    /// they stay as they are: those that are whole are still read.
    ///
    /// # Errors
    /// A disk that takes nothing yet.
    pub(crate) async fn resume_writing(&self) -> Result<(), ViewError> {
        self.check_room()?;
        if !self.read().store.takes_no_more() {
            return Ok(());
        }
        let _turn = self.projecting.lock().await;
        tokio::task::block_in_place(|| self.open_again()).map_err(ViewError::told)
    }

    fn open_again(&self) -> Result<(), ViewError> {
        // The follower of another log of this view may have done it meanwhile.
        if !self.read().store.takes_no_more() {
            return Ok(());
        }
        self.generations.try_to_write()?;
        let before = self.positions_of(&self.read().store);
        self.write().store.close();
        let served = Served::open(&self.scope, &self.generations)?;
        tracing::info!(view = %self.scope, "the rows can be written again; the view goes on");
        *self.write() = served;
        // What was folded and not on the disk yet is folded once more.
        if self.positions_of(&self.read().store) != before {
            self.watched().reached.clear();
            self.publish_positions();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
