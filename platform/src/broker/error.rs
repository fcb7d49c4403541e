//! Why a broker cannot be used.

/// Why a broker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {}
