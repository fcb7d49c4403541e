//! How often each value of a column chunk occurs, from its dictionary and codes: no sample is decoded.

use std::io::{Read, Seek};

use polars_arrow::datatypes::ArrowDataType;
use polars_error::PolarsError;
use polars_parquet::parquet::encoding::bitpacked::Decoder;
use polars_parquet::parquet::encoding::hybrid_rle::{HybridRleChunk, HybridRleDecoder};
use polars_parquet::parquet::page::{DataPage, split_buffer};

use crate::series::SeriesError;
use crate::series::file::ColumnFile;

/// Widest codes that are counted by direct address.
const WIDEST: u32 = 20;

impl<R: Read + Seek> ColumnFile<R> {
    /// The distinct values of a column chunk (one may stand there twice) and how often each occurs; `None`
    /// when they are not written by dictionary.
    pub(crate) fn frequencies(
        &mut self,
        group: usize,
        name: &str,
    ) -> Result<Option<Vec<(f64, u64)>>, SeriesError> {
        let (mut pages, kind) = self.pages(group, name)?;
        let Some(dictionary) = pages.read_dict_page().map_err(PolarsError::from)? else { return Ok(None) };
        let values = numbers(&dictionary.buffer, &kind);
        let mut tables = Tables::default();
        while let Some(page) = pages.next() {
            let page = page.and_then(|page| page.decompress(&mut pages)).map_err(PolarsError::from)?;
            if !page.header().is_dictionary_encoded() || page.buffer().len() < 4 {
                return Ok(None);
            }
            if !tables.count(&page)? {
                return Ok(None);
            }
            pages.reuse_page_buffer(page);
        }
        let counts = tables.sum();
        if counts.iter().skip(values.len()).any(|&count| count > 0) {
            return Err(SeriesError::malformed(format!("column {name:?} has codes without a value")));
        }
        let counted = values.into_iter().zip(counts).filter(|&(_, count)| count > 0);
        Ok(Some(counted.collect()))
    }
}

fn numbers(bytes: &[u8], kind: &ArrowDataType) -> Vec<f64> {
    let (words, _) = bytes.as_chunks::<8>();
    match kind {
        ArrowDataType::Int64 => words.iter().map(|word| i64::from_le_bytes(*word) as f64).collect(),
        ArrowDataType::UInt64 => words.iter().map(|word| u64::from_le_bytes(*word) as f64).collect(),
        _ => words.iter().map(|word| f64::from_le_bytes(*word)).collect(),
    }
}

/// Counts by code. Two by turns: equal neighbours need not wait for each other.
#[derive(Default)]
struct Tables {
    even: Vec<u64>,
    odd: Vec<u64>,
}

impl Tables {
    /// Counts the codes of a page; false when they are too wide.
    fn count(&mut self, page: &DataPage) -> Result<bool, SeriesError> {
        let split = split_buffer(page).map_err(PolarsError::from)?;
        let filled = match split.def {
            [] => page.num_values(),
            levels => ones(levels, page.num_values())?,
        };
        let Some((&width, codes)) = split.values.split_first() else { return Ok(filled == 0) };
        let width = u32::from(width);
        if width > WIDEST {
            return Ok(false);
        }
        let room = self.even.len().max(1 << width);
        self.even.resize(room, 0);
        self.odd.resize(room, 0);
        for chunk in HybridRleDecoder::new(codes, width, filled).into_chunk_iter() {
            match chunk.map_err(PolarsError::from)? {
                HybridRleChunk::Rle(code, times) => match self.even.get_mut(code as usize) {
                    Some(count) => *count += times as u64,
                    None => return Err(SeriesError::malformed("a code is wider than it may be".to_owned())),
                },
                HybridRleChunk::Bitpacked(decoder) => self.count_packed(decoder),
            }
        }
        Ok(true)
    }

    fn count_packed(&mut self, mut decoder: Decoder<u32>) {
        let mut chunks = decoder.chunked();
        for codes in chunks.by_ref() {
            self.count_each(&codes);
        }
        if let Some((codes, left)) = chunks.remainder() {
            self.count_each(codes.get(..left).unwrap_or_default());
        }
    }

    #[inline]
    fn count_each(&mut self, codes: &[u32]) {
        let (pairs, rest) = codes.as_chunks::<2>();
        for [one, other] in pairs {
            self.even[*one as usize] += 1;
            self.odd[*other as usize] += 1;
        }
        rest.iter().for_each(|code| self.odd[*code as usize] += 1);
    }

    fn sum(mut self) -> Vec<u64> {
        self.even.iter_mut().zip(self.odd).for_each(|(even, odd)| *even += odd);
        self.even
    }
}

/// How many of the definition levels say that there is a value.
fn ones(levels: &[u8], rows: usize) -> Result<usize, SeriesError> {
    let mut ones = 0;
    for chunk in HybridRleDecoder::new(levels, 1, rows).into_chunk_iter() {
        ones += match chunk.map_err(PolarsError::from)? {
            HybridRleChunk::Rle(level, times) => {
                if level > 0 {
                    times
                } else {
                    0
                }
            }
            HybridRleChunk::Bitpacked(decoder) => {
                let mut levels = Vec::new();
                decoder.collect_into(&mut levels);
                levels.iter().filter(|level: &&u32| **level > 0).count()
            }
        };
    }
    Ok(ones)
}
