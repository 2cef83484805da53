//! Database migrations: which of them their own `down` cannot undo, and the plan for rolling back in a decision record.
//!
//! What a migration does is read from its text, not run: SQL (with the markers of goose, dbmate, migrate and Flyway),
//! Entity Framework Core, Alembic, Rails, Laravel, Knex, Sequelize and TypeORM. It errs towards naming a migration:
//! the report asks a person for the data's plan.

mod script;

use crate::checklist::Template;
use crate::checklist::markdown::{Fences, Section, sections, visible, words};

pub(crate) use script::irreversible;

/// The fewest words of a rollback section where the policy does not say.
pub const MIN_WORDS: usize = 20;

/// The part of a record that plans a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RollbackPlan {
    /// Its heading.
    pub(crate) heading: String,
    /// How many words it has beyond the template's.
    pub(crate) words: usize,
}

/// The longest rollback section of a record, without the lines that the record template gives.
pub(crate) fn rollback_plan(text: &str, template: &Template) -> Option<RollbackPlan> {
    longest(text, template, |words| {
        [
            "rollback",
            "roll back",
            "roll-back",
            "rolling back",
            "back-out",
            "backout",
            "reverting",
            "reversal",
            "undo",
        ]
        .iter()
        .any(|word| words.contains(word))
    })
}

/// The plan of a record for the data itself: restore, export, compensating change.
pub(crate) fn data_plan(text: &str, template: &Template) -> Option<RollbackPlan> {
    longest(text, template, |words| {
        let data = words.contains("data");
        data && ["plan", "rollback", "recovery", "restore", "loss", "migration"]
            .iter()
            .any(|word| words.contains(word))
            || words.contains("restore")
    })
    .filter(|plan| plan.words > 0)
}

fn longest(text: &str, template: &Template, fits: impl Fn(&str) -> bool) -> Option<RollbackPlan> {
    // Headings are the template's own lines, so the template is taken away after the sections are found.
    let lines = visible(text, &Template::default(), Fences::Shown);
    sections(&lines, fits)
        .into_iter()
        .map(|section: Section<'_>| {
            let own: Vec<_> = section.lines.into_iter().filter(|line| !template.has(line.text)).collect();
            RollbackPlan { heading: section.heading.to_owned(), words: words(&own) }
        })
        .max_by_key(|plan| plan.words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_section_counts_its_own_words() {
        let template = Template::of(["## Rollback\nDescribe how to roll back the migration here.\n"]);
        let plan = |text: &str| rollback_plan(text, &template).map(|plan| plan.words);
        for (text, expected) in [
            ("# T\n## Rollback\nRun the down script now.\n", Some(5)),
            ("# T\n## Rollback plan\n### Steps\n- one\n- two\n", Some(2)),
            ("# T\n## 4. Rolling back\n```sh\nmake down\n```\n", Some(2)),
            ("# T\n## Rollback\nDescribe how to roll back the migration here.\n", Some(0)),
            ("# T\n## Rollback\n<!-- words words -->\n", Some(0)),
            ("# T\n## Rollback\n", Some(0)),
            ("# T\n## Context\nRollback is easy.\n", None),
        ] {
            assert_eq!(plan(text), expected, "{text}");
        }
    }

    #[test]
    fn a_data_plan_is_a_section_of_its_own_words() {
        let none = Template::default();
        assert!(data_plan("## Data-level plan\nRestore from snapshot.\n", &none).is_some());
        assert!(data_plan("## Data recovery\nRestore from snapshot.\n", &none).is_some());
        assert!(data_plan("## Data-level plan\n", &none).is_none());
        assert!(data_plan("## Rollback\nRestore.\n", &none).is_none());
    }
}
