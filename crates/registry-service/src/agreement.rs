//! Commands on what is agreed: one record for each log and kind of agreement.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use townclerk_app::access::{Guarded, Need, Role};
use townclerk_app::http::Problem;
use townclerk_app::http::commands::{Asking, Commands, Served, Target};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::identity::AggregateId;
use townclerk_domain::names::LogName;

const OPERATION: Need = Need::command(&[Role::Operator]);

/// The commands of one kind of agreement.
pub(crate) struct Agreement<R: Served> {
    pub commands: Commands<R>,
    /// Where its commands are, below a log.
    pub path: &'static str,
    /// The one record of a log.
    pub of: fn(&LogName) -> AggregateId,
}

impl<R: Served> Agreement<R> {
    /// A command that makes the record if it is the first, and joins it if it is a later one.
    pub fn agreeing<P>(&self, guarded: Guarded, command: &str, fact: fn(P) -> R::Fact) -> Guarded
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
    {
        let of = self.of;
        let target = move |asking: &Asking| -> Result<Target, Problem> {
            let location = asking.path().rsplit_once('/');
            Ok(Target {
                aggregate: of(&asking.log),
                creates: true,
                location: location.map(|(record, _)| record.to_owned()),
            })
        };
        let route = self
            .commands
            .route(target, move |_, said| Ok(Recordable::Fact(fact(said))));
        guarded.post(&self.at(command), OPERATION, route)
    }

    /// A command on a record that there is.
    pub fn on_existing<P>(&self, guarded: Guarded, command: &str, fact: fn(P) -> R::Fact) -> Guarded
    where
        P: DeserializeOwned + JsonSchema + Send + 'static,
    {
        let route = self.commands.route(self.existing(), move |_, said| {
            Ok(Recordable::Fact(fact(said)))
        });
        guarded.post(&self.at(command), OPERATION, route)
    }

    /// Correcting what was agreed, and taking all of it back.
    pub fn amending(&self, guarded: Guarded) -> Guarded {
        let correct = self.commands.correcting_at(self.existing());
        let void = self.commands.voiding_at(self.existing());
        guarded.post(&self.at("correct"), OPERATION, correct).post(
            &self.at("void"),
            OPERATION,
            void,
        )
    }

    fn existing(&self) -> impl Fn(&Asking) -> Result<Target, Problem> + Send + Sync + 'static {
        let of = self.of;
        move |asking| Ok(Target::existing(of(&asking.log)))
    }

    fn at(&self, command: &str) -> String {
        format!("{}/{command}", self.path)
    }
}
