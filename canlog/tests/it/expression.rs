//! Derived signals.

mod evaluating;
mod grammar;
mod limits;
mod names;
mod oracle;
mod property;
pub(crate) mod random;

use std::convert::Infallible;

use canlog::expression::{
    Base, Block, Catalog, Column, Evaluation, EvaluationError, Expression, ExpressionError, Limits, Plan,
};
use canlog::frame::Micros;

/// Samples of several time bases, held whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording {
    pub(crate) bases: Vec<Block>,
}

impl Recording {
    pub(crate) fn of(bases: &[(&[Micros], &[&[f64]])]) -> Self {
        let block = |(times, columns): &(&[Micros], &[&[f64]])| Block {
            times: times.to_vec(),
            columns: columns.iter().map(|values| values.to_vec()).collect(),
        };
        Self { bases: bases.iter().map(block).collect() }
    }

    /// A reader that gives rows by and by: `rows` tells how many at once.
    pub(crate) fn reader(
        &self,
        mut rows: impl FnMut() -> usize,
    ) -> impl FnMut(&Base, usize, &mut Block) -> Result<(), Infallible> {
        let mut starts = vec![0; self.bases.len()];
        move |base, _, block| {
            let all = &self.bases[base.base];
            let start = starts[base.base];
            let end = all.times.len().min(start + rows());
            starts[base.base] = end;
            block.times.extend_from_slice(&all.times[start..end]);
            for (into, &column) in block.columns.iter_mut().zip(&base.columns) {
                into.extend_from_slice(&all.columns[column][start..end]);
            }
            Ok(())
        }
    }

    /// Signals `a`, `b`, … in the order of bases and columns; base 0 is message `M0`.
    pub(crate) fn catalog(&self) -> Catalog {
        let mut catalog = Catalog::default();
        let mut names = 'a'..='z';
        for (base, block) in self.bases.iter().enumerate() {
            for column in 0..block.columns.len() {
                let name = names.next().unwrap().to_string();
                catalog.add_signal(&["can0", &format!("M{base}"), &name], Column { base, column });
            }
        }
        catalog
    }

    pub(crate) fn evaluate(&self, source: &str) -> (Vec<Micros>, Vec<f64>) {
        let plan = plan(source, &self.catalog()).unwrap();
        collect(&plan, self.reader(|| 5_000)).unwrap()
    }
}

pub(crate) fn parse(source: &str) -> Result<Expression, ExpressionError> {
    Expression::parse(source, &Limits::default())
}

pub(crate) fn plan(source: &str, catalog: &Catalog) -> Result<Plan, ExpressionError> {
    Plan::new(&parse(source)?, catalog, &Limits::default())
}

pub(crate) fn collect<E>(
    plan: &Plan,
    mut read: impl FnMut(&Base, usize, &mut Block) -> Result<(), E>,
) -> Result<(Vec<Micros>, Vec<f64>), EvaluationError<E>> {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let mut evaluation = Evaluation::new(plan);
    while let Some(chunk) = evaluation.next(&mut read)? {
        times.extend_from_slice(chunk.times);
        values.extend_from_slice(chunk.values);
    }
    Ok((times, values))
}

/// As text, so that gaps equal each other.
pub(crate) fn shown(values: &[f64]) -> String {
    format!("{values:?}")
}
