//! Traces to a collector, by OTLP over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use miette::{IntoDiagnostic, Result, WrapErr};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use platform::config::traces::TracesConfig;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// What the last traces may take when the process ends.
const PATIENCE: Duration = Duration::from_secs(3);
/// What is read of a collector's answer, in bytes: it has little to say.
const ANSWER: usize = 64 << 10;
/// Whose spans are told: the crates below would drown them.
const OURS: [&str; 6] = ["api", "dataviewer", "entity", "migration", "platform", "worker"];

/// The process's traces; delivers the last of them when it is dropped.
#[must_use]
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Traces to the configured collector, or none. Within a tokio runtime: it delivers there.
    pub(crate) fn start(config: Option<&TracesConfig>) -> Result<Self> {
        let Some(config) = config else { return Ok(Self(None)) };
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Courier::new(config.timeout)?)
            .with_endpoint(&config.endpoint)
            .with_headers(config.headers.iter().cloned().collect())
            .with_timeout(config.timeout)
            .build()
            // The cause may quote the address, and that a password.
            .map_err(|_| miette::miette!("OTEL_EXPORTER_OTLP_ENDPOINT: no traces can be sent there"))?;
        let share = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.share)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(share)
            .with_resource(resource(config))
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Self(Some(provider)))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(provider) = &self.0 {
            // What could not be delivered was told by the courier.
            let _ = provider.shutdown_with_timeout(PATIENCE);
        }
    }
}

/// Makes traces of our spans.
pub(crate) fn layer<S>(traces: &Traces) -> Option<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let tracer = traces.0.as_ref()?.tracer("dataviewer");
    let ours = filter_fn(|metadata| {
        let room = metadata.target().split("::").next().unwrap_or_default();
        metadata.is_span() && *metadata.level() <= tracing::Level::INFO && OURS.contains(&room)
    });
    let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
    Some(layer.with_filter(ours).boxed())
}

fn resource(config: &TracesConfig) -> Resource {
    let attributes = config.attributes.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty()
        .with_service_name(config.service.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(attributes)
        .build()
}

/// Carries traces: by our own HTTP client and on our own runtime, whichever thread asks.
#[derive(Clone, Debug)]
struct Courier {
    http: reqwest::Client,
    runtime: Handle,
    /// Whether the last delivery failed: a collector that is away is worth one line, not one every few seconds.
    failing: Arc<AtomicBool>,
}

impl Courier {
    fn new(timeout: Duration) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(timeout).build();
        let http = http.into_diagnostic().wrap_err("no client for traces")?;
        Ok(Self { http, runtime: Handle::current(), failing: Arc::default() })
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
        let mut answer = self.http.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while body.len() < ANSWER {
            let Some(piece) = answer.chunk().await? else { break };
            body.extend_from_slice(&piece);
        }
        let mut response = Response::new(body.into());
        *response.status_mut() = answer.status();
        Ok(response)
    }

    fn tell(&self, outcome: &Result<Response<Bytes>, String>) {
        let trouble = match outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector answered {}", response.status())),
            Err(error) => Some(error.clone()),
        };
        match (self.failing.swap(trouble.is_some(), Ordering::Relaxed), trouble) {
            (false, Some(error)) => tracing::warn!(error, "traces are not delivered"),
            (true, None) => tracing::info!("traces are delivered again"),
            _ => {}
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let courier = self.clone();
        // The address may hold a password: it is left out of what is told.
        let carried = self.runtime.spawn(async move {
            let carried = courier.carry(request).await.map_err(|error| error.without_url().to_string());
            courier.tell(&carried);
            carried
        });
        Ok(carried.await??)
    }
}
