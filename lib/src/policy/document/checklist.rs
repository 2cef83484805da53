//! The `checklist` section as it is written.

use crate::policy::decode::{
    ComparisonText, Length, Placed, Pointer, UrlText, Whole, Words, choice, document,
};
use crate::policy::document::Command;

document! {
    /// A checklist item: one of the runbook's with changes, or one of your own.
    Item, "a checklist item" {
        /// What reports call it. An item of your own needs one.
        "title" => title: Words;
        /// The environments that it applies to. Default: all, or as the runbook says.
        "environments" => environments: Vec<Placed<Words>>;
        /// When it is required. Default: always, or as the runbook says.
        "required_when" => required_when: RequiredWhen;
        /// What must be found, all of it.
        "evidence" => evidence: Vec<Placed<Evidence>>;
        /// Where decision records are (`decisions-linked`).
        "records" => records: Records;
        /// Paths of database migrations (`migrations-reviewed`).
        "migrations" => migrations: Vec<Placed<Words>>;
        /// When an architecture decision record is required (`decisions-linked`).
        "adr_when" => adr_when: RequiredWhen;
        /// When a business decision record is required (`decisions-linked`).
        "bdr_when" => bdr_when: RequiredWhen;
        /// The fewest words of the rollback section of a migration's record (`migrations-reviewed`). Default: 20.
        "min_words" => min_words: Whole;
        /// Who must approve: `migrations-reviewed`, and items with `approval` as evidence.
        "approvers" => approvers: Vec<Placed<Words>>;
    }
}

document! {
    /// When an item is required.
    RequiredWhen, "`required_when`" {
        /// When the deployment's changes touch any of these paths.
        "changed" => changed: Vec<Placed<Words>>, required;
    }
}

document! {
    /// Where decision records are.
    Records, "`records`" {
        /// Paths of architecture decision records.
        "adr" => adr: Words;
        /// Paths of business decision records.
        "bdr" => bdr: Words;
    }
}

choice! {
    /// What must be found for an item.
    Evidence, "a kind of evidence" {
        /// The run's test results, or JUnit and TRX files.
        both "tests" => Tests(Tests);
        /// An approval in a pull request.
        both "approval" => Approval(Approval);
        /// A person's word: a ticked box, a pipeline variable, a file.
        both "attested" => Attested(Attested);
        /// An artifact of the run.
        one "artifact" => Artifact(Words);
        /// A container image in its registry, with its tag or digest: `contoso.azurecr.io/orders:42`.
        one "image" => Image(Words);
        /// A document that exists and is not empty.
        one "document" => Document(Page);
        /// A work item that is linked.
        one "work-item" => WorkItem(WorkItem);
        /// A number in a JSON document.
        one "http-json" => HttpJson(HttpJsonEvidence);
        /// A command that exits with 0.
        one "command" => Command(Command);
        /// Any one of these.
        one "any" => Any(Vec<Placed<Evidence>>);
    }
}

document! {
    /// Test results.
    Tests, "`tests`" {
        /// JUnit or TRX files, for a run without a pipeline.
        "files" => files: Vec<Placed<Words>>;
        /// The fewest tests that must have run. Default: 1.
        "at_least" => at_least: Whole;
    }
}

document! {
    /// An approval.
    Approval, "`approval`" {
        /// Who must have approved.
        "by" => by: Vec<Placed<Words>>;
    }
}

document! {
    /// A person's word.
    Attested, "`attested`" {
        /// How old it may be at most.
        "max_age" => max_age: Length;
        /// Whether it must be another person than the author.
        "second_person" => second_person: bool;
        /// A file that says it.
        "file" => file: Words;
    }
}

document! {
    /// A document.
    Page, "`document`" {
        /// Its path.
        "path" => path: Words, required;
        /// The heading of the section that must be there.
        "section" => section: Words;
        /// The fewest words that it must have.
        "min_words" => min_words: Whole;
    }
}

document! {
    /// A work item.
    WorkItem, "`work-item`" {
        /// Its type.
        "type" => kind: Words;
        /// The state that it must have.
        "state" => state: Words;
        /// A tag that it must have.
        "tag" => tag: Words;
    }
}

document! {
    /// A number in a JSON document, as evidence.
    HttpJsonEvidence, "`http-json`" {
        /// The address of the document.
        "url" => url: UrlText;
        /// A named service connection, in place of a URL.
        "connection" => connection: Words;
        /// Where the number stands: a JSON pointer.
        "value" => value: Pointer, required;
        /// What the number must be.
        "expect" => expect: ComparisonText, required;
    }
}
