//! One figure of several rounds.

use serde::Serialize;

/// The middle of the rounds, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Series {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Series {
    /// None without a figure of every round.
    pub(crate) fn of(figures: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.collect::<Option<_>>()?;
        figures.sort_by(f64::total_cmp);
        let middle = |index: usize| figures.get(index).copied();
        let upper = middle(figures.len() / 2)?;
        let lower = middle((figures.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            lowest: *figures.first()?,
            highest: *figures.last()?,
        })
    }

    /// How many times the first the second is; none of nothing.
    pub(crate) fn ratio(first: Option<Self>, second: Option<Self>) -> Option<f64> {
        let (first, second) = (first?.median, second?.median);
        (first > 0.0).then(|| second / first)
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    fn of(figures: &[f64]) -> Option<Series> {
        Series::of(figures.iter().copied().map(Some))
    }

    #[test]
    fn the_middle_of_the_rounds() {
        assert_eq!(of(&[30.0, 10.0, 1000.0]), Some(Series { median: 30.0, lowest: 10.0, highest: 1000.0 }));
        assert_eq!(of(&[4.0, 1.0, 2.0, 100.0]).unwrap().median.to_bits(), 3.0_f64.to_bits());
        assert_eq!(of(&[]), None);
        assert_eq!(Series::of([Some(1.0), None].into_iter()), None);
    }

    #[test]
    fn the_second_divided_by_the_first() {
        assert_eq!(Series::ratio(of(&[40.0]), of(&[2400.0])), Some(60.0));
        assert_eq!(Series::ratio(of(&[0.0]), of(&[1.0])), None);
        assert_eq!(Series::ratio(of(&[1.0]), None), None);
    }
}
