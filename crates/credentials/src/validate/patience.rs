//! Time for a change of IAM to be seen: AWS needs seconds, rarely a minute.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html>

use std::time::Duration;

/// The pauses between attempts, in seconds; the last one repeats.
const PAUSES_SECONDS: [u64; 4] = [1, 1, 2, 2];

/// What is left of the time one climb may wait, over all its rungs.
pub(super) struct Patience {
    left: Duration,
    whole: Duration,
    pauses: usize,
}

impl Patience {
    pub(super) fn new(whole: Duration) -> Self {
        Self { left: whole, whole, pauses: 0 }
    }

    /// Waits for the next attempt; `false` when the time is used up.
    pub(super) async fn wait(&mut self) -> bool {
        let last = PAUSES_SECONDS.len() - 1;
        let pause = Duration::from_secs(PAUSES_SECONDS[self.pauses.min(last)]);
        if self.left < pause {
            return false;
        }
        self.left -= pause;
        self.pauses += 1;
        tokio::time::sleep(pause).await;
        true
    }

    /// ` after 3 attempts in 4 s`, for what was tried more than once.
    pub(super) fn attempts_text(&self, attempts: u32) -> String {
        if attempts < 2 {
            return String::new();
        }
        format!("; {attempts} attempts within {} s", (self.whole - self.left).as_secs())
    }
}
