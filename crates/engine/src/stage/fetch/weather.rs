//! How long S3 takes at the moment, learnt from the answers themselves.

use std::time::Duration;

use parking_lot::Mutex;

/// The weight of the newest answer.
const NEWEST: f64 = 0.1;
/// What is thought before the first answer: a bucket in the same region.
const LATENCY_FIRST: Duration = Duration::from_millis(30);
const BYTES_PER_SECOND_FIRST: f64 = 60e6;
/// A request is repeated when it takes so many times what was expected.
const PATIENCE: f64 = 5.0;
/// And not before that: repeating costs, and a pause of the machine is not S3's.
const PATIENCE_MIN: Duration = Duration::from_millis(1_500);
/// Answers shorter than this say nothing of the bandwidth.
const BANDWIDTH_BYTES_MIN: u64 = 128 << 10;

/// Moving averages of one host.
#[derive(Debug)]
pub(super) struct Weather(Mutex<Averages>);

#[derive(Debug)]
struct Averages {
    latency: f64,
    bytes_per_second: f64,
}

impl Default for Weather {
    fn default() -> Self {
        let latency = LATENCY_FIRST.as_secs_f64();
        Self(Mutex::new(Averages { latency, bytes_per_second: BYTES_PER_SECOND_FIRST }))
    }
}

impl Weather {
    /// Takes note of an answer: when it began, how long it was, and when it was there.
    pub(super) fn learn(&self, first_byte: Duration, bytes: u64, whole: Duration) {
        let mut averages = self.0.lock();
        averages.latency += NEWEST * (first_byte.as_secs_f64() - averages.latency);
        let body = whole.saturating_sub(first_byte).as_secs_f64();
        if bytes >= BANDWIDTH_BYTES_MIN && body > 0.0 {
            averages.bytes_per_second += NEWEST * (bytes as f64 / body - averages.bytes_per_second);
        }
    }

    /// After how long a request for so many bytes is slow enough to be repeated.
    pub(super) fn patience(&self, bytes: u64) -> Duration {
        let averages = self.0.lock();
        let expected = averages.latency + bytes as f64 / averages.bytes_per_second.max(1e6);
        Duration::from_secs_f64(expected * PATIENCE).max(PATIENCE_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_with_what_was_seen() {
        let weather = Weather::default();
        assert_eq!(weather.patience(1000), PATIENCE_MIN);
        for _ in 0..50 {
            weather.learn(Duration::from_secs(1), 100, Duration::from_secs(1));
        }
        assert!(weather.patience(1000) > Duration::from_secs(4));
        assert!(weather.patience(100 << 20) > weather.patience(1000));
    }
}
