//! Distributions of the lengths and times of answers.

use std::f64::consts::TAU;

/// A distribution of numbers that are not negative, such as the lengths of answers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// Always the same number.
    Fixed(f64),
    /// A log-normal distribution. Half of the numbers are below the median, and the logarithms have
    /// the standard deviation `sigma`.
    LogNormal {
        /// The median.
        median: f64,
        /// The standard deviation of the natural logarithm. With 1, one number in 40 is more than 7
        /// times the median.
        sigma: f64,
    },
}

impl Distribution {
    /// Draws a number.
    pub(super) fn sample(self, random: &mut fastrand::Rng) -> f64 {
        match self {
            Self::Fixed(value) => value.max(0.0),
            Self::LogNormal { median, sigma } => {
                // The Box-Muller transform. The logarithm is of a number above 0.
                let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
                let normal = radius * (TAU * random.f64()).cos();
                median.max(0.0) * (sigma * normal).exp()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Distribution;

    #[test]
    fn half_of_the_numbers_are_below_the_median() {
        let mut random = fastrand::Rng::with_seed(1);
        let distribution = Distribution::LogNormal {
            median: 200.0,
            sigma: 1.0,
        };
        let mut numbers: Vec<f64> = (0..10_001)
            .map(|_| distribution.sample(&mut random))
            .collect();
        numbers.sort_by(f64::total_cmp);
        assert!((190.0..210.0).contains(&numbers[5_000]));
        // 97.5% of a normal distribution are below 1.96 standard deviations.
        assert!((1_300.0..1_550.0).contains(&numbers[9_750]));
    }
}
