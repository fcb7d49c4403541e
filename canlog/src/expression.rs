//! Derived signals: expressions over signals, computed column by column.
//!
//! # The language
//!
//! ```text
//! CGAccelRawX * cos(pi/4) - CGAccelRawY * sin(pi/4)
//! if(Throttle > 5 and Brake < 1, derivative(Speed), 0)
//! moving_mean("Oil Temp", 500ms) - low_pass(Engine.OilTemp, 2Hz)
//! ```
//!
//! **Names.** Letters, digits and `_` need no quotes; any other name stands in `"…"` or `` `…` `` (the quote
//! doubled means itself). `Message.Signal`, `bus.Message.Signal` and `derived.Name` say which one is meant when the
//! short name is not unique. Upper and lower case differ. A name of the catalogue comes first: `pi` and `e` are the
//! numbers only where no signal has that name; a function is a name with `(` behind it.
//!
//! **Operators**, weakest first. Comparisons and logic give 1 or 0; anything but 0 is true.
//!
//! | operator | meaning |
//! | --- | --- |
//! | `c ? a : b` | `a` where `c` is true, else `b`; the same as `if(c, a, b)` |
//! | `or` `\|\|` | |
//! | `and` `&&` | |
//! | `not` | |
//! | `<` `<=` `>` `>=` `==` `!=` | not chained: `a < b and b < c` |
//! | `+` `-` | |
//! | `*` `/` `%` | the remainder has the divisor's sign |
//! | `-x` `+x` | |
//! | `^` `**` | power; from the right; `-x^2` is `-(x^2)` |
//!
//! **Functions** of each sample by itself:
//!
//! | function | unit and meaning |
//! | --- | --- |
//! | `sin` `cos` `tan` | of an angle in rad |
//! | `asin` `acos` `atan` `atan2(y, x)` | an angle in rad |
//! | `sind` `cosd` `tand` | of an angle in degrees |
//! | `asind` `acosd` `atand` `atan2d(y, x)` | an angle in degrees |
//! | `radians` `degrees` | degrees to rad, rad to degrees |
//! | `exp` `log` (`ln`) `log10` `sqrt` `abs` `sign` | `log` is the natural one; `sign` gives -1, 0 or 1 |
//! | `pow(x, y)` | `x ^ y` |
//! | `floor` `ceil` `round` | to a whole number; `round` takes halves to the even one |
//! | `min(a, b, …)` `max(a, b, …)` `clamp(x, low, high)` | the unit of `x` |
//! | `if(c, a, b)` | see above |
//!
//! **Functions along time.** They look at the samples that are finite numbers; every other row stays a gap, as if it
//! were not there.
//!
//! | function | unit and meaning |
//! | --- | --- |
//! | `previous(x)` | the sample before; the first has none: a gap |
//! | `derivative(x)` | unit of `x` per second: (x - x before) / (t - t before); a gap where no time went by |
//! | `integral(x)` | unit of `x` times seconds: trapezoids from the first sample, which gives 0 |
//! | `moving_mean(x, w)` `moving_min(x, w)` `moving_max(x, w)` | over the samples in (t - w, t], of those of one instant as far as they came before |
//! | `low_pass(x, τ)` `low_pass(x, fHz)` | first order; τ a time constant, f the cut-off, τ = 1 / (2π f). y = y before + (1 - exp(-Δt/τ)) (x - y before), exact for any Δt where x holds since the sample before; y = x at the first |
//!
//! `w` and `τ` are durations: `20us`, `500ms`, `2s`, `1m`, `1h`; a bare number is seconds.
//!
//! **Gaps.** A gap (NaN) in gives a gap out, in arithmetic, comparisons, logic and the condition of `if` (of its
//! branches only the chosen one counts). Arithmetic is that of IEEE 754: 1/0 is infinite, 0/0 a gap; outside its
//! domain a function gives a gap (`sqrt(-1)`, `log(-1)`, `asin(2)`).
//!
//! **Time.** Operands on one time base are computed row by row. Operands on different ones are joined by previous
//! value on the union of their times: each holds its last row until its next, and is a gap before its first. Rows of
//! one instant pair up in their order. A function along time runs on the time base of its own operand, before any join.
//! [`Plan::joining`] says which it was.
//!
//! # In Rust
//!
//! [`Expression::parse`] reads a text, [`Plan::new`] gives its names a meaning by a [`Catalog`], [`Evaluation`]
//! computes it block by block: nothing of a signal is held but a block and the samples of a moving window.

mod call;
mod catalog;
mod evaluate;
mod failure;
mod function;
mod kernel;
mod limits;
mod merge;
mod nearest;
mod parse;
mod plan;
mod planner;
mod print;
mod register;
mod running;
mod sound;
mod syntax;
mod token;
mod unit;
mod window;

pub use catalog::{Catalog, Column};
pub use evaluate::{Block, Chunk, Evaluation, EvaluationError};
pub use failure::{ExpressionError, Position, Reason};
pub use limits::Limits;
pub use plan::{Base, Joining, Plan};
pub use syntax::{Expression, Name};
