//! When loaders load: once the operation cannot go on without them.
//!
//! Keys gathered for a fixed time would cut a long list into as many statements as the machine is slow. Here a
//! batch is held back while the operation still runs, and while earlier batches are under way, so the number of
//! statements depends on what is asked, never on how many rows answer it.

use std::{
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use futures::{future::BoxFuture, task::AtomicWaker};
use tracing::Instrument;

/// The batches of one operation.
#[derive(Clone, Default)]
pub(crate) struct Batches(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// The operation, which may have batches to release once none is under way.
    operation: AtomicWaker,
}

#[derive(Default)]
struct State {
    /// Operations that release what is held. Without one (between the events of a subscription) nothing is held.
    gatherers: usize,
    held: Vec<BoxFuture<'static, ()>>,
    under_way: usize,
}

impl Batches {
    /// Takes a batch of a loader.
    pub(crate) fn take(&self, batch: BoxFuture<'static, ()>) {
        let mut state = self.state();
        state.held.push(batch);
        if state.gatherers == 0 {
            self.release(state);
        }
    }

    /// Runs an operation, or one event of a subscription, and its batches each time it can only wait.
    pub(crate) async fn gather<F: Future>(&self, operation: F) -> F::Output {
        let _gathering = Gathering::begin(self);
        let mut operation = pin!(operation);
        poll_fn(|ctx| {
            self.0.operation.register(ctx.waker());
            let busy = Arc::new(Busy { again: AtomicBool::new(false), task: ctx.waker().clone() });
            let polled = operation.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&busy))));
            let state = self.state();
            if polled.is_pending() && state.under_way == 0 && !busy.again.load(Ordering::Acquire) {
                self.release(state);
            }
            polled
        })
        .await
    }

    fn release(&self, mut state: MutexGuard<'_, State>) {
        let batches = mem::take(&mut state.held);
        state.under_way += batches.len();
        drop(state);
        for batch in batches {
            let landing = Landing(self.clone());
            let loading = async move {
                batch.await;
                drop(landing);
            };
            tokio::spawn(loading.in_current_span());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a batch out, also when its task ends early.
struct Landing(Batches);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.0.operation.wake();
    }
}

/// Counts an operation in and out.
struct Gathering<'a>(&'a Batches);

impl<'a> Gathering<'a> {
    fn begin(batches: &'a Batches) -> Self {
        batches.state().gatherers += 1;
        Self(batches)
    }
}

impl Drop for Gathering<'_> {
    fn drop(&mut self) {
        self.0.state().gatherers -= 1;
    }
}

/// Notes that the operation asked to be polled again: it only made way for others.
struct Busy {
    again: AtomicBool,
    task: Waker,
}

impl Wake for Busy {
    fn wake(self: Arc<Self>) {
        self.again.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}
