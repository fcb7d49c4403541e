//! Places where a test may end or freeze the process, to see what the rest of the system makes of it.

/// Marks a step that the process may die right after: `crashpoint!("A4")`.
///
/// Under the `testing` feature, `DATAVIEWER_CRASH_AT=A4:2` kills the process at its second pass and
/// `DATAVIEWER_STOP_AT=A4:1` freezes it at its first; `DATAVIEWER_PANIC_AT` makes its task panic. Without the feature
/// it is nothing at all.
#[cfg(feature = "testing")]
#[macro_export]
macro_rules! crashpoint {
    ($name:literal) => {
        $crate::testing::crash::pass($name)
    };
}

/// Marks a step that the process may die right after; tests make something of it, other builds nothing.
#[cfg(not(feature = "testing"))]
#[macro_export]
macro_rules! crashpoint {
    ($name:literal) => {};
}
