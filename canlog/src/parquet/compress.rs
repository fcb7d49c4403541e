//! Compression with a context that is kept: making one for each small page costs more than compressing it.

use std::io;

use zstd::bulk::Compressor;

/// Measured on drives: higher levels take twice the time for a few hundredths of the size.
const LEVEL: i32 = 1;

/// Compresses pages.
pub(super) struct Press {
    zstd: Compressor<'static>,
}

impl Press {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { zstd: Compressor::new(LEVEL)? })
    }

    /// `page`, compressed.
    pub(super) fn press(&mut self, page: &[u8]) -> io::Result<Vec<u8>> {
        self.zstd.compress(page)
    }
}
