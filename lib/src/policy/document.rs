//! The policy file as it is written: every key of the language, with what editors say about it.

mod checklist;
mod gate;
mod rollback;
mod sources;

use super::decode::{Date, Entries, Placed, Scalar, UrlText, Version, Words, document, words};

pub(crate) use checklist::{Attested, Evidence, Item, RequiredWhen};
pub(crate) use gate::{Baseline, Gate};
pub(crate) use rollback::{Notice, Rollback, Webhook};
pub(crate) use sources::{
    AggregationWord, ApplicationInsights, ApplicationInsightsPreset, AzureAlerts, AzureMonitor, Check,
    Command, DegradedWord, HeaderValue, Headers, HttpJson, LogAnalytics, MissingWord, Preset, Probe,
    Prometheus, PrometheusPreset, PrometheusServer, ResourcePreset, Scrape, ScrapePreset, ScrapeTarget,
    ServiceBusPreset, Signal, UnitWord,
};

document! {
    /// A policy: what has to be true before a deployment, and what decides about it afterwards.
    Document, "a policy" {
        /// The version of the language: 1.
        "version" => version: Version, required;
        /// The service that is deployed, as reports name it.
        "service" => service: Words, required;
        /// People or groups whose approval a change of this file, of waivers and of attestations needs.
        "owners" => owners: Vec<Placed<Words>>;
        /// Variables for `${NAME}` in every environment.
        "vars" => vars: Entries<Scalar>;
        /// The environments. Left out, there is one: `production`, enforced. A name that is not listed is an error.
        "environments" => environments: Entries<Environment>;
        /// The pre-deployment checklist: changes to the runbook's items, and items of your own.
        "checklist" => checklist: Entries<Item>;
        /// Exceptions to checklist items: dated, reasoned, named, and shown in every report.
        "waivers" => waivers: Vec<Placed<Waiver>>;
        /// HTTP probes of the service: gives `health`, `ready`, `version`, `probe_latency` and `availability`.
        "probe" => probe: Probe;
        /// The Prometheus server of every `prometheus` signal that names none.
        "prometheus" => prometheus: PrometheusServer;
        /// The `/metrics` endpoint of every `scrape` signal that names none.
        "scrape" => scrape: ScrapeTarget;
        /// Ready-made signals: each gives request rate, error rate, latency and saturation where it can.
        "presets" => presets: Vec<Placed<Preset>>;
        /// Signals by name; one of a preset's name replaces it.
        "signals" => signals: Entries<Signal>;
        /// How long the gate watches, and what it judges.
        "gate" => gate: Gate;
        /// What happens on a rollback.
        "rollback" => rollback: Rollback;
    }
}

document! {
    /// An environment.
    Environment, "an environment" {
        /// What the decision does to the pipeline. Default: enforce.
        "enforcement" => enforcement: EnforcementWord;
        /// The Azure Pipelines environment that records its deployments, without variables.
        "azure_environment" => azure_environment: Words;
        /// Variables for `${NAME}`; they win over the file's `vars`.
        "vars" => vars: Entries<Scalar>;
        /// The address of the environment, for reports.
        "url" => url: UrlText;
    }
}

words! {
    /// What the decision does to the pipeline.
    EnforcementWord, "an enforcement" {
        /// Anything but `proceed` fails the stage.
        "enforce" => Enforce;
        /// Anything but `proceed` succeeds with issues.
        "advise" => Advise;
        /// Nothing is evaluated, and the report says so.
        "off" => Off;
    }
}

document! {
    /// An exception to one checklist item.
    Waiver, "a waiver" {
        /// The id of the item.
        "item" => item: Words, required;
        /// Why the item is waived.
        "reason" => reason: Words, required;
        /// Who approved it: a name or an address.
        "approved_by" => approved_by: Words, required;
        /// The last day on which it counts: 2027-06-30.
        "expires" => expires: Date, required;
        /// The environments that it counts for. Default: all.
        "environments" => environments: Vec<Placed<Words>>;
    }
}
