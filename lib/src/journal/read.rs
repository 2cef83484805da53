//! A journal, line by line, from anything that can be read.

use std::fmt;
use std::io::{self, BufRead, Read as _};

use super::parse::LineParser;
use super::{Line, LineError};

/// The longest line that a journal may have, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// Why a journal cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or pipe itself failed.
    #[error("line {line} of the journal cannot be read: {error}")]
    Io {
        /// Which line, counted from 1.
        line: u64,
        /// What the system says.
        error: io::Error,
    },
    /// A line above [`MAX_LINE`].
    #[error("line {line} of the journal is longer than {MAX_LINE} bytes; is this file a journal?")]
    TooLong {
        /// Which line, counted from 1.
        line: u64,
    },
    /// Bytes that are no text.
    #[error("line {line} of the journal is not UTF-8 text")]
    NotText {
        /// Which line, counted from 1.
        line: u64,
    },
    /// A line that is no line of a journal.
    #[error("line {line} of the journal: {error}")]
    Line {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong with it.
        error: LineError,
    },
}

/// A last line that was cut, as a killed process leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Which line, counted from 1.
    pub line: u64,
    /// How many bytes of it there are.
    pub bytes: usize,
}

impl fmt::Display for Torn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "line {} of the journal was cut after {} bytes, and is ignored",
            self.line, self.bytes
        )
    }
}

/// Reads a journal in constant memory; an iterator of lines with their numbers, counted from 1.
///
/// Blank lines, CRLF line ends and a byte order mark are passed over. A last line without a line end that is no whole JSON
/// is torn: it is not given, and [`Reader::torn`] says so. After an error there are no more lines.
///
/// ```
/// use runbook_gate::journal::Reader;
///
/// let text = "{\"kind\":\"tick\",\"t\":\"2026-01-01T00:00:00Z\"}\n\n{\"kind\":\"ti";
/// let mut reader = Reader::new(text.as_bytes());
/// assert_eq!(reader.by_ref().map(|line| line.unwrap().0).collect::<Vec<u64>>(), [1]);
/// assert_eq!(reader.torn().unwrap().line, 3);
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    parser: LineParser,
    buffer: Vec<u8>,
    lines: u64,
    torn: Option<Torn>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Reading,
    Over,
}

impl<R: BufRead> Reader<R> {
    /// A reader at the beginning of a journal.
    pub fn new(input: R) -> Self {
        Self {
            input,
            parser: LineParser::default(),
            buffer: Vec::new(),
            lines: 0,
            torn: None,
            state: State::Reading,
        }
    }

    /// The torn last line, once the end is reached.
    #[must_use]
    pub const fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// How many lines were read so far, blank and torn ones included.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The next line that is not blank; nothing at the end.
    fn read(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            self.buffer.clear();
            let mut limited = (&mut self.input).take(MAX_LINE as u64 + 1);
            limited
                .read_until(b'\n', &mut self.buffer)
                .map_err(|error| ReadError::Io { line: self.lines + 1, error })?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            self.lines += 1;
            let line = self.lines;
            let ended = self.buffer.last() == Some(&b'\n');
            if !ended && self.buffer.len() > MAX_LINE {
                return Err(ReadError::TooLong { line });
            }
            let torn = Torn { line, bytes: self.buffer.len() };
            let text = match std::str::from_utf8(&self.buffer) {
                Ok(text) if line == 1 => text.trim_start_matches('\u{feff}'),
                Ok(text) => text,
                Err(_) if ended => return Err(ReadError::NotText { line }),
                Err(_) => {
                    self.torn = Some(torn);
                    return Ok(None);
                }
            };
            let text = text.trim_ascii();
            if text.is_empty() {
                continue;
            }
            return match self.parser.parse(text) {
                Ok(line) => Ok(Some(line)),
                Err(LineError::Json(_)) if !ended => {
                    self.torn = Some(torn);
                    Ok(None)
                }
                Err(error) => Err(ReadError::Line { line, error }),
            };
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<(u64, Line), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Over {
            return None;
        }
        let read = self.read();
        if !matches!(read, Ok(Some(_))) {
            self.state = State::Over;
        }
        read.transpose().map(|line| line.map(|line| (self.lines, line)))
    }
}
