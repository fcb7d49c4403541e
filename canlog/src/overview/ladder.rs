//! The widths cells may have. Each divides the next, so a cell of one level is a whole number of cells of
//! the level below, and buckets of 1 s, 10 s or 1 min are whole cells.

use crate::frame::Micros;

/// 1 ms, 5 ms, 10 ms, 50 ms … 500,000 s.
pub(crate) const WIDTHS: [Micros; 18] = widths();

const fn widths() -> [Micros; 18] {
    let mut widths = [0; 18];
    let mut width = 1_000;
    let mut rung = 0;
    while rung < widths.len() {
        widths[rung] = width;
        width *= if rung % 2 == 0 { 5 } else { 2 };
        rung += 1;
    }
    widths
}

/// Start of the cell that holds `time`. Cells lie on multiples of their width since 1970.
#[inline]
pub(crate) fn cell_of(time: Micros, width: Micros) -> Micros {
    time.saturating_sub(time.rem_euclid(width))
}

/// The rung with the narrowest cells that hold `samples_per_cell` of these rows on average.
///
/// Counts the cells that are met rather than dividing the span by them: a gap, or a clock that was set
/// while the log ran, would make the span meaningless.
pub(super) fn base_rung(times: &[Micros], samples_per_cell: usize) -> usize {
    let most = (times.len() / samples_per_cell.max(1)).max(1);
    let fits = |&width: &Micros| cells_met(times, width).take(most + 1).count() <= most;
    WIDTHS.iter().position(fits).unwrap_or(WIDTHS.len() - 1)
}

/// One item for each time that lies in another cell than its predecessor.
fn cells_met(times: &[Micros], width: Micros) -> impl Iterator<Item = Micros> {
    let mut open: Option<Micros> = None;
    times.iter().filter_map(move |&time| {
        if open.is_some_and(|start| start <= time && time - start < width) {
            return None;
        }
        open = Some(cell_of(time, width));
        open
    })
}

#[cfg(test)]
mod tests {
    use super::{WIDTHS, base_rung, cell_of};

    #[test]
    fn every_width_divides_the_next() {
        assert_eq!(WIDTHS[..6], [1_000, 5_000, 10_000, 50_000, 100_000, 500_000]);
        assert!(WIDTHS.windows(2).all(|pair| pair[1] % pair[0] == 0));
        assert_eq!(WIDTHS[17], 500_000_000_000);
    }

    #[test]
    fn cells_before_1970_start_below_their_times() {
        assert_eq!(cell_of(-1, 1_000), -1_000);
        assert_eq!(cell_of(-1_000, 1_000), -1_000);
        assert_eq!(cell_of(i64::MIN, 7_000), i64::MIN, "no overflow at the rim");
    }

    #[test]
    fn the_base_holds_enough_samples_in_spite_of_a_jump_of_the_clock() {
        let mut times: Vec<i64> = (0..10_000).map(|row| row * 10_000).collect();
        assert_eq!(WIDTHS[base_rung(&times, 64)], 1_000_000, "100 Hz: 100 samples a second");
        times[0] = -1_000_000_000_000_000;
        assert_eq!(WIDTHS[base_rung(&times, 64)], 1_000_000);
    }
}
