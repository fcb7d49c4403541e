//! Where one story is told across processes: the trace that an upload began goes with its job through SQL, in
//! the W3C's form, and with HTTP requests in their `traceparent`.
//!
//! Without a collector no span has a trace, and all of this does nothing.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    Context, KeyValue, global,
    trace::{
        Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
        TraceState, Tracer as _,
    },
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The form's length, which is fixed: version, trace, span, flags.
pub const LENGTH: usize = 55;

/// The present span in the form of a `traceparent`; `None` when it belongs to no trace.
#[must_use]
pub fn current() -> Option<String> {
    let context = Span::current().context();
    let span = context.span();
    let here = span.span_context();
    here.is_valid()
        .then(|| format!("00-{}-{}-{:02x}", here.trace_id(), here.span_id(), here.trace_flags().to_u8()))
}

/// Makes `span` go on what `parent` says, if it is a `traceparent`; anything else is ignored.
pub fn follow(span: &Span, parent: Option<&str>) {
    if let Some(parent) = parent.and_then(parse) {
        // Refused when the span is on its way already: then it stays a story of its own.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Tells, as a part of what `parent` says, of something that took from `began` until now and of which it was not
/// known before whose part it would be. Without a parent nothing is told.
pub fn note(name: &'static str, began: SystemTime, parent: Option<&str>) {
    if let Some(parent) = parent.and_then(parse) {
        let context = Context::new().with_remote_span_context(parent);
        let tracer = global::tracer("dataviewer");
        tracer.span_builder(name).with_start_time(began).start_with_context(&tracer, &context).end();
    }
}

/// What a trace tells of an SQL statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement<'a> {
    /// `postgresql`, `mysql` or `sqlite`.
    pub(crate) system: &'static str,
    /// `SELECT`, `COMMIT` …
    pub(crate) kind: &'static str,
    pub(crate) table: Option<&'a str>,
    /// How long it took, until now.
    pub(crate) took: Duration,
    pub(crate) failed: bool,
}

/// Tells of a statement as a part of the present span. Without a trace nothing is told.
pub(crate) fn note_statement(statement: Statement<'_>) {
    let context = Span::current().context();
    if !context.span().span_context().is_sampled() {
        return;
    }
    let Statement { system, kind, table, took, failed } = statement;
    let name = table.map_or_else(|| kind.to_owned(), |table| format!("{kind} {table}"));
    let named = table.map(|table| KeyValue::new("db.collection.name", table.to_owned()));
    let known = [KeyValue::new("db.system.name", system), KeyValue::new("db.operation.name", kind)];
    let now = SystemTime::now();
    let tracer = global::tracer("dataviewer");
    let span = tracer
        .span_builder(name)
        .with_kind(SpanKind::Client)
        .with_start_time(now.checked_sub(took).unwrap_or(now))
        .with_attributes(known.into_iter().chain(named));
    let mut span = span.start_with_context(&tracer, &context);
    if failed {
        span.set_status(Status::error(""));
    }
    span.end_with_timestamp(now);
}

fn parse(text: &str) -> Option<SpanContext> {
    if text.len() != LENGTH || !text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return None;
    }
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version != "00" || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_w3cs_form_is_followed() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(good.len(), LENGTH);
        let context = parse(good).unwrap();
        assert!(context.is_remote() && context.is_sampled());
        assert_eq!(context.span_id().to_string(), "00f067aa0ba902b7");
        for bad in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-xx",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-zbf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn without_a_collector_there_is_no_trace() {
        let span = tracing::info_span!("alone");
        follow(&span, Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert_eq!(span.in_scope(current), None);
    }
}
