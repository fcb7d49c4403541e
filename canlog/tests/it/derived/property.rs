//! Any run, any expression, any window.

use canlog::expression::Joining;
use canlog::series::{Reduction, SeriesRequest, read_range};
use canlog::statistics::{StatisticsRequest, read_statistics};
use proptest::prelude::*;

use super::derivation::{derived, expression, plan, run};
use crate::expression::random::any_expression;
use crate::series::message::Rows;
use crate::series::naive;
use crate::series::property::{method, window};
use crate::statistics::property::{assert_close, expected};

/// Some window that meets the run.
fn some_window(samples: &Rows, (from, to): (i64, i64)) -> std::ops::Range<i64> {
    if samples.times.is_empty() { 0..1_000_000 } else { window(samples, from, to) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    /// Among it that buckets of the least and the greatest hold the true extremes, in at most so many entries.
    #[test]
    fn a_derived_signal_is_answered_as_a_recorded_one(
        run in run(), source in expression(), flush in 20usize..200, place in (-5i64..1_005, -5i64..1_005),
        max_points in 0usize..60, method in method(),
    ) {
        let plan = plan(source);
        let samples = run.samples(&plan);
        let window = some_window(&samples, place);
        let request = SeriesRequest { window, max_points, method, ..SeriesRequest::default() };
        let files = run.write(flush);
        let answer = read_range(vec![derived(&plan, &files)], &request).unwrap();
        prop_assert!(answer.time.len() <= max_points.max(1));
        naive::assert_same(&answer, &naive::expected(&samples, &request, &answer));
    }

    #[test]
    fn figures_are_those_of_all_samples(
        run in run(), source in expression(), flush in 20usize..200, place in (-5i64..1_005, -5i64..1_005),
        kept_values in prop_oneof![Just(0usize), 1usize..50, Just(1 << 20)],
    ) {
        let plan = plan(source);
        let samples = run.samples(&plan);
        let window = some_window(&samples, place);
        let request = StatisticsRequest { window: window.clone(), kept_values, quantiles: true };
        let got = read_statistics(vec![derived(&plan, &run.write(flush))], &request).unwrap();
        assert_close(&got, &expected(&samples, &window));
    }

    /// A value does not depend on the window that it is seen through.
    #[test]
    fn windows_show_the_same_values(
        mut run in run(), source in prop_oneof![expression().prop_map(str::to_owned), any_expression()], flush in 20usize..200, place in (-5i64..1_005, -5i64..1_005),
        pace in prop::sample::select(vec![1, 20, 1_000]),
    ) {
        run.messages.iter_mut().flat_map(|message| &mut message.times).for_each(|time| *time *= pace);
        let plan = plan(&source);
        prop_assume!(!matches!(plan.joining(), Joining::Constant(_)));
        let files = run.write(flush);
        let ask = |window| {
            let request = SeriesRequest { window, max_points: 1_000, method: Reduction::Raw, ..SeriesRequest::default() };
            read_range(vec![derived(&plan, &files)], &request).unwrap()
        };
        let samples = run.samples(&plan);
        let window = some_window(&samples, place);
        let (part, all) = (ask(window.clone()), ask(i64::MIN..i64::MAX));
        let time = |series: &canlog::series::Series, at: usize| series.t0 + (series.time[at] * 1e6).round() as i64;
        let within = (0..all.time.len()).filter(|&at| window.contains(&time(&all, at)));
        let of_all: Vec<_> = within.map(|at| (time(&all, at), all.values[at].to_bits())).collect();
        let of_part: Vec<_> = (0..part.time.len()).map(|at| (time(&part, at), part.values[at].to_bits())).collect();
        prop_assert_eq!(of_part, of_all);
    }
}
