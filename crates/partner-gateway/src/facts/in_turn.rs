//! Work at a time, given to partners in turn: one that has much to do takes no more turns from the
//! others than each of them takes from it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// So many pieces of work at a time. Where more wants to be done, the partners that wait have one
/// turn each, one after the other, however much each of them waits with.
pub(super) struct InTurn(Arc<Turns>);

struct Turns(Mutex<State>);

struct State {
    free: usize,
    /// Of each partner that waits, its pieces of work as they came.
    waiting: BTreeMap<String, VecDeque<oneshot::Sender<Turn>>>,
    /// The partners that wait; the first is the next.
    next: VecDeque<String>,
}

/// The right to do one piece of work. The one that waits longest for a turn gets it when this is dropped.
pub(super) struct Turn(Option<Arc<Turns>>);

impl InTurn {
    pub fn new(at_a_time: usize) -> Self {
        Self(Arc::new(Turns(Mutex::new(State {
            free: at_a_time,
            waiting: BTreeMap::new(),
            next: VecDeque::new(),
        }))))
    }

    /// Waits for the partner's turn. Who waits is bounded by how many requests a partner may make.
    pub async fn turn(&self, partner: &str) -> Turn {
        loop {
            let given = {
                let mut state = self.0.state();
                match state.free {
                    0 => state.wait(partner),
                    _ => {
                        state.free -= 1;
                        return Turn(Some(Arc::clone(&self.0)));
                    }
                }
            };
            // It is kept until it is given; where it is not, there is a free turn to be taken.
            if let Ok(turn) = given.await {
                return turn;
            }
        }
    }
}

impl State {
    fn wait(&mut self, partner: &str) -> oneshot::Receiver<Turn> {
        let (giver, given) = oneshot::channel();
        let waiting = self.waiting.entry(partner.to_owned()).or_default();
        if waiting.is_empty() {
            self.next.push_back(partner.to_owned());
        }
        waiting.push_back(giver);
        given
    }

    /// Whose turn it is.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let partner = self.next.pop_front()?;
        let waiting = self.waiting.get_mut(&partner)?;
        let giver = waiting.pop_front();
        match waiting.is_empty() {
            true => drop(self.waiting.remove(&partner)),
            false => self.next.push_back(partner),
        }
        giver
    }
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.0.take() else { return };
        loop {
            let giver = {
                let mut state = turns.state();
                let giver = state.next();
                if giver.is_none() {
                    state.free += 1;
                }
                giver
            };
            let Some(giver) = giver else { return };
            match giver.send(Turn(Some(Arc::clone(&turns)))) {
                Ok(()) => return,
                // Nobody waits there any more: on to the next, with the turn still ours.
                Err(mut unwanted) => drop(unwanted.0.take()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    /// Lets everything that can go on do so.
    async fn settled() {
        for _ in 0..1_000 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn partners_that_wait_have_one_turn_each_whatever_one_of_them_waits_with() {
        const AT_A_TIME: usize = 4;
        let turns = Arc::new(InTurn::new(AT_A_TIME));
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut work = JoinSet::new();
        let mut put = |partner: &'static str, pieces: usize| {
            for _ in 0..pieces {
                let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
                work.spawn(async move {
                    let turn = turns.turn(partner).await;
                    order.lock().unwrap().push(partner);
                    yield_now().await;
                    drop(turn);
                });
            }
        };
        // The flood is there before the others come.
        put("flood", 1_000);
        put("brent", 100);
        put("camden", 100);
        work.join_all().await;
        let order = order.lock().unwrap();
        let done = |partner| order.iter().rposition(|had| *had == partner).unwrap() + 1;
        // Alone each needs 100 turns; of three that want them each gets every third.
        for partner in ["brent", "camden"] {
            let turns = done(partner);
            assert!(turns <= 3 * 100 + AT_A_TIME, "{partner}: {turns} turns");
        }
        assert_eq!(done("flood"), 1_200);
    }

    #[tokio::test]
    async fn no_more_is_done_at_a_time_and_a_turn_that_nobody_wants_any_more_goes_on() {
        let turns = Arc::new(InTurn::new(2));
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let held = [turns.turn("brent").await, turns.turn("brent").await];
        let mut work = JoinSet::new();
        for piece in 0..300 {
            let (turns, at_work, most) =
                (Arc::clone(&turns), Arc::clone(&at_work), Arc::clone(&most));
            let partner = ["brent", "camden", "lewisham"][piece % 3];
            let handle = work.spawn(async move {
                let _turn = turns.turn(partner).await;
                let now = at_work.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                yield_now().await;
                at_work.fetch_sub(1, Ordering::SeqCst);
            });
            if piece % 5 == 0 {
                settled().await;
                handle.abort();
            }
        }
        settled().await;
        drop(held);
        let mut done = 0;
        while let Some(ended) = work.join_next().await {
            done += usize::from(ended.is_ok());
        }
        assert_eq!((done, most.load(Ordering::SeqCst)), (240, 2));
        let state = turns.0.state();
        assert_eq!(
            (state.free, state.waiting.len(), state.next.len()),
            (2, 0, 0)
        );
    }
}
