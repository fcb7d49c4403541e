//! Rows as record batches.

use std::io::{self, Write};
use std::sync::Arc;

use polars_arrow::array::{Array, PrimitiveArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::{ArrowSchema, ArrowSchemaRef};
use polars_arrow::io::ipc::write::{FileWriter, WriteOptions};
use polars_arrow::record_batch::RecordBatchT;

use crate::export::Rows;

/// A file of record batches, one a block of rows.
pub(super) struct Arrow<W: Write> {
    file: FileWriter<W>,
    schema: ArrowSchemaRef,
}

impl<W: Write> Arrow<W> {
    pub(super) fn new(out: W, schema: ArrowSchema) -> io::Result<Self> {
        let schema = Arc::new(schema);
        // Not compressed: it is read in place, and made for speed.
        let file = FileWriter::try_new(out, Arc::clone(&schema), None, WriteOptions { compression: None });
        Ok(Self { file: file.map_err(io::Error::other)?, schema })
    }

    pub(super) fn write(&mut self, rows: &Rows) -> io::Result<()> {
        let kinds = self.schema.iter_values().map(|field| field.dtype.clone());
        let times = kinds.take(1).map(|kind| PrimitiveArray::from_slice(&rows.times).to(kind).boxed());
        let arrays = times.chain(rows.columns.iter().map(|column| values(column))).collect();
        let batch = RecordBatchT::try_new(rows.times.len(), Arc::clone(&self.schema), arrays);
        batch.and_then(|batch| self.file.write(&batch, None)).map_err(io::Error::other)
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.file.finish().map_err(io::Error::other)?;
        Ok(self.file.into_inner())
    }
}

fn values(column: &[f64]) -> Box<dyn Array> {
    let there = Bitmap::from_trusted_len_iter(column.iter().map(|value| !value.is_nan()));
    PrimitiveArray::from_slice(column).with_validity((there.unset_bits() > 0).then_some(there)).boxed()
}
