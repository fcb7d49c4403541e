"""Other people's readers of exports: what each makes of a file, as a frame of polars."""

import duckdb
import pandas
import polars
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from polars.testing import assert_frame_equal

FORMS = "csv", "ndjson", "arrow", "parquet"
STAMPS = polars.col("timestamp").str.to_datetime(time_zone="UTC")


def csv_by_polars(path):
    frame = polars.read_csv(path, try_parse_dates=True, infer_schema_length=None)
    return frame.rename(lambda name: name.replace('""', '"'))  # it leaves the doubled quotes of a heading doubled


def ndjson_by_pandas(path):
    return polars.from_pandas(pandas.read_json(path, lines=True, dtype=False, precise_float=True)).with_columns(STAMPS)


def ndjson_by_duckdb(path):
    lines = duckdb.read_json(path, format="newline_delimited", sample_size=-1)
    return lines.select("* replace (timestamp::timestamptz as timestamp)").pl()


READERS = {
    ("csv", "polars"): csv_by_polars,
    ("csv", "pandas"): lambda path: polars.from_pandas(pandas.read_csv(path, parse_dates=["timestamp"])),
    ("csv", "pyarrow"): lambda path: polars.from_arrow(pyarrow.csv.read_csv(path)),
    ("csv", "duckdb"): lambda path: duckdb.read_csv(path, sample_size=-1).pl(),
    ("ndjson", "polars"): lambda path: polars.read_ndjson(path, infer_schema_length=None).with_columns(STAMPS),
    ("ndjson", "pandas"): ndjson_by_pandas,
    ("ndjson", "duckdb"): ndjson_by_duckdb,
    ("arrow", "polars"): polars.read_ipc,
    ("arrow", "pandas"): lambda path: polars.from_pandas(pandas.read_feather(path)),
    ("arrow", "pyarrow"): lambda path: polars.from_arrow(pyarrow.ipc.open_file(path).read_all()),
    ("parquet", "polars"): polars.read_parquet,
    ("parquet", "pandas"): lambda path: polars.from_pandas(pandas.read_parquet(path)),
    ("parquet", "pyarrow"): lambda path: polars.from_arrow(pyarrow.parquet.read_table(path)),
    ("parquet", "duckdb"): lambda path: duckdb.read_parquet(path).pl(),
}
by_all_readers = pytest.mark.parametrize("form, reader", READERS, ids=map("-".join, READERS))


def same(found, expected, form, exact=True):
    """Equal in names, their order, kinds, times and values. NDJSON has its columns in the order in which rows first
    have them."""
    assert found["timestamp"].dtype.time_zone is not None
    found = found.with_columns(polars.col("timestamp").dt.convert_time_zone("UTC").dt.cast_time_unit("us"))
    order = form != "ndjson"
    assert_frame_equal(found, expected, check_column_order=order, check_exact=exact, rel_tol=1e-9, abs_tol=1e-9)
