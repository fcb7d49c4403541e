//! Several time bases as one: which rows of each make the next rows of their union.

use crate::frame::Micros;

use super::evaluate::{BLOCK, Feed};
use super::plan::Plan;

/// The next rows of the union of all bases, and of every set of bases that the plan computes on.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    /// For each row of the union, the bases that have a row there, as bits.
    members: Vec<u64>,
    union: Vec<Micros>,
    /// Rows taken from each base.
    pub(super) taken: Vec<usize>,
    /// The times of each set.
    pub(super) times: Vec<Vec<Micros>>,
    /// For each join and row of its wider set, how many rows of the narrower one stand before or at it.
    pub(super) rows: Vec<Vec<u32>>,
}

impl Merge {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            members: Vec::with_capacity(BLOCK),
            union: Vec::with_capacity(BLOCK),
            taken: vec![0; plan.bases.len()],
            times: plan.sets.iter().map(|_| Vec::with_capacity(BLOCK)).collect(),
            rows: plan.joins.iter().map(|_| Vec::with_capacity(BLOCK)).collect(),
        }
    }

    /// Takes rows until a block is full or a base has none ready. Each base that is not at its end must have one.
    pub(super) fn advance(&mut self, plan: &Plan, feeds: &[Feed]) {
        self.members.clear();
        self.union.clear();
        self.taken.fill(0);
        while self.union.len() < BLOCK {
            let Some((time, members)) = self.next_row(feeds) else { break };
            for (base, taken) in self.taken.iter_mut().enumerate() {
                *taken += (members >> base & 1) as usize;
            }
            self.union.push(time);
            self.members.push(members);
        }
        for (times, &set) in self.times.iter_mut().zip(&plan.sets) {
            let rows = self.union.iter().zip(&self.members).filter(|&(_, members)| members & set != 0);
            times.clear();
            times.extend(rows.map(|(&time, _)| time));
        }
        for (rows, &(from, to)) in self.rows.iter_mut().zip(&plan.joins) {
            join(&self.members, plan.sets[from], plan.sets[to], rows);
        }
    }

    /// Takes these rows of the only base.
    pub(super) fn take_all(&mut self, rows: &[Micros]) {
        self.taken.fill(rows.len());
        for times in &mut self.times {
            times.clear();
            times.extend_from_slice(rows);
        }
    }

    /// The earliest time ahead and the bases that have a row of it; none when that is not known.
    fn next_row(&self, feeds: &[Feed]) -> Option<(Micros, u64)> {
        let mut earliest = None;
        for (base, (feed, taken)) in feeds.iter().zip(&self.taken).enumerate() {
            let bit = 1 << base;
            match (feed.times().get(*taken), earliest) {
                (None, _) if feed.ended => {}
                (None, _) => return None,
                (Some(&time), Some((first, members))) if time == first => {
                    earliest = Some((first, members | bit))
                }
                (Some(&time), Some((first, _))) if time > first => {}
                (Some(&time), _) => earliest = Some((time, bit)),
            }
        }
        earliest
    }
}

fn join(members: &[u64], from: u64, to: u64, rows: &mut Vec<u32>) {
    rows.clear();
    let mut before = 0;
    for &members in members {
        before += u32::from(members & from != 0);
        if members & to != 0 {
            rows.push(before);
        }
    }
}
