//! Columns as Arrow describes them.

use std::sync::Arc;

use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};

use super::TableColumn;
use crate::parquet::TIMESTAMP;

/// Key of a column's unit among its metadata.
const UNIT: &str = "unit";

/// The times, then the columns.
pub(super) fn schema(columns: &[TableColumn]) -> ArrowSchema {
    let utc = ArrowDataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let times = Field::new(TIMESTAMP.into(), utc, false);
    let values = columns.iter().map(|column| Field {
        metadata: column.unit.as_deref().map(|unit| Arc::new([(UNIT.into(), unit.into())].into())),
        ..Field::new(column.name.as_str().into(), ArrowDataType::Float64, true)
    });
    std::iter::once(times).chain(values).map(|field| (field.name.clone(), field)).collect()
}
