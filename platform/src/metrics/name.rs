//! The names.

/// Gauge `{version}`.
pub const BUILD_INFO: &str = "dataviewer_build_info";
/// Counter `{method, route, status}`.
pub const HTTP_REQUESTS: &str = "dataviewer_http_requests_total";
/// Histogram `{route}`.
pub const HTTP_REQUEST_SECONDS: &str = "dataviewer_http_request_duration_seconds";
/// Counter `{route}`.
pub const SERVED_BYTES: &str = "dataviewer_served_bytes_total";
/// Counter `{kind, code}`; without an error the code is `OK`.
pub const OPERATIONS: &str = "dataviewer_graphql_operations_total";
/// Gauge.
pub const SOCKETS: &str = "dataviewer_sockets_open";
/// Gauge.
pub const SUBSCRIPTIONS: &str = "dataviewer_subscriptions_open";
/// Counter `{outcome}`: `committed`, `duplicate`, `refused`.
pub const UPLOADS: &str = "dataviewer_uploads_total";
/// Counter.
pub const RECEIVED_BYTES: &str = "dataviewer_received_bytes_total";
/// Counter `{what}`: `log`, `conversion`.
pub const STORED_BYTES: &str = "dataviewer_stored_bytes_total";
/// Counter `{outcome}`.
pub const CONVERSIONS: &str = "dataviewer_conversions_total";
/// Histogram `{outcome}`.
pub const CONVERSION_SECONDS: &str = "dataviewer_conversion_duration_seconds";
/// Histogram.
pub const CONVERSION_FRAMES_PER_SECOND: &str = "dataviewer_conversion_frames_per_second";
/// Histogram.
pub const CONVERSION_BYTES_PER_SECOND: &str = "dataviewer_conversion_bytes_per_second";
/// Counter `{outcome}` of questions to the cache of decoded columns: `hit`, `miss`, and `evicted` to make room.
pub const COLUMN_CACHE: &str = "dataviewer_column_cache_total";
/// Gauge.
pub const COLUMN_CACHE_BYTES: &str = "dataviewer_column_cache_bytes";
/// Counter.
pub const LOST_RINGS: &str = "dataviewer_lost_rings_total";
