//! What looks at more than one sample: a state that is carried from block to block.

use std::f64::consts::TAU;

use crate::frame::Micros;

use super::plan::Operation;
use super::syntax::{Running, Smoothing};
use super::window::{Figure, Window};

/// A window would hold more samples than allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overfull;

/// What a step knows of the rows before.
#[derive(Clone, Debug)]
pub(super) enum State {
    None,
    /// Of a join: the row that is held.
    Held(f64),
    Previous(f64),
    Derivative(Option<Sample>),
    Integral(Option<Sample>, f64),
    Mean(Window),
    Extreme(Window),
    LowPass(LowPass),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    time: Micros,
    value: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LowPass {
    time_constant: f64,
    last: Option<Sample>,
    /// The weight of a sample after so many microseconds: at a steady rate it is always the same.
    step: Micros,
    weight: f64,
}

impl State {
    pub(super) fn of(operation: Operation) -> Self {
        match operation {
            Operation::Hold { .. } => Self::Held(f64::NAN),
            Operation::Running(running) => Self::running(running),
            _ => Self::None,
        }
    }

    fn running(running: Running) -> Self {
        match running {
            Running::Previous => Self::Previous(f64::NAN),
            Running::Derivative => Self::Derivative(None),
            Running::Integral => Self::Integral(None, 0.0),
            Running::MovingMean(width) => Self::Mean(Window::new(Figure::Sum, width)),
            Running::MovingMin(width) => Self::Extreme(Window::new(Figure::Min, width)),
            Running::MovingMax(width) => Self::Extreme(Window::new(Figure::Max, width)),
            Running::LowPass(smoothing) => {
                let time_constant = match smoothing {
                    Smoothing::TimeConstant(micros) => seconds(micros),
                    Smoothing::CutOff(hertz) => 1.0 / (TAU * hertz),
                };
                Self::LowPass(LowPass { time_constant, last: None, step: 0, weight: 0.0 })
            }
        }
    }

    /// Holds the rows of an operand over more rows: `rows` says after how many rows of the operand each stands.
    pub(super) fn hold(&mut self, rows: &[u32], values: &[f64], out: &mut [f64]) {
        let Self::Held(held) = self else { return };
        for (out, &row) in out.iter_mut().zip(rows) {
            let behind = (row as usize).checked_sub(1);
            *out = behind.and_then(|row| values.get(row)).copied().unwrap_or(*held);
        }
        *held = values.last().copied().unwrap_or(*held);
    }

    /// Goes on with the next rows. A row that is no finite number stays a gap and changes nothing.
    pub(super) fn advance(
        &mut self,
        times: &[Micros],
        values: &[f64],
        out: &mut [f64],
        most: usize,
    ) -> Result<(), Overfull> {
        let mut overfull = false;
        match self {
            Self::None | Self::Held(_) => {}
            Self::Previous(last) => samples(times, values, out, |_, value| std::mem::replace(last, value)),
            Self::Derivative(last) => {
                samples(times, values, out, |time, value| derivative(last, time, value))
            }
            Self::Integral(last, sum) => samples(times, values, out, |time, value| {
                *sum += trapezoid(last, time, value);
                *sum
            }),
            Self::Mean(window) => samples(times, values, out, |time, value| {
                window.push(time, value);
                overfull |= window.samples() > most;
                window.figure() / window.samples() as f64
            }),
            Self::Extreme(window) => samples(times, values, out, |time, value| {
                window.push(time, value);
                overfull |= window.samples() > most;
                window.figure()
            }),
            Self::LowPass(low_pass) => samples(times, values, out, |time, value| low_pass.next(time, value)),
        }
        if overfull { Err(Overfull) } else { Ok(()) }
    }
}

fn samples(times: &[Micros], values: &[f64], out: &mut [f64], mut next: impl FnMut(Micros, f64) -> f64) {
    for ((out, &time), &value) in out.iter_mut().zip(times).zip(values) {
        *out = if value.is_finite() { next(time, value) } else { f64::NAN };
    }
}

fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}

fn derivative(last: &mut Option<Sample>, time: Micros, value: f64) -> f64 {
    let before = last.replace(Sample { time, value });
    let Some(before) = before.filter(|before| before.time < time) else { return f64::NAN };
    (value - before.value) / seconds(time.saturating_sub(before.time))
}

fn trapezoid(last: &mut Option<Sample>, time: Micros, value: f64) -> f64 {
    let before = last.replace(Sample { time, value });
    let Some(before) = before.filter(|before| before.time < time) else { return 0.0 };
    (before.value + value) * 0.5 * seconds(time.saturating_sub(before.time))
}

impl LowPass {
    fn next(&mut self, time: Micros, value: f64) -> f64 {
        let next = match self.last {
            None => value,
            Some(last) => {
                let step = time.saturating_sub(last.time).max(0);
                if step != self.step {
                    self.step = step;
                    let decay = if step == 0 { 0.0 } else { -seconds(step) / self.time_constant };
                    self.weight = -decay.exp_m1();
                }
                last.value + self.weight * (value - last.value)
            }
        };
        self.last = Some(Sample { time, value: next });
        next
    }
}
