//! What Log Analytics and Application Insights answer to a query.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::{iso, refusal::Problem};
use crate::Duration;
use crate::sample::Absence;
use crate::source::remark::{bounded, plain};

/// The primary table of an answer.
#[derive(Clone, Debug)]
pub(in crate::source::azure) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    tables: Vec<OfTable>,
    /// Beside tables: they are a part of the result.
    #[serde(default)]
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct OfTable {
    #[serde(default)]
    name: String,
    #[serde(default)]
    columns: Vec<Column>,
    #[serde(default)]
    rows: Vec<Vec<Value>>,
}

/// One row.
#[derive(Clone, Debug)]
pub(in crate::source::azure) struct Cells<'t> {
    table: &'t Table,
    cells: &'t [Value],
}

fn fail(text: &str) -> Absence {
    Absence::Error(plain(text))
}

impl Table {
    /// Reads a whole answer. A part of a result is none.
    pub(in crate::source::azure) fn read(body: &[u8]) -> Result<Self, Absence> {
        let document: Document = serde_json::from_slice(body)
            .map_err(|error| fail(&format!("the answer is not one of Azure's logs: {error}")))?;
        if let Some(problem) = document.error {
            return Err(fail(&format!("the result is partial, and no result: {}", problem.words())));
        }
        let mut tables = document.tables.into_iter();
        let table = tables.find(|table| table.name.is_empty() || table.name == "PrimaryResult");
        let table = table.ok_or_else(|| fail("the answer has no table"))?;
        Ok(Self { columns: table.columns, rows: table.rows })
    }

    /// Every row.
    pub(in crate::source::azure) fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|cells| Cells { table: self, cells })
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The rows by the end of their step.
    pub(in crate::source::azure) fn binned(&self, step: i64) -> Result<BTreeMap<i64, Cells<'_>>, Absence> {
        let times: Vec<usize> = (0..self.columns.len())
            .filter(|at| self.columns[*at].kind.eq_ignore_ascii_case("datetime"))
            .collect();
        let usual = ["TimeGenerated", "timestamp"].into_iter().find_map(|name| self.place(name));
        let place = match (times.as_slice(), usual) {
            ([only], _) => *only,
            (_, Some(usual)) => usual,
            ([], None) => {
                return Err(fail(
                    "the query bins, and its answer has no column of times: keep `bin(TimeGenerated, …)` in `by`",
                ));
            }
            _ => return Err(fail("the answer has several columns of times; project all but one away")),
        };
        let mut rows = BTreeMap::new();
        for cells in self.rows() {
            let text = cells.cells.get(place).and_then(Value::as_str).unwrap_or_default();
            let Some(begin) = iso::parse_time(text) else {
                return Err(fail(&format!("the answer has a time that is none: {}", bounded(text, 40))));
            };
            if begin.rem_euclid(step.max(1)) != 0 {
                let length = Duration::from_millis(step.unsigned_abs());
                return Err(fail(&format!(
                    "the answer has a row at {text}, which is no whole step of {length}: bin by `$step`"
                )));
            }
            if rows.insert(begin.saturating_add(step), cells).is_some() {
                return Err(fail(&format!(
                    "the answer has several rows at {text}; summarize by the time alone"
                )));
            }
        }
        Ok(rows)
    }

    /// The one row of a query that does not bin.
    pub(in crate::source::azure) fn only_row(&self) -> Result<Option<Cells<'_>>, Absence> {
        match self.rows.len() {
            0 => Ok(None),
            1 => Ok(self.rows().next()),
            count => Err(fail(&format!("the query gives {count} rows where one is needed; summarize them"))),
        }
    }
}

impl Cells<'_> {
    /// A number; `None` where there is none: null, NaN, infinite.
    ///
    /// The column `value` may have another name where it is the only one beside the time.
    pub(in crate::source::azure) fn number(&self, name: &str) -> Result<Option<f64>, Absence> {
        let place = self.table.place(name).or_else(|| match name {
            "value" => self.lone_column(),
            _ => None,
        });
        let Some(place) = place else {
            let named: Vec<String> =
                self.table.columns.iter().take(8).map(|column| bounded(&column.name, 30)).collect();
            return Err(fail(&format!("the answer has no column `{name}`; it has {}", named.join(", "))));
        };
        let number = match self.cells.get(place) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::Bool(state)) => Some(f64::from(*state)),
            // Microsoft's own examples have numbers as texts, and what is no number comes as one.
            Some(Value::String(text)) => match text.trim() {
                "NaN" | "Infinity" | "-Infinity" | "" => return Ok(None),
                text => text.parse().ok(),
            },
            Some(_) => None,
        };
        number.map(|number: f64| number.is_finite().then_some(number)).ok_or_else(|| {
            fail(&format!("the column `{name}` has no number: {}", bounded(&self.text_at(place), 40)))
        })
    }

    /// A text; empty where there is none.
    pub(in crate::source::azure) fn text(&self, name: &str) -> String {
        self.table.place(name).map_or_else(String::new, |place| self.text_at(place))
    }

    fn text_at(&self, place: usize) -> String {
        match self.cells.get(place) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    fn lone_column(&self) -> Option<usize> {
        let columns = &self.table.columns;
        let mut others = (0..columns.len()).filter(|at| !columns[*at].kind.eq_ignore_ascii_case("datetime"));
        match (others.next(), others.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}
