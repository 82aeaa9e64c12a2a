//! How a process runs its parts and stops them: nobody is left running, nothing is dropped.
//!
//! The first signal asks every part to finish; a second signal, or too long a wait, ends it. A
//! part that ends by itself ends the process with a failure.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long parts may take to finish what they are at.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    #[error("{part} failed")]
    Failed {
        part: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{part} ended although nobody asked it to")]
    Ended { part: &'static str },
    #[error("a part panicked: {0}")]
    Panicked(String),
    #[error("not everything finished within {} seconds", DRAIN_LIMIT.as_secs())]
    StillRunning,
}

type PartResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// The running parts of a process.
#[derive(Default)]
pub struct Parts {
    stop: CancellationToken,
    running: JoinSet<(&'static str, PartResult)>,
}

impl Parts {
    pub fn new() -> Self {
        Self::default()
    }

    /// Parts that are also to finish when `stop` is cancelled.
    pub fn under(stop: &CancellationToken) -> Self {
        Self {
            stop: stop.child_token(),
            running: JoinSet::new(),
        }
    }

    /// Cancelled when parts are to finish.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a part until the stop token is cancelled.
    pub fn run<E>(
        &mut self,
        part: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) where
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        self.running
            .spawn(async move { (part, work.await.map_err(Into::into)) });
    }

    /// Waits until a part ends although nobody asked it to; for ever where none does. Nothing is
    /// lost if the wait is given up.
    pub async fn first_failure(&mut self) -> LifecycleError {
        match self.running.join_next().await {
            Some(ended) => ended_early(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits for a signal (Ctrl-C or SIGTERM), or for the first part to end, then drains.
    ///
    /// # Errors
    /// The first failure of any part.
    pub async fn until_stopped(mut self) -> Result<(), LifecycleError> {
        let early = tokio::select! {
            () = self.stop.cancelled() => Ok(()),
            () = signal() => Ok(()),
            Some(ended) = self.running.join_next() => Err(ended_early(ended)),
        };
        let drained = self.drain().await;
        early.and(drained)
    }

    /// Asks every part to finish and waits for them.
    ///
    /// # Errors
    /// The first failure of any part.
    pub async fn drain(mut self) -> Result<(), LifecycleError> {
        self.stop.cancel();
        let deadline = tokio::time::Instant::now() + DRAIN_LIMIT;
        let mut first = Ok(());
        while !self.running.is_empty() {
            let ended = tokio::select! {
                ended = self.running.join_next() => ended,
                () = tokio::time::sleep_until(deadline) => None,
                () = signal() => None,
            };
            let Some(ended) = ended else {
                self.running.shutdown().await;
                return first.and(Err(LifecycleError::StillRunning));
            };
            let result = match ended {
                Ok((_, Ok(()))) => Ok(()),
                Ok((part, Err(source))) => Err(LifecycleError::Failed { part, source }),
                Err(panicked) => Err(LifecycleError::Panicked(panicked.to_string())),
            };
            first = first.and(result);
        }
        first
    }
}

fn ended_early(
    ended: Result<(&'static str, PartResult), tokio::task::JoinError>,
) -> LifecycleError {
    match ended {
        Ok((part, Ok(()))) => LifecycleError::Ended { part },
        Ok((part, Err(source))) => LifecycleError::Failed { part, source },
        Err(panicked) => LifecycleError::Panicked(panicked.to_string()),
    }
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tracing::warn!("SIGTERM cannot be waited for; only Ctrl-C stops this process");
        return wait_for_ctrl_c().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        () = wait_for_ctrl_c() => {}
    }
}

async fn wait_for_ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be waited for");
        std::future::pending::<()>().await;
    }
}
