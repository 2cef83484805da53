//! Work items: what they say, who changed what and when, and new ones.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Timestamp;
use crate::devops::call::{Call, Effect};
use crate::devops::client::Client;
use crate::devops::failure::DevOpsError;
use crate::devops::permission::Permission;
use crate::devops::wire::{Identity, Number, id, named, or_default, several};
use crate::transport::Method;

/// So many are asked for at once: the service takes no more.
const BATCH: usize = 200;
/// So many changes of a work item are on a page; one with fewer is the last.
pub(super) const UPDATES_OF_A_PAGE: usize = 200;

/// A work item.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct WorkItem {
    /// Its number.
    #[serde(deserialize_with = "id")]
    pub id: u64,
    /// Its fields by their reference names. Values are texts, numbers, or objects for people.
    #[serde(default, deserialize_with = "named")]
    fields: BTreeMap<String, Value>,
    /// What it links.
    #[serde(default, deserialize_with = "several")]
    pub relations: Vec<Relation>,
}

/// A link of a work item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Relation {
    /// What kind of link: `ArtifactLink`, `Hyperlink`.
    #[serde(rename = "rel", deserialize_with = "or_default")]
    pub kind: String,
    /// To what.
    #[serde(deserialize_with = "or_default")]
    pub url: String,
}

/// A change of a work item.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItemChange {
    /// Who made it.
    #[serde(default, deserialize_with = "or_default")]
    pub revised_by: Identity,
    /// The fields that it changed.
    #[serde(default, deserialize_with = "named")]
    fields: BTreeMap<String, FieldChange>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FieldChange {
    #[serde(deserialize_with = "or_default")]
    new_value: Value,
}

/// A work item to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorkItem {
    /// Its type: `Bug`, `Issue`.
    pub kind: String,
    /// Its fields by their reference names.
    pub fields: Vec<(String, String)>,
    /// The runs that it belongs to.
    pub builds: Vec<u64>,
    /// Pages that it links, each with a comment.
    pub pages: Vec<(String, String)>,
}

impl WorkItem {
    /// A field as a text; empty where it has none.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field that names a person.
    #[must_use]
    pub fn person(&self, field: &str) -> Option<Identity> {
        serde_json::from_value(self.fields.get(field)?.clone()).ok()
    }

    /// A field that is a time.
    #[must_use]
    pub fn time(&self, field: &str) -> Option<Timestamp> {
        self.text(field).parse().ok()
    }

    /// Its tags.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        self.text("System.Tags")
            .split(';')
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl WorkItemChange {
    /// The new value of a field as a text, where this change gave it one.
    #[must_use]
    pub fn new_text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.new_value.as_str()
    }

    /// When it was made. The revision's own date is that of the next one: what the field says counts.
    #[must_use]
    pub fn when(&self) -> Option<Timestamp> {
        self.new_text("System.ChangedDate")?.parse().ok()
    }
}

/// The changes of a work item, oldest first, from the given one on; answers with a list of [`WorkItemChange`], at most 200.
#[must_use]
pub fn updates(number: u64, skip: usize) -> Call {
    let segments = ["wit", "workItems", &number.to_string(), "updates"];
    Call::get(format!("the changes of work item {number}"), Permission::ViewWorkItems, &segments)
        .with("$top", UPDATES_OF_A_PAGE.to_string())
        .with("$skip", skip.to_string())
}

fn batch(numbers: &[u64]) -> Call {
    let asked = format!("{} work items", numbers.len());
    Call::get(asked, Permission::ViewWorkItems, &["wit", "workitemsbatch"])
        .by(Method::Post, Effect::Repeatable)
        .json(&json!({ "ids": numbers, "$expand": "relations", "errorPolicy": "omit" }))
}

impl Client<'_> {
    /// Work items by their numbers, in batches. Those that are not there or may not be seen are left out: compare.
    ///
    /// # Errors
    /// Where the service does not answer for all of them.
    pub fn work_items(&self, numbers: &[u64]) -> Result<Vec<WorkItem>, DevOpsError> {
        let calls: Vec<Call> = numbers.chunks(BATCH).map(batch).collect();
        let mut items = Vec::with_capacity(numbers.len());
        for answer in self.send_all(&calls) {
            items.extend(answer?.page::<WorkItem>()?.items);
        }
        Ok(items)
    }

    /// The numbers of the work items that a query in the service's own language (WIQL) finds, at most `most`.
    ///
    /// # Errors
    /// Where it was not answered.
    pub fn query_work_items(&self, wiql: &str, most: u16) -> Result<Vec<u64>, DevOpsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            work_items: Vec<Reference>,
        }
        #[derive(Deserialize)]
        struct Reference {
            id: Number,
        }
        let call = Call::get("the work items of a query", Permission::ViewWorkItems, &["wit", "wiql"])
            .by(Method::Post, Effect::Repeatable)
            .with("$top", most.to_string())
            .json(&json!({ "query": wiql }));
        let found: Found = self.get(&call)?;
        Ok(found.work_items.into_iter().map(|item| item.id.0).collect())
    }

    /// Makes a work item. Look for it by a tag of its own first: a second time makes a second one.
    ///
    /// # Errors
    /// Where it was not made.
    pub fn create_work_item(&self, new: &NewWorkItem) -> Result<WorkItem, DevOpsError> {
        let mut patch: Vec<Value> = new
            .fields
            .iter()
            .map(|(name, value)| json!({ "op": "add", "path": format!("/fields/{name}"), "value": value }))
            .collect();
        patch.extend(new.builds.iter().map(|build| {
            json!({ "op": "add", "path": "/relations/-", "value": {
                "rel": "ArtifactLink",
                "url": format!("vstfs:///Build/Build/{build}"),
                "attributes": { "name": "Build" },
            }})
        }));
        patch.extend(new.pages.iter().map(|(url, comment)| {
            json!({ "op": "add", "path": "/relations/-", "value": {
                "rel": "Hyperlink", "url": url, "attributes": { "comment": comment },
            }})
        }));
        let segments = ["wit", "workitems", &format!("${}", new.kind)];
        let call = Call::get(format!("a new {}", new.kind), Permission::EditWorkItems, &segments)
            .by(Method::Post, Effect::Once)
            .json_patch(&Value::Array(patch));
        self.get(&call)
    }

    /// Sets fields of a work item.
    ///
    /// # Errors
    /// Where they were not set.
    pub fn set_fields(&self, number: u64, fields: &[(&str, &str)]) -> Result<WorkItem, DevOpsError> {
        let patch = fields
            .iter()
            .map(|(name, value)| json!({ "op": "add", "path": format!("/fields/{name}"), "value": value }));
        let segments = ["wit", "workitems", &number.to_string()];
        let call = Call::get(format!("a change of work item {number}"), Permission::EditWorkItems, &segments)
            .by(Method::Patch, Effect::Repeatable)
            .json_patch(&Value::Array(patch.collect()));
        self.get(&call)
    }
}
