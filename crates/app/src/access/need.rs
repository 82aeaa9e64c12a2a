//! What a route needs of its caller, and whether a caller has it. Pure: the one rule of access.

use townclerk_domain::names::{JOINT, SHARED};

use super::caller::{Caller, Councils, Role, listed};

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Any one of these.
    pub roles: &'static [Role],
    pub scope: ScopeNeed,
    pub anonymous: Anonymous,
}

/// Which part of the record a role must reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeNeed {
    /// The log that the path names as `{log}`.
    PathLog,
    /// To read the log that the path names as `{log}`: one that the caller reaches, and for a
    /// partner also `shared`, whose events concern its council too.
    PathLogToRead,
    /// The view that the path names as `{view}`, by the rules of reading of each role.
    PathView,
    Nothing,
}

/// Whether it goes without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anonymous {
    Never,
    Always,
    /// Where `{view}` is `joint` and the query does not split by council, nor is like for like.
    JointWithoutSplit,
}

impl Need {
    /// A command on the log that the path names.
    pub const fn command(roles: &'static [Role]) -> Self {
        Self {
            roles,
            scope: ScopeNeed::PathLog,
            anonymous: Anonymous::Never,
        }
    }

    /// What everybody may ask.
    pub const fn nothing() -> Self {
        Self {
            roles: &[],
            scope: ScopeNeed::Nothing,
            anonymous: Anonymous::Always,
        }
    }

    /// Whether only operators may do this: their actions are audited.
    pub fn is_operators(&self) -> bool {
        self.roles == [Role::Operator]
    }

    /// # Errors
    /// What is missing.
    pub fn admit(&self, presented: Presented<'_>, asked: &Asked<'_>) -> Result<(), Refusal> {
        let open = self.goes_without_token(presented, asked);
        if open && asked.positions_of.is_empty() {
            return Ok(());
        }
        let caller = match presented {
            Presented::Known(caller) => caller,
            Presented::Nothing | Presented::StaleCookie => return Err(Refusal::NoToken),
            Presented::Unknown => return Err(Refusal::UnknownToken),
        };
        if !open {
            self.admit_caller(caller, asked)?;
        }
        // Where a log stands is for those who read it, also where all else is open to everybody.
        let mut named = asked.positions_of.iter();
        match named.find(|log| !caller.reads_log(log)) {
            Some(log) => {
                let reads = |role: &Role| *log != JOINT && may_read(*role, caller, log);
                let reading: Vec<Role> = Role::ALL.into_iter().filter(reads).collect();
                Err(Refusal::reach(log, caller, &reading))
            }
            None => Ok(()),
        }
    }

    fn admit_caller(&self, caller: &Caller, asked: &Asked<'_>) -> Result<(), Refusal> {
        let mut fitting = self.roles.iter().filter(|role| caller.roles.contains(role));
        if fitting.clone().next().is_none() {
            return Err(Refusal::Role {
                needed: listed(self.roles),
                has: listed(&caller.roles),
            });
        }
        match fitting.any(|role| self.scope.reached(*role, caller, asked)) {
            true => Ok(()),
            false => {
                let wanted = self.scope.wanted(asked).unwrap_or_default();
                let reaches = |role: &&Role| self.scope.reached(**role, caller, asked);
                let reaching: Vec<Role> = self.roles.iter().filter(reaches).copied().collect();
                Err(Refusal::reach(wanted, caller, &reaching))
            }
        }
    }

    fn goes_without_token(&self, presented: Presented<'_>, asked: &Asked<'_>) -> bool {
        match self.anonymous {
            Anonymous::Never => false,
            Anonymous::Always => true,
            // A wrong token is told so, rather than silently taken for nobody's.
            Anonymous::JointWithoutSplit => {
                asked.view == Some(JOINT)
                    && !asked.splits_by_council
                    && !matches!(presented, Presented::Unknown)
            }
        }
    }
}

impl ScopeNeed {
    fn wanted<'a>(self, asked: &Asked<'a>) -> Option<&'a str> {
        match self {
            Self::PathLog | Self::PathLogToRead => asked.log,
            Self::PathView => asked.view,
            Self::Nothing => None,
        }
    }

    /// A route that forgot its path parameter is reached by nobody.
    fn reached(self, role: Role, caller: &Caller, asked: &Asked<'_>) -> bool {
        match (self, self.wanted(asked)) {
            (Self::Nothing, _) => true,
            (Self::PathLog, Some(log)) => caller.reaches_named(log),
            (Self::PathLogToRead, Some(log)) => {
                caller.reaches_named(log) || role == Role::Partner && log == SHARED
            }
            (Self::PathView, Some(view)) => may_read(role, caller, view),
            (Self::PathLog | Self::PathLogToRead | Self::PathView, None) => false,
        }
    }
}

/// Which views a role reads.
fn may_read(role: Role, caller: &Caller, view: &str) -> bool {
    match (role, view) {
        (Role::Committee, view) => view == JOINT,
        (Role::Officer | Role::Operator, JOINT) => caller.councils == Councils::All,
        (Role::ServiceDesk | Role::Change | Role::Partner, JOINT) => false,
        (_, SHARED) => true,
        (_, council) => caller.reaches_named(council),
    }
}

impl Caller {
    /// Whether one of the roles may read a view.
    pub fn reads_view(&self, view: &str) -> bool {
        self.roles.iter().any(|role| may_read(*role, self, view))
    }

    /// Whether one of the roles may read a log: then the caller may name its positions, and see them.
    pub fn reads_log(&self, log: &str) -> bool {
        log != JOINT && self.reads_view(log)
    }
}

/// What came along with a request to say who asks.
#[derive(Clone, Copy, Debug)]
pub enum Presented<'a> {
    Nothing,
    /// A cookie whose token is not known (any more): a browser sends it without being asked.
    StaleCookie,
    /// A token that is not known.
    Unknown,
    Known(&'a Caller),
}

/// What a request asks for, as far as access goes.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    pub log: Option<&'a str>,
    pub view: Option<&'a str>,
    pub splits_by_council: bool,
    /// The logs of which positions are named.
    pub positions_of: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this needs a token: send it in the header Authorization: Bearer <token>")]
    NoToken,
    #[error("this token is not known here")]
    UnknownToken,
    #[error("this needs a token with one of the roles {needed}; yours has {has}")]
    Role { needed: String, has: String },
    #[error(
        "you do not have permission for {wanted}: your token has the roles {roles} and the councils \
         {councils}{instead}"
    )]
    Reach {
        wanted: String,
        roles: String,
        councils: String,
        /// Which roles would, with the same councils; empty where none does.
        instead: String,
    },
}

impl Refusal {
    fn reach(wanted: &str, caller: &Caller, reaching: &[Role]) -> Self {
        let instead = match reaching {
            [] => String::new(),
            [one] => format!("; with these councils the role {one} does"),
            several => format!(
                "; with these councils one of the roles {} does",
                listed(several)
            ),
        };
        Self::Reach {
            instead,
            wanted: wanted.to_owned(),
            roles: listed(&caller.roles),
            councils: caller.councils.to_string(),
        }
    }
}

/// The dimension that splits a joint figure by council.
const HOME: &str = "home";

const LIKE_FOR_LIKE: &str = "like_for_like";

/// The parameter that names a position of a log, as `log:sequence`.
const MIN_POSITION: &str = "min_position";

/// The logs whose positions a query names.
pub fn positions_of(query: &[(String, String)]) -> Vec<String> {
    let named = query.iter().filter(|(name, _)| name == MIN_POSITION);
    let logs = named.map(|(_, position)| position.split(':').next().unwrap_or_default());
    logs.map(str::to_owned).collect()
}

/// Whether a query asks for a split by council: `breakdown` names `home`, or `home` is filtered, or it
/// is like for like, which names councils, and beside the usual figure is what another one has.
///
/// Any separator counts, so that another way of writing a list is no way around this.
pub fn splits_by_council(query: &[(String, String)]) -> bool {
    let names_home = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word.eq_ignore_ascii_case(HOME))
    };
    query.iter().any(|(key, value)| {
        let key = key.trim();
        names_home(key)
            || key.eq_ignore_ascii_case(LIKE_FOR_LIKE)
            || (key.starts_with("breakdown") && names_home(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_by_council_is_seen_however_it_is_written() {
        let query = |text: &str| -> Vec<(String, String)> {
            let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
        };
        for splits in [
            "breakdown=home",
            "breakdown=priority,home",
            "breakdown=kind&breakdown=home",
            "measure=x&home=brent",
            "breakdown=kind home",
            "breakdown=kind×home",
            "breakdown[]=home",
            "like_for_like=true",
            " Like_For_Like=true",
        ] {
            assert!(splits_by_council(&query(splits)), "{splits}");
        }
        for whole in [
            "",
            "measure=home_visits",
            "breakdown=kind,priority",
            "service=home-x",
        ] {
            assert!(!splits_by_council(&query(whole)), "{whole}");
        }
    }
}
