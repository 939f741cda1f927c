//! Percentiles, and how times and sizes are written.

/// Measured times in nanoseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    /// Adds one.
    pub(crate) fn push(&mut self, nanos: u64) {
        self.0.push(nanos);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that `percent` of them do not exceed (nearest rank); `None` where there are none.
    pub(crate) fn percentile(&self, percent: u32) -> Option<u64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent as usize).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied()
    }

    /// What a percentile has more than the same one of `others`, in milliseconds.
    pub(crate) fn added(&self, others: &Self, percent: u32) -> Option<f64> {
        let (own, other) = self.percentile(percent).zip(others.percentile(percent))?;
        Some(millis(own) - millis(other))
    }

    /// How many times the same percentile of `others` a percentile is.
    pub(crate) fn ratio(&self, others: &Self, percent: u32) -> Option<f64> {
        let (own, other) = self.percentile(percent).zip(others.percentile(percent))?;
        (other > 0).then(|| own as f64 / other as f64)
    }
}

impl Extend<u64> for Times {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, times: I) {
        self.0.extend(times);
    }
}

/// The one in the middle of a few numbers.
pub(crate) fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// Nanoseconds as milliseconds.
pub(crate) fn millis(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// Nanoseconds as a cell of a table, in milliseconds.
pub(crate) fn cell(nanos: Option<u64>) -> String {
    nanos.map_or("-".into(), |nanos| format!("{:.3}", millis(nanos)))
}

/// A difference in milliseconds as a cell of a table.
pub(crate) fn difference(millis: Option<f64>) -> String {
    millis.map_or("-".into(), |millis| format!("{millis:+.3}"))
}

/// A ratio as a cell of a table.
pub(crate) fn times(ratio: Option<f64>) -> String {
    ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut times = Times::default();
        assert_eq!(times.percentile(50), None);
        times.extend((1..=200).rev());
        assert_eq!(times.percentile(50), Some(100));
        assert_eq!(times.percentile(99), Some(198));
        assert_eq!(times.percentile(100), Some(200));
        let mut one = Times::default();
        one.push(7);
        assert_eq!((one.percentile(0), one.percentile(99)), (Some(7), Some(7)));
    }

    #[test]
    fn percentiles_are_compared_with_the_same_ones_of_others() {
        let (mut own, mut others, none) = (Times::default(), Times::default(), Times::default());
        own.extend([3_000_000, 9_000_000]);
        others.extend([2_000_000, 4_000_000]);
        assert_eq!((own.added(&others, 50), own.ratio(&others, 50)), (Some(1.0), Some(1.5)));
        assert_eq!((others.added(&own, 100), others.added(&none, 50)), (Some(-5.0), None));
        assert_eq!((difference(Some(1.0)), difference(None)), ("+1.000".into(), "-".into()));
    }

    #[test]
    fn the_median_is_one_of_the_numbers() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.0));
    }
}
