//! Findings as text for people.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::position::{LineIndex, floor_boundary};
use super::{Diagnostic, Diagnostics, Severity, Span};

/// Whether text is coloured by ANSI escapes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// No escapes.
    #[default]
    Plain,
    /// ANSI escapes.
    Ansi,
}

/// A snippet shows at most so many lines; a finding's second place farther away is only named.
const MOST_LINES: usize = 200;
/// The longest line that is shown, in bytes: a longer one is named by its place alone.
const LONGEST_LINE: usize = 2_000;

pub(super) fn render(diagnostics: &Diagnostics, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Plain => Renderer::plain(),
        Colour::Ansi => Renderer::styled(),
    };
    let lines = LineIndex::new(&diagnostics.source.text);
    let mut out = String::new();
    for found in diagnostics.iter() {
        out.push_str(&one(diagnostics, &lines, found, &renderer));
        out.push_str("\n\n");
    }
    if diagnostics.left_out > 0 {
        out.push_str(&format!("... and {} more\n", diagnostics.left_out));
    }
    out
}

fn one(diagnostics: &Diagnostics, lines: &LineIndex<'_>, found: &Diagnostic, renderer: &Renderer) -> String {
    let name = &diagnostics.source.name;
    let level = match found.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(found.message.as_str()).id(found.code.as_str());
    let helps = found.help.iter().map(|help| Level::HELP.message(help.as_str()));
    let home = lines.line(found.span.start);
    let near = |span: &Span| lines.line(span.start).abs_diff(home) <= MOST_LINES;
    let also: Vec<&(Span, String)> = found.also.iter().filter(|(span, _)| near(span)).collect();
    let first = also.iter().map(|(span, _)| lines.line(span.start)).fold(home, usize::min);
    let last = also.iter().map(|(span, _)| lines.line(span.start)).fold(home, usize::max);
    let (offset, shown) = lines.lines(first, last);
    if shown.lines().any(|line| line.len() > LONGEST_LINE) {
        let (line, column) = lines.position(found.span.start);
        let place = format!("at {name}:{line}:{column}");
        let place = std::iter::once(Level::NOTE.message(place));
        return renderer.render(&[title.elements(place.chain(helps))]);
    }
    // Of a place of several lines the first is shown: it is where the author has to look.
    let within = |span: Span| -> Range<usize> {
        let start = floor_boundary(shown, span.start.saturating_sub(offset));
        let end = floor_boundary(shown, span.end.saturating_sub(offset)).max(start);
        let line = shown.get(start..end).and_then(|text| text.find(['\r', '\n']));
        start..line.map_or(end, |length| start + length)
    };
    let mut primary = AnnotationKind::Primary.span(within(found.span));
    if !found.label.is_empty() {
        primary = primary.label(found.label.as_str());
    }
    let snippet =
        Snippet::source(shown).line_start(first + 1).path(name.as_str()).annotation(primary).annotations(
            also.iter()
                .map(|(span, label)| AnnotationKind::Context.span(within(*span)).label(label.as_str())),
        );
    renderer.render(&[title.element(snippet).elements(helps)])
}
