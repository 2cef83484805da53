//! The only door to standard output and standard error.
//!
//! What passes is cleaned of secrets, of control characters and of logging commands: the agent of a pipeline obeys `##vso[…]`
//! anywhere in a line, on both streams, whoever wrote it. On a desk too: what a desk wrote to a file may be shown by a pipeline.

use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use runbook_gate::report::escape::{disarmed, steers};

use crate::files::plain;
use crate::redact::Redactor;

/// Where the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Somebody's shell.
    Desk,
    /// A job of Azure Pipelines.
    Pipeline,
}

/// The door. Clones are the same door.
#[derive(Clone)]
pub struct Door {
    place: Place,
    redactor: Redactor,
    streams: Arc<Mutex<Streams>>,
}

struct Streams {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether a line without its end stands on the terminal.
    live: bool,
    /// Why something did not arrive on standard output, the first time.
    lost: Option<String>,
}

impl Door {
    /// The door of this process.
    pub fn of_process(place: Place, redactor: Redactor) -> Self {
        Self::new(
            place,
            redactor,
            Box::new(anstream::AutoStream::auto(std::io::stdout())),
            Box::new(anstream::AutoStream::auto(std::io::stderr())),
        )
    }

    fn new(place: Place, redactor: Redactor, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self { place, redactor, streams: Arc::new(Mutex::new(Streams { out, err, live: false, lost: None })) }
    }

    /// Where the process runs.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The secrets that are kept back.
    pub const fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Prints a result on standard output, with styles where it is a terminal.
    pub fn print(&self, text: &str) {
        let text = self.cleaned(text, Styles::Kept);
        self.with(|streams| {
            streams.clear_live();
            streams.write_out(&text);
        });
    }

    /// Prints a JSON document on standard output: nothing in it is changed but secrets and the `#` of logging commands, which
    /// becomes its JSON escape and means the same.
    pub fn print_json(&self, json: &str) {
        let text = disarmed(&self.redactor.clean(json), "\\u0023");
        self.with(|streams| {
            streams.clear_live();
            streams.write_out(&text);
        });
    }

    /// Sends the agent of a pipeline a logging command, as [`crate::agent`] has written it: the one line that it is to obey.
    pub fn command(&self, line: &str) {
        self.with(|streams| streams.write_out(&format!("{line}\n")));
    }

    /// Why standard output is not whole, where something was lost on the way: a full disk, a device that refuses. A reader that
    /// reads no further (`| head`) has lost nothing.
    pub fn lost(&self) -> Option<String> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).lost.clone()
    }

    /// Says lines on standard error.
    pub fn say(&self, text: &str) {
        let text = self.cleaned(text, Styles::Kept);
        self.with(|streams| {
            streams.clear_live();
            streams.write_err(&text);
            if !text.ends_with('\n') {
                streams.write_err("\n");
            }
        });
    }

    /// Says one line of the log.
    pub fn log(&self, level: log::Level, text: &str) {
        let mut lines = String::new();
        let cleaned = self.cleaned(text, Styles::Removed);
        for line in cleaned.lines() {
            let prefix = match (self.place, level) {
                (Place::Desk, log::Level::Error) => "error: ",
                (Place::Desk, log::Level::Warn) => "warning: ",
                (Place::Desk, _) => "",
                (Place::Pipeline, log::Level::Error | log::Level::Warn) => "##[warning]",
                (Place::Pipeline, _) => "##[debug]",
            };
            let _ = writeln!(lines, "{prefix}{line}");
        }
        self.with(|streams| {
            streams.clear_live();
            streams.write_err(&lines);
        });
    }

    /// Draws the live line over the one before; only for a terminal.
    pub fn draw(&self, line: &str) {
        let line = self.cleaned(line, Styles::Kept);
        self.with(|streams| {
            streams.write_err(&format!("\r\x1b[2K{line}"));
            streams.live = true;
        });
    }

    /// Clears the live line.
    pub fn clear(&self) {
        self.with(Streams::clear_live);
    }

    fn with(&self, act: impl FnOnce(&mut Streams)) {
        act(&mut self.streams.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn cleaned(&self, text: &str, styles: Styles) -> String {
        let text = self.redactor.clean(text);
        let mut clean = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' | '\t' => clean.push(c),
                // Styles of the terminal renderer; the stream removes them where nobody sees them.
                '\x1b' if styles == Styles::Kept => clean.push(c),
                // The agent takes a lone carriage return for the end of a line.
                c if steers(c) => clean.push(' '),
                c => clean.push(c),
            }
        }
        disarmed(&clean, " #")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Styles {
    Kept,
    Removed,
}

impl Streams {
    fn write_out(&mut self, text: &str) {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.lost.get_or_insert_with(|| plain(&error));
            }
            _ => {}
        }
    }

    fn write_err(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }

    fn clear_live(&mut self) {
        if self.live {
            self.live = false;
            self.write_err("\r\x1b[2K");
        }
    }
}

/// Whether somebody looks at standard error as it is written, and how wide it is.
pub fn terminal_width() -> Option<usize> {
    let seen = std::io::stderr().is_terminal();
    seen.then(|| terminal_size::terminal_size_of(std::io::stderr()).map_or(80, |(width, _)| width.0.into()))
}

/// How wide standard output is: a terminal's width, or one that reads well in a log.
pub fn output_width() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(100, |(width, _)| width.0.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_gate::Secret;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Sink {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn door(place: Place) -> (Door, Sink, Sink) {
        let (out, err) = (Sink::default(), Sink::default());
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("canary-1"));
        (Door::new(place, redactor, Box::new(out.clone()), Box::new(err.clone())), out, err)
    }

    #[test]
    fn no_secret_passes() {
        let (door, out, err) = door(Place::Desk);
        door.print("a canary-1\n");
        door.print_json("{\"a\":\"canary-1\"}\n");
        door.say("canary-1");
        door.log(log::Level::Info, "canary-1");
        door.draw("canary-1");
        assert_eq!(out.text(), "a ***\n{\"a\":\"***\"}\n");
        assert!(!err.text().contains("canary"), "{}", err.text());
    }

    #[test]
    fn no_logging_command_passes_wherever_the_process_runs() {
        for place in [Place::Desk, Place::Pipeline] {
            no_logging_command_passes(place);
        }
    }

    fn no_logging_command_passes(place: Place) {
        let (door, out, err) = door(place);
        let hostile =
            "x ##vso[task.complete result=Succeeded;]y ###VSO[a.b]\r##[error]z #\u{fe0f}#vso[a.b]\u{2028}";
        door.print(hostile);
        door.say(hostile);
        door.log(log::Level::Info, hostile);
        door.print_json("{\"a\":\"##vso[task.setvariable variable=x] #\u{fe0f}#vso[a.b]\"}");
        for text in [out.text(), err.text()] {
            assert!(!text.to_lowercase().contains("##vso["), "{text}");
            assert!(!text.contains("##[error]") && !text.contains(['\r', '\u{2028}']), "{text}");
            assert!(!text.contains("#\u{fe0f}#"), "{text}");
        }
        let debug = if place == Place::Desk { "" } else { "##[debug]" };
        assert!(err.text().contains(&format!("\n{debug}x # #vso[")), "{}", err.text());
        assert!(out.text().contains(r##"{"a":"#\u0023vso[task"##), "{}", out.text());
    }

    #[test]
    fn headings_and_rules_stay() {
        for place in [Place::Desk, Place::Pipeline] {
            let (door, out, _) = door(place);
            let text = "## Decided\n####\n# a ##\nadd a section `## Rollback`\n";
            door.print(text);
            assert_eq!(out.text(), text);
        }
    }

    #[test]
    fn the_live_line_is_cleared_before_anything_else_is_said() {
        let (door, _, err) = door(Place::Desk);
        door.draw("14m left");
        door.say("done");
        door.clear();
        assert_eq!(err.text(), "\r\x1b[2K14m left\r\x1b[2Kdone\n");
    }

    /// A stream that takes nothing, for a reason.
    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_does_not_arrive_is_remembered_and_a_reader_that_leaves_is_not() {
        let lost = |kind, act: fn(&Door)| {
            let door = Door::new(
                Place::Desk,
                Redactor::default(),
                Box::new(Refusing(kind)),
                Box::new(Refusing(ErrorKind::StorageFull)),
            );
            door.say("standard error is not the result");
            assert_eq!(door.lost(), None);
            act(&door);
            door.lost()
        };
        let ways: [fn(&Door); 3] =
            [|door| door.print("x\n"), |door| door.print_json("{}\n"), |door| door.command("##vso[a.b]")];
        for act in ways {
            assert_eq!(lost(ErrorKind::StorageFull, act).as_deref(), Some("the disk is full"));
            assert_eq!(lost(ErrorKind::BrokenPipe, act), None);
        }
    }

    #[test]
    fn control_characters_become_spaces() {
        let (door, _, err) = door(Place::Desk);
        door.say("a\rb\u{7}c\u{85}d");
        assert_eq!(err.text(), "a b c d\n");
    }
}
