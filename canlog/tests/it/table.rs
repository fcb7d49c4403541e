//! Rows as files.

mod oracle;
mod text;

use canlog::export::{Rows, Table, TableColumn, TableFormat};

fn columns(names: &[&str]) -> Vec<TableColumn> {
    names.iter().map(|&name| TableColumn { name: name.to_owned(), unit: None }).collect()
}

/// A file of these columns; `blocks` are given one after the other.
fn file(format: TableFormat, columns: Vec<TableColumn>, blocks: &[Rows]) -> Vec<u8> {
    let mut table = Table::new(Vec::new(), format, columns).unwrap();
    blocks.iter().for_each(|rows| table.write(rows).unwrap());
    table.finish().unwrap()
}

fn rows(times: &[i64], columns: &[&[f64]]) -> Rows {
    Rows { times: times.to_vec(), columns: columns.iter().map(|column| column.to_vec()).collect() }
}
