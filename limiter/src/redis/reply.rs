//! A reply of the script.

use super::StoreError;
use super::protocol::{Call, Offered, StatedClass, VERSION};
use crate::time::StoreTime;

/// A reply of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(super) now: StoreTime,
    /// When to call again for the requests that were not admitted.
    pub(super) retry: StoreTime,
    pub(super) paused_until: StoreTime,
    /// What is added to the time of the server, because that has gone back.
    pub(super) clock_offset: u64,
    /// 1 if the state was damaged and the quota has started again.
    pub(super) resets: u64,
    /// What it says about each class of the call.
    pub(super) classes: Vec<ClassReply>,
    pub(super) rates: Vec<RateReply>,
    /// The running amount of each limit on concurrency.
    pub(super) running: Vec<u64>,
}

/// What a reply says about a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassReply {
    /// The number of the limit that the next request exceeds by itself, starting at 1, or 0.
    pub(super) too_large: u64,
    /// When each admitted request may start.
    pub(super) starts: Vec<StoreTime>,
}

/// What a reply says about a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateReply {
    /// The limit that applies, which another process may have stated.
    pub(super) allowed: u64,
    pub(super) used: u64,
    /// When the pace is ready.
    pub(super) next: StoreTime,
}

/// Why a reply cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReplyError {
    /// Programs with another version of the protocol use the store.
    Version(StoreError),
    /// The script has already executed a call with this higher number.
    Stale(u64),
    /// The reply has an unexpected format.
    Format(StoreError),
}

impl Reply {
    /// Parses the reply to a call.
    pub(super) fn parse(text: &str, call: &Call) -> Result<Self, ReplyError> {
        if let Some(version) = text.strip_prefix("version ") {
            let error = StoreError::version(version, VERSION);
            return Err(ReplyError::Version(error));
        }
        let stale = text.strip_prefix("stale ");
        if let Some(sequence) = stale.and_then(|sequence| sequence.parse().ok()) {
            return Err(ReplyError::Stale(sequence));
        }
        Self::parse_numbers(text, call).ok_or_else(|| {
            let error = StoreError::new("the reply of the script has an unexpected format");
            ReplyError::Format(error)
        })
    }

    /// Returns the admitted requests of a call with their classes, in the order of their starts.
    pub(super) fn admitted<'a>(
        &'a self,
        call: &'a Call,
    ) -> Vec<(StoreTime, &'a StatedClass, &'a Offered)> {
        let classes = call.classes.iter().zip(&self.classes);
        let admitted = classes.flat_map(|(class, reply)| {
            let requests = class.requests.iter().zip(&reply.starts);
            requests.map(move |(request, at)| (*at, class, request))
        });
        let mut admitted: Vec<_> = admitted.collect();
        admitted.sort_by_key(|(at, ..)| *at);
        admitted
    }

    fn parse_numbers(text: &str, call: &Call) -> Option<Self> {
        // A total can be negative after the state was lost, until it is counted again.
        let mut numbers = text.split(' ').map(|number| {
            let number = number.parse::<i64>().ok()?;
            Some(u64::try_from(number).unwrap_or(0))
        });
        let mut next = || numbers.next().flatten();
        let (now, retry) = (StoreTime(next()?), StoreTime(next()?));
        let (paused_until, clock_offset, resets) = (StoreTime(next()?), next()?, next()?);
        let mut class = || {
            let (too_large, starts) = (next()?, next()?);
            let starts = (0..starts).map(|_| next().map(StoreTime));
            Some(ClassReply {
                too_large,
                starts: starts.collect::<Option<_>>()?,
            })
        };
        let classes = call.classes.iter().map(|_| class());
        let classes = classes.collect::<Option<_>>()?;
        let rates = call.rates.iter().map(|_| {
            Some(RateReply {
                allowed: next()?,
                used: next()?,
                next: StoreTime(next()?),
            })
        });
        Some(Self {
            now,
            retry,
            paused_until,
            clock_offset,
            resets,
            classes,
            rates: rates.collect::<Option<_>>()?,
            running: call
                .concurrency
                .iter()
                .map(|_| next())
                .collect::<Option<_>>()?,
        })
    }
}
