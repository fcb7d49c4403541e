//! What a conversion must give, worked out frame by frame and value by value.

use std::collections::BTreeMap;

use canlog::convert::ConvertOptions;
use canlog::dbc::{Catalog, Fit, Row};
use canlog::format::sniff;
use canlog::frame::{Batch, FrameId, FrameKind, Micros};
use canlog::manifest::Number;
use canlog::read::{ReadOptions, Reader};

/// Bus, id and message.
pub(crate) type Key = (Option<String>, FrameId, String);

/// The rows of a message in file order.
pub(crate) type Rows = Vec<(Micros, Vec<Option<Number>>)>;

/// All rows of a log of frames.
pub(crate) fn rows(log: &[u8], options: &ConvertOptions) -> BTreeMap<Key, Rows> {
    let sniffed = sniff(&log[..log.len().min(65_536)]).unwrap();
    let mut reader = Reader::new(sniffed.format, &sniffed.also, &ReadOptions::default());
    let mut batch = Batch::default();
    reader.read(log, true, &mut batch);
    let catalog = Catalog::new(options.dbcs.clone());
    let (mut rows, mut row) = (BTreeMap::<Key, Rows>::new(), Row::default());
    for frame in batch.frames.iter().filter(|frame| frame.kind == FrameKind::Data) {
        let bus = frame.bus.map(|bus| reader.names().buses[usize::from(bus.0)].clone());
        let Some(found) = catalog.resolve(bus.as_deref(), frame.id, frame.id_kind) else { continue };
        if found.plan.extract(batch.data(frame), &mut row) == Fit::Nothing {
            continue;
        }
        let values = found.plan.signals.iter().enumerate();
        let values = values.map(|(at, signal)| row.has(at).then(|| signal.physical(row.raw[at])));
        rows.entry((bus, found.frame, found.plan.name.clone()))
            .or_default()
            .push((frame.time, values.collect()));
    }
    rows
}
