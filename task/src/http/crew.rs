//! Threads that stay: many requests at once start without a thread being made for each of them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

/// What a thread does once.
pub type Task = Box<dyn FnOnce() + Send>;

/// Threads that wait for something to do. There are as many as were busy at once; they end with the crew.
#[derive(Default)]
pub struct Crew {
    idle: Arc<Mutex<Vec<Hand>>>,
}

/// The way to a thread that waits. Nobody else has it, so that a thread whose crew is gone ends.
struct Hand(Sender<Order>);

struct Order {
    task: Task,
    /// Goes back to the idle ones when the task is done.
    hand: Hand,
}

impl Crew {
    /// Does a task on a thread that waits, or on a new one of this stack size. A task that panics ends its thread.
    ///
    /// # Errors
    /// Where there is no thread that waits, and the system gives no more.
    pub fn give(&self, task: Task, stack_bytes: usize) -> io::Result<()> {
        let waiting = idle(&self.idle).pop();
        let hand = match waiting {
            Some(hand) => hand,
            None => self.hire(stack_bytes)?,
        };
        let sender = hand.0.clone();
        // It waits: its receiver is there, and its queue is empty.
        sender.send(Order { task, hand }).map_err(|_| io::Error::other("a thread of the crew has ended"))
    }

    fn hire(&self, stack_bytes: usize) -> io::Result<Hand> {
        let (sender, orders) = bounded(1);
        let crew = Arc::downgrade(&self.idle);
        let thread = thread::Builder::new().name("send".to_owned()).stack_size(stack_bytes);
        thread.spawn(move || stay(&orders, &crew))?;
        Ok(Hand(sender))
    }
}

fn stay(orders: &Receiver<Order>, crew: &Weak<Mutex<Vec<Hand>>>) {
    while let Ok(Order { task, hand }) = orders.recv() {
        task();
        let Some(crew) = crew.upgrade() else { return };
        idle(&crew).push(hand);
    }
}

fn idle(hands: &Mutex<Vec<Hand>>) -> std::sync::MutexGuard<'_, Vec<Hand>> {
    hands.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;

    use super::*;

    const STACK: usize = 64 * 1024;

    /// The threads that do so many tasks at once, and then wait again.
    fn who(crew: &Crew, tasks: usize) -> HashSet<thread::ThreadId> {
        let all_at_once = Arc::new(Barrier::new(tasks));
        let (sender, seen) = bounded(tasks);
        for _ in 0..tasks {
            let (all_at_once, sender) = (Arc::clone(&all_at_once), sender.clone());
            let task = move || {
                all_at_once.wait();
                sender.send(thread::current().id()).unwrap();
            };
            crew.give(Box::new(task), STACK).unwrap();
        }
        let who = seen.iter().take(tasks).collect();
        while idle(&crew.idle).len() < tasks {
            thread::yield_now();
        }
        who
    }

    #[test]
    fn threads_stay_and_are_as_many_as_were_busy_at_once() {
        let crew = Crew::default();
        let first = who(&crew, 20);
        assert_eq!(first.len(), 20);
        assert_eq!(who(&crew, 20), first);
        assert_eq!(idle(&crew.idle).len(), 20);
    }

    #[test]
    fn a_task_that_panics_takes_its_thread_with_it_and_no_other() {
        let crew = Crew::default();
        let (sender, over) = bounded::<()>(0);
        let task = move || {
            let _dropped_by_the_panic = sender;
            panic!("a defect, for this test");
        };
        crew.give(Box::new(task), STACK).unwrap();
        assert!(over.recv().is_err());
        assert_eq!(who(&crew, 2).len(), 2);
    }

    #[test]
    fn threads_end_with_their_crew() {
        let crew = Crew::default();
        let (sender, ended) = bounded::<()>(0);
        let (go, wait) = bounded::<()>(0);
        let task = move || {
            let _ = wait.recv();
            drop(sender);
        };
        crew.give(Box::new(task), STACK).unwrap();
        drop(crew);
        drop(go);
        assert!(ended.recv().is_err());
    }
}
