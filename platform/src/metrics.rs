//! What is counted and timed: the names, and the one recorder of the process.
//!
//! Names and labels are a contract with dashboards. No label has unbounded values: no ids, no file names.
//! What SQL knows (jobs by state) is not counted here but read when somebody asks.

pub mod name;

use std::{fmt, sync::OnceLock, time::Duration};

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds of what a client waits for.
const REQUEST_SECONDS: [f64; 12] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
/// Upper bounds in seconds of what a worker does.
const WORK_SECONDS: [f64; 10] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0];
/// Upper bounds of rates, in frames or bytes a second.
const RATES: [f64; 10] = [1e3, 1e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8, 3e8];
/// How often what was timed is folded into its buckets: until then each value takes room.
const UPKEEP: Duration = Duration::from_secs(5);

/// The process's metrics. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// The recorder that everything in this process counts in; made at the first call.
    #[must_use]
    pub fn of_process() -> Self {
        static PROCESS: OnceLock<PrometheusHandle> = OnceLock::new();
        Self { handle: PROCESS.get_or_init(install).clone() }
    }

    /// All that was counted, as Prometheus reads it.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Keeps what is timed from piling up where nobody asks for it; never ends.
    pub async fn upkeep(self) {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            self.handle.run_upkeep();
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn install() -> PrometheusHandle {
    let recorder = buckets(PrometheusBuilder::new()).build_recorder();
    let handle = recorder.handle();
    // Fails only when the process has another recorder; then ours stays empty.
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("the metrics are recorded elsewhere");
    }
    describe();
    metrics::gauge!(name::BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    handle
}

/// Histograms rather than summaries: those of several processes can be added up.
fn buckets(builder: PrometheusBuilder) -> PrometheusBuilder {
    let kinds: [(&str, &[f64]); 4] = [
        (name::HTTP_REQUEST_SECONDS, &REQUEST_SECONDS),
        (name::CONVERSION_SECONDS, &WORK_SECONDS),
        (name::CONVERSION_FRAMES_PER_SECOND, &RATES),
        (name::CONVERSION_BYTES_PER_SECOND, &RATES),
    ];
    kinds.into_iter().fold(builder, |builder, (name, bounds)| {
        // Refused for an empty list only, and none is empty.
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds).unwrap_or_default()
    })
}

fn describe() {
    describe_gauge!(name::BUILD_INFO, "The version that runs; always 1");
    describe_counter!(name::HTTP_REQUESTS, "Requests answered");
    describe_histogram!(name::HTTP_REQUEST_SECONDS, Unit::Seconds, "Time until the answer began");
    describe_counter!(name::SERVED_BYTES, Unit::Bytes, "Bytes of answers that were sent");
    describe_counter!(name::OPERATIONS, "GraphQL operations by kind and by the code of their first error");
    describe_gauge!(name::SOCKETS, "WebSockets open");
    describe_gauge!(name::SUBSCRIPTIONS, "Subscriptions open");
    describe_counter!(name::UPLOADS, "Logs that came in, by what became of them");
    describe_counter!(name::RECEIVED_BYTES, Unit::Bytes, "Bytes of logs that came in");
    describe_counter!(name::LOST_RINGS, "Wake-ups that Redis did not take; the jobs start when workers look");
    describe_counter!(name::STORED_BYTES, Unit::Bytes, "Bytes stored, by what they are");
    describe_counter!(
        name::COLUMN_CACHE,
        "Questions to the cache of decoded columns, by what became of them"
    );
    describe_gauge!(name::COLUMN_CACHE_BYTES, Unit::Bytes, "Bytes of decoded columns in memory");
    describe_counter!(name::CONVERSIONS, "Executions of jobs that ended, by how");
    describe_histogram!(name::CONVERSION_SECONDS, Unit::Seconds, "From the claim to the end of an execution");
    describe_histogram!(name::CONVERSION_FRAMES_PER_SECOND, "Frames a second of a conversion that succeeded");
    describe_histogram!(name::CONVERSION_BYTES_PER_SECOND, "Bytes a second of a conversion that succeeded");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_histogram_has_buckets_and_every_name_its_description() {
        let metrics = Metrics::of_process();
        for name in [name::HTTP_REQUEST_SECONDS, name::CONVERSION_SECONDS, name::CONVERSION_FRAMES_PER_SECOND]
        {
            metrics::histogram!(name).record(2.0);
        }
        metrics::histogram!(name::CONVERSION_BYTES_PER_SECOND).record(2e6);
        metrics::counter!(name::CONVERSIONS, "outcome" => "converted").increment(1);
        let text = metrics.render();
        for line in [
            "# TYPE dataviewer_conversion_bytes_per_second histogram",
            "# HELP dataviewer_conversions_total Executions of jobs that ended, by how",
            "dataviewer_http_request_duration_seconds_bucket{le=\"3\"} 1",
            "dataviewer_conversion_bytes_per_second_bucket{le=\"1000000\"} 0",
            "dataviewer_conversions_total{outcome=\"converted\"} 1",
            "dataviewer_build_info{version=\"0.1.0\"} 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
