//! `terminal-picture TITLE`: what a program printed on a terminal, as an SVG, for the documentation.
//!
//! Reads text with ANSI colours from standard input and writes the picture to standard output:
//!
//! ```text
//! runbook-gate replay --policy runbook.yml --journal gate/journal.ndjson | terminal-picture 'runbook-gate replay' > report.svg
//! ```

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own words")]

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::ExitCode;

const FONT_SIZE: f64 = 13.0;
/// The advance of a monospaced letter, in parts of the font's size.
const ADVANCE: f64 = 0.602;
const LINE: f64 = 18.0;
const MARGIN: f64 = 16.0;
const BAR: f64 = 30.0;

fn main() -> ExitCode {
    let title = std::env::args().nth(1).unwrap_or_default();
    let mut text = String::new();
    if let Err(problem) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("terminal-picture: {problem}");
        return ExitCode::FAILURE;
    }
    print!("{}", picture(&title, &text));
    ExitCode::SUCCESS
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    bold: bool,
    dim: bool,
    /// A standard colour, 1 to 7.
    colour: Option<u8>,
}

impl Look {
    fn apply(&mut self, code: u8) {
        match code {
            0 => *self = Self::default(),
            1 => self.bold = true,
            2 => self.dim = true,
            22 => (self.bold, self.dim) = (false, false),
            31..=37 => self.colour = Some(code - 30),
            39 => self.colour = None,
            90..=97 => (self.colour, self.dim) = (None, true),
            _ => {}
        }
    }

    fn classes(self) -> String {
        let mut classes = Vec::new();
        classes.extend(self.bold.then(|| "b".to_owned()));
        classes.extend(self.dim.then(|| "d".to_owned()));
        classes.extend(self.colour.map(|colour| format!("c{colour}")));
        classes.join(" ")
    }
}

/// The pieces of a line, each of one look; the look goes on in the next line.
fn pieces(line: &str, look: &mut Look) -> Vec<(Look, String)> {
    let mut found: Vec<(Look, String)> = Vec::new();
    let mut rest = line;
    loop {
        let (plain, after) = rest.split_once("\u{1b}[").unwrap_or((rest, ""));
        if !plain.is_empty() {
            found.push((*look, plain.to_owned()));
        }
        if after.is_empty() {
            return found;
        }
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (codes, after) = after.split_at(end);
        if let Some(after) = after.strip_prefix('m') {
            for code in codes.split(';') {
                look.apply(code.parse().unwrap_or(0));
            }
            rest = after;
        } else {
            let mut skipped = after.chars();
            skipped.next();
            rest = skipped.as_str();
        }
    }
}

fn picture(title: &str, text: &str) -> String {
    let mut look = Look::default();
    let lines: Vec<Vec<(Look, String)>> =
        text.trim_end().lines().map(|line| pieces(line, &mut look)).collect();
    let columns = lines
        .iter()
        .map(|line| line.iter().map(|(_, piece)| piece.chars().count()).sum::<usize>())
        .max()
        .unwrap_or(0)
        .max(title.chars().count() + 12);
    let width = (columns as f64 * FONT_SIZE * ADVANCE + 2.0 * MARGIN).ceil();
    let height = BAR + lines.len() as f64 * LINE + 1.5 * MARGIN;
    let mut svg = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}">
<style>
text {{ font: {FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre }}
.paper {{ fill: #f6f8fa; stroke: #d1d9e0 }} .b {{ font-weight: 700 }} .d {{ fill: #59636e }}
.c1 {{ fill: #b3211b }} .c2 {{ fill: #1a7f37 }} .c3 {{ fill: #8a5a00 }} .c4 {{ fill: #0860ca }} .c5 {{ fill: #8250df }} .c6 {{ fill: #0a6c74 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }} .paper {{ fill: #0d1117; stroke: #3d444d }} .d {{ fill: #9198a1 }}
.c1 {{ fill: #ff7b72 }} .c2 {{ fill: #56d364 }} .c3 {{ fill: #e3b341 }} .c4 {{ fill: #79c0ff }} .c5 {{ fill: #d2a8ff }} .c6 {{ fill: #56d4dd }}
}}
</style>
<rect class="paper" x="0.5" y="0.5" width="{}" height="{}" rx="8"/>
"#,
        width - 1.0,
        height - 1.0,
        title = escaped(title),
    );
    let _ = writeln!(svg, r#"<text class="d" x="{MARGIN}" y="21">$ {}</text>"#, escaped(title));
    for (number, line) in lines.iter().enumerate() {
        let y = BAR + (number as f64 + 1.0) * LINE;
        let _ = write!(svg, r#"<text xml:space="preserve" x="{MARGIN}" y="{y}">"#);
        for (look, piece) in line {
            let classes = look.classes();
            if classes.is_empty() {
                svg.push_str(&escaped(piece));
            } else {
                let _ = write!(svg, r#"<tspan class="{classes}">{}</tspan>"#, escaped(piece));
            }
        }
        svg.push_str("</text>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_go_on_over_lines() {
        let mut look = Look::default();
        let first = pieces("a\u{1b}[1;31mb", &mut look);
        let red = Look { bold: true, dim: false, colour: Some(1) };
        assert_eq!(first, [(Look::default(), "a".to_owned()), (red, "b".to_owned())]);
        let second = pieces("c\u{1b}[0m\u{1b}[Kd", &mut look);
        assert_eq!(second, [(red, "c".to_owned()), (Look::default(), "d".to_owned())]);
        assert_eq!(red.classes(), "b c1");
    }

    #[test]
    fn text_cannot_break_out_of_the_picture() {
        let svg = picture("<t>", "a </text><script>\u{7}&\"");
        assert!(svg.contains("a &lt;/text&gt;&lt;script&gt;&amp;&quot;</text>"), "{svg}");
    }
}
