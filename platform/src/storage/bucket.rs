//! Buckets of any S3-compatible service.

use std::{str::FromStr, time::Duration};

use object_store::{
    ClientOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    list::{PaginatedListOptions, PaginatedListStore},
};
use secrecy::ExposeSecret;

use crate::config::storage::{BucketConfig, aws::Credentials};

/// One request. A part of 8 MiB passes in this time at 70 kB/s.
const REQUEST: Duration = Duration::from_secs(120);
const CONNECT: Duration = Duration::from_secs(5);

/// The bucket; nothing is sent yet.
pub(super) fn open(config: &BucketConfig) -> object_store::Result<AmazonS3> {
    // The HTTP client takes the process's provider; a second one is refused and the first stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let s3 = &config.s3;
    let plain = s3.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.name)
        .with_region(&s3.region)
        .with_client_options(ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(CONNECT))
        .with_allow_http(plain)
        .with_retry(RetryConfig::default());
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    match &s3.credentials {
        Credentials::Keys { id, secret, token } => {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
            if let Some(token) = token {
                builder = builder.with_token(token.expose_secret());
            }
        }
        Credentials::Surroundings(named) => {
            for (name, value) in named {
                builder = builder.with_config(AmazonS3ConfigKey::from_str(name)?, value);
            }
        }
    }
    builder.build()
}

/// Asks for one name.
pub(super) async fn answers(s3: &AmazonS3) -> object_store::Result<()> {
    let options = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
    s3.list_paginated(None, options).await.map(drop)
}
