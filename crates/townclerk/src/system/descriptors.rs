//! How many files and sockets this process may have open.

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use townclerk_app::http::connections::ConnectionLimits;

/// Raises the limit of open descriptors as far as this process may, and says what connections may
/// take of it.
///
/// # Errors
/// A limit that the system does not let us set.
pub fn connection_limits() -> anyhow::Result<ConnectionLimits> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let raised = Rlimit {
            current: maximum,
            maximum,
        };
        setrlimit(Resource::Nofile, raised).with_context(|| {
            format!("cannot raise the limit of open descriptors from {current:?} to {maximum:?}")
        })?;
    }
    // None is no limit.
    let descriptors = maximum.map_or(usize::MAX, |most| {
        usize::try_from(most).unwrap_or(usize::MAX)
    });
    Ok(ConnectionLimits::within(descriptors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let low = Rlimit {
            current: maximum.map(|most| most.min(512)),
            maximum,
        };
        setrlimit(Resource::Nofile, low).unwrap();
        let limits = connection_limits().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
        let descriptors = maximum.map_or(usize::MAX, |most| usize::try_from(most).unwrap());
        assert_eq!(limits, ConnectionLimits::within(descriptors));
    }
}
