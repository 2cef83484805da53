//! The real stage: a clock, and a thread for each source.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use runbook_gate::gate::Decision;
use runbook_gate::source::{Commands, Source, World};
use runbook_gate::transport::Transport;
use runbook_gate::{Duration, Timestamp};

use super::stage::{Answer, Event, Job, Stage};
use super::witness::Witness;

/// The clock: the wall's time when the process started, and how much time has passed since. A wall clock that is set
/// while the gate runs moves no poll and no sample.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    /// Reads the wall's clock, once.
    pub fn start() -> Self {
        Self { wall: wall_time(), started: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.wall + Duration::from_nanos(passed)
    }
}

/// What the wall's clock says now.
pub fn wall_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Waits.
pub fn pause(length: Duration) {
    thread::sleep(length.to_std());
}

/// Speaks to a gate from outside: a signal of the system, a person's word.
#[derive(Clone)]
pub struct Switch {
    events: Sender<Event>,
    gate: Weak<()>,
}

impl Switch {
    /// Says who or what wants the gate to stop.
    pub fn cancel(&self, by: &str) {
        // Nobody listens any more once the gate has ended.
        let _ = self.events.send(Event::Cancelled { by: by.to_owned() });
    }

    /// Says which decision a person asks for, and who or what says so.
    pub fn request(&self, decision: Decision, by: &str) {
        let _ = self.events.send(Event::Requested { decision, by: by.to_owned() });
    }

    /// Says what a reader should know.
    pub fn remark(&self, text: String) {
        let _ = self.events.send(Event::Remarked { text });
    }

    /// Whether a gate still listens.
    pub fn is_heard(&self) -> bool {
        self.gate.strong_count() > 0
    }
}

/// Where events come together.
pub struct Events {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    gate: Arc<()>,
}

impl Default for Events {
    fn default() -> Self {
        let (sender, receiver) = unbounded();
        Self { sender, receiver, gate: Arc::default() }
    }
}

impl Events {
    /// What speaks to the gate.
    pub fn switch(&self) -> Switch {
        Switch { events: self.sender.clone(), gate: Arc::downgrade(&self.gate) }
    }

    /// What has come, and an end of listening.
    #[cfg(test)]
    pub fn drain(self) -> Vec<Event> {
        self.receiver.try_iter().collect()
    }
}

/// Sources on threads of their own: one at a time for each source, so that a slow one delays no other.
pub struct Threads {
    clock: Clock,
    jobs: Vec<Sender<Job>>,
    events: Receiver<Event>,
    remarks: Vec<String>,
    /// As long as it is there, somebody listens.
    _gate: Arc<()>,
}

impl Threads {
    /// Starts a thread for each source. They end with the process: one that hangs holds nobody up.
    ///
    /// # Errors
    /// Where the system gives no more threads.
    pub fn start(
        clock: Clock,
        sources: Vec<Box<dyn Source>>,
        transport: &Arc<dyn Transport>,
        commands: &Arc<dyn Commands>,
        events: Events,
    ) -> std::io::Result<Self> {
        let mut jobs = Vec::with_capacity(sources.len());
        for (index, source) in sources.into_iter().enumerate() {
            let (sender, receiver) = unbounded();
            let worker = Worker {
                clock,
                index,
                source,
                transport: Arc::clone(transport),
                commands: Arc::clone(commands),
                events: events.sender.clone(),
            };
            thread::Builder::new().name(format!("source-{index}")).spawn(move || worker.work(&receiver))?;
            jobs.push(sender);
        }
        Ok(Self { clock, jobs, events: events.receiver, remarks: Vec::new(), _gate: events.gate })
    }
}

impl Stage for Threads {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn start(&mut self, source: usize, job: Job) {
        if let Some(jobs) = self.jobs.get(source) {
            // A worker ends only by a panic, and that is an event of its own.
            let _ = jobs.send(job);
        }
    }

    fn next(&mut self, until: Timestamp) -> Event {
        let wait = until.since(self.now());
        match self.events.recv_timeout(wait.to_std()) {
            Ok(Event::Remarked { text }) => {
                self.remarks.push(text);
                Event::Reached
            }
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => Event::Reached,
            Err(RecvTimeoutError::Disconnected) => {
                pause(wait);
                Event::Reached
            }
        }
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }
}

struct Worker {
    clock: Clock,
    index: usize,
    source: Box<dyn Source>,
    transport: Arc<dyn Transport>,
    commands: Arc<dyn Commands>,
    events: Sender<Event>,
}

impl Worker {
    fn work(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            let done = catch_unwind(AssertUnwindSafe(|| self.answer(job)));
            let crashed = done.is_err();
            let event = done.unwrap_or(Event::Crashed { source: self.index });
            if self.events.send(event).is_err() || crashed {
                return;
            }
        }
    }

    fn answer(&mut self, job: Job) -> Event {
        let witness = Witness::new(&*self.transport, self.clock.now());
        let world = World { transport: &witness, commands: &*self.commands };
        let answer = match job {
            Job::Poll(window) => Answer::Polled(self.source.poll(&window, &world)),
            Job::History(window) => Answer::History(self.source.history(&window, &world)),
            Job::Serving(window) => Answer::Serving(self.source.serving(&window, &world)),
        };
        Event::Done { source: self.index, answer, fault: witness.fault() }
    }
}
