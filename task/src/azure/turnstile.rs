//! How many requests may be under way at once.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets so many through at a time.
#[derive(Debug)]
pub struct Turnstile {
    free: Mutex<usize>,
    freed: Condvar,
}

/// Places, given back when this is dropped.
#[derive(Debug)]
pub struct Places<'t> {
    turnstile: &'t Turnstile,
    count: usize,
}

impl Turnstile {
    /// With so many places.
    pub const fn new(places: usize) -> Self {
        Self { free: Mutex::new(places), freed: Condvar::new() }
    }

    /// Waits for at least one place and takes at most so many; `None` where none came free in time.
    pub fn enter(&self, most: usize, wait: Duration) -> Option<Places<'_>> {
        let until = Instant::now() + wait;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            let left = until.checked_duration_since(Instant::now())?;
            free = self.freed.wait_timeout(free, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let count = most.min(*free);
        *free -= count;
        Some(Places { turnstile: self, count })
    }
}

impl Places<'_> {
    /// How many they are.
    pub const fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Places<'_> {
    fn drop(&mut self) {
        let mut free = self.turnstile.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free += self.count;
        self.turnstile.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_go_through_than_there_are_places() {
        let turnstile = Turnstile::new(5);
        let three = turnstile.enter(3, Duration::ZERO).unwrap();
        let two = turnstile.enter(9, Duration::ZERO).unwrap();
        assert_eq!((three.count(), two.count()), (3, 2));
        assert!(turnstile.enter(1, Duration::from_millis(5)).is_none());
        drop(three);
        assert_eq!(turnstile.enter(9, Duration::ZERO).unwrap().count(), 3);
    }
}
