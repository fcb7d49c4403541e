//! Parquet's hybrid of run lengths and bit packing, and its deltas.

use polars_parquet::parquet::encoding::bitpacked;

/// Codes that are packed at once.
const GROUP: usize = 8;

/// Bits that hold `distinct` codes.
pub(super) fn width(distinct: usize) -> u32 {
    usize::BITS - distinct.saturating_sub(1).leading_zeros()
}

/// Appends `codes` in the hybrid encoding, each `width` bits (1 to 16).
///
/// Runs are looked for where groups of eight begin: finding every one would cost more than zstd saves.
pub(super) fn hybrid(codes: &[u16], width: u32, out: &mut Vec<u8>) {
    let (groups, rest) = codes.as_chunks::<GROUP>();
    let (mut at, mut literal) = (0, 0);
    while at < groups.len() {
        let run = run(&groups[at..]);
        if run >= 2 {
            literals(&codes[literal * GROUP..at * GROUP], width, out);
            repeated(groups[at][0], run * GROUP, width, out);
            at += run;
            literal = at;
        } else {
            at += 1;
        }
    }
    let tail = &codes[literal * GROUP..];
    debug_assert!(tail.len() >= rest.len());
    literals(tail, width, out);
}

/// How many groups from the first on hold nothing but its first code.
#[inline]
fn run(groups: &[[u16; GROUP]]) -> usize {
    let Some(&[code, ..]) = groups.first() else { return 0 };
    groups.iter().take_while(|group| **group == [code; GROUP]).count()
}

fn repeated(code: u16, times: usize, width: u32, out: &mut Vec<u8>) {
    unsigned((times as u64) << 1, out);
    out.extend_from_slice(&code.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Packs codes; the last group is filled up with zeros.
fn literals(codes: &[u16], width: u32, out: &mut Vec<u8>) {
    if codes.is_empty() {
        return;
    }
    let groups = codes.len().div_ceil(GROUP);
    unsigned((groups as u64) << 1 | 1, out);
    let width = width as usize;
    let end = out.len() + groups * width;
    let mut packed = [0; 128];
    let mut unpacked = [0_u32; 32];
    for chunk in codes.chunks(unpacked.len()) {
        unpacked.fill(0);
        for (to, from) in unpacked.iter_mut().zip(chunk) {
            *to = u32::from(*from);
        }
        bitpacked::encode_pack(&unpacked, width, &mut packed);
        out.extend_from_slice(&packed[..4 * width]);
    }
    out.truncate(end);
}

/// Appends definition levels of a column: 1 at `rows`, 0 elsewhere.
pub(super) fn levels(rows: Option<&[u32]>, count: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    match rows {
        None => repeated(1, count, 1, out),
        Some(rows) => {
            let mut levels = vec![0_u16; count];
            for row in rows {
                levels[*row as usize] = 1;
            }
            hybrid(&levels, 1, out);
        }
    }
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends `value` in seven-bit groups (ULEB128).
fn unsigned(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Values of one block of deltas, in four miniblocks: a late frame widens only its own.
const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// Appends `values` as `DELTA_BINARY_PACKED`.
pub(super) fn deltas(values: &[i64], out: &mut Vec<u8>) {
    unsigned(BLOCK as u64, out);
    unsigned((BLOCK / MINIBLOCK) as u64, out);
    unsigned(values.len() as u64, out);
    signed(values.first().copied().unwrap_or_default(), out);
    let steps: Vec<i64> = values.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    for block in steps.chunks(BLOCK) {
        let least = block.iter().copied().min().unwrap_or_default();
        signed(least, out);
        let widths = out.len();
        out.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
        for (at, miniblock) in block.chunks(MINIBLOCK).enumerate() {
            let mut above = [0_u64; MINIBLOCK];
            for (above, step) in above.iter_mut().zip(miniblock) {
                *above = step.wrapping_sub(least).cast_unsigned();
            }
            let width = 64 - above.iter().fold(0, |bits, above| bits | above).leading_zeros();
            out[widths + at] = width as u8;
            pack_wide(&above, width as usize, out);
        }
    }
}

fn pack_wide(values: &[u64; MINIBLOCK], width: usize, out: &mut Vec<u8>) {
    if width <= 32 {
        let mut packed = [0; 128];
        bitpacked::encode_pack(&values.map(|value| value as u32), width, &mut packed);
        out.extend_from_slice(&packed[..4 * width]);
    } else {
        let mut unpacked = [0_u64; 64];
        unpacked[..MINIBLOCK].copy_from_slice(values);
        let mut packed = [0; 512];
        bitpacked::encode_pack(&unpacked, width, &mut packed);
        out.extend_from_slice(&packed[..4 * width]);
    }
}

/// Appends `value` in seven-bit groups, sign in the lowest bit.
fn signed(value: i64, out: &mut Vec<u8>) {
    unsigned((value << 1 ^ value >> 63).cast_unsigned(), out);
}
