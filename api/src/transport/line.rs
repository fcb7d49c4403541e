//! The connection that a request came by, for those who must cut it.

use axum::http::Extensions;
use tokio_util::sync::CancellationToken;

/// The connection that a request came by. A body cannot end a connection whose client takes nothing: it is not asked
/// for more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(CancellationToken);

impl Line {
    /// The line of a request; one that leads nowhere when it carries none.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Ends the connection as it is: what is under way does not arrive.
    pub(crate) fn cut(&self) {
        self.0.cancel();
    }

    /// Waits until it is cut.
    pub(crate) async fn is_cut(&self) {
        self.0.cancelled().await;
    }
}
