//! Answers that are good for a while.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// The last answer to one question. However many ask at once, it is looked for once.
pub(crate) struct Fresh<T> {
    span: Duration,
    last: Mutex<Option<(Instant, T)>>,
}

impl<T: Clone> Fresh<T> {
    /// Answers that are good for `span`.
    pub(crate) fn new(span: Duration) -> Self {
        Self { span, last: Mutex::new(None) }
    }

    /// The last answer, or what `look` finds when that is too old.
    pub(crate) async fn get(&self, look: impl Future<Output = T>) -> T {
        let mut last = self.last.lock().await;
        if let Some((when, answer)) = last.as_ref()
            && when.elapsed() < self.span
        {
            return answer.clone();
        }
        let answer = look.await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn many_who_ask_cost_one_look() {
        for (span, expected) in [(Duration::from_secs(3600), 1), (Duration::ZERO, 20)] {
            let (fresh, looks) = (Fresh::new(span), AtomicUsize::new(0));
            let look = || async {
                tokio::task::yield_now().await;
                looks.fetch_add(1, Ordering::Relaxed)
            };
            join_all((0..20).map(|_| fresh.get(look()))).await;
            assert_eq!(looks.load(Ordering::Relaxed), expected, "{span:?}");
        }
    }
}
