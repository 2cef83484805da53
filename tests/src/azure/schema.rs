//! The schema that Azure Monitor's reference documents: columns of tables, metrics of resources.

/// Columns that each of the tables of Application Insights has.
const SHARED: [&str; 33] = [
    "AppRoleInstance",
    "AppRoleName",
    "AppVersion",
    "_BilledSize",
    "ClientBrowser",
    "ClientCity",
    "ClientCountryOrRegion",
    "ClientIP",
    "ClientModel",
    "ClientOS",
    "ClientStateOrProvince",
    "ClientType",
    "IKey",
    "_IsBillable",
    "ItemCount",
    "Measurements",
    "OperationId",
    "OperationName",
    "ParentId",
    "Properties",
    "ResourceGUID",
    "_ResourceId",
    "SDKVersion",
    "SessionId",
    "SourceSystem",
    "_SubscriptionId",
    "SyntheticSource",
    "TenantId",
    "TimeGenerated",
    "Type",
    "UserAccountId",
    "UserAuthenticatedId",
    "UserId",
];

/// The tables of Application Insights, each with what it has beside the shared columns.
const TABLES: [(&str, &[&str]); 5] = [
    (
        "AppRequests",
        &[
            "DurationMs",
            "Id",
            "Name",
            "ReferencedItemId",
            "ReferencedType",
            "ResultCode",
            "Source",
            "Success",
            "Url",
        ],
    ),
    (
        "AppDependencies",
        &[
            "Data",
            "DependencyType",
            "DurationMs",
            "Id",
            "Name",
            "ReferencedItemId",
            "ReferencedType",
            "ResultCode",
            "Success",
            "Target",
        ],
    ),
    (
        "AppExceptions",
        &[
            "Assembly",
            "Details",
            "ExceptionType",
            "HandledAt",
            "InnermostAssembly",
            "InnermostMessage",
            "InnermostMethod",
            "InnermostType",
            "Message",
            "Method",
            "OuterAssembly",
            "OuterMessage",
            "OuterMethod",
            "OuterType",
            "ProblemId",
            "SeverityLevel",
        ],
    ),
    ("AppAvailabilityResults", &["DurationMs", "Id", "Location", "Message", "Name", "Success"]),
    ("AppTraces", &["Message", "ReferencedItemId", "ReferencedType", "SeverityLevel"]),
];

/// The columns of a table; `None` where there is no such table. `OrdersAudit` is a custom table of the tests' workspace.
pub fn columns(table: &str) -> Option<Vec<&'static str>> {
    if table == "OrdersAudit" {
        return Some(vec!["TimeGenerated", "Mismatch", "Type", "TenantId"]);
    }
    let (_, own) = TABLES.iter().find(|(name, _)| *name == table)?;
    Some(SHARED.iter().chain(*own).copied().collect())
}

/// A metric: its name, the aggregations that it has, and its dimensions.
pub type Metric = (&'static str, &'static [&'static str], &'static [&'static str]);

const AVERAGE: &[&str] = &["average"];
const TOTAL: &[&str] = &["total"];
const SUMMARY: &[&str] = &["average", "minimum", "maximum"];
const ALL: &[&str] = &["average", "total", "minimum", "maximum"];
const COUNTED: &[&str] = &["total", "count"];
const OF_NODES: &[&str] = &["average", "maximum"];
const INSTANCE: &[&str] = &["Instance"];
const POD: &[&str] = &["revisionName", "podName"];
const NODE: &[&str] = &["node", "nodepool"];
const ENTITY: &[&str] = &["EntityName"];
const NONE: &[&str] = &[];

/// What the resource types that the tests know measure, by the type in lower case.
const METRICS: [(&str, &[Metric]); 6] = [
    (
        "microsoft.web/serverfarms",
        &[
            ("CpuPercentage", AVERAGE, INSTANCE),
            ("MemoryPercentage", AVERAGE, INSTANCE),
            ("HttpQueueLength", AVERAGE, INSTANCE),
            ("DiskQueueLength", AVERAGE, INSTANCE),
        ],
    ),
    (
        "microsoft.web/sites",
        &[
            ("Requests", TOTAL, INSTANCE),
            ("Http5xx", TOTAL, INSTANCE),
            ("HttpResponseTime", AVERAGE, INSTANCE),
        ],
    ),
    (
        "microsoft.app/containerapps",
        &[
            // Of the two percentages the reference says that they are a preview.
            ("CpuPercentage", ALL, &["podName"]),
            ("MemoryPercentage", ALL, &["podName"]),
            ("Replicas", ALL, &["revisionName"]),
            ("Requests", ALL, &["revisionName", "podName", "statusCodeCategory", "statusCode"]),
            ("RestartCount", ALL, POD),
            ("UsageNanoCores", ALL, POD),
            ("WorkingSetBytes", ALL, POD),
        ],
    ),
    (
        "microsoft.containerservice/managedclusters",
        &[
            ("node_cpu_usage_percentage", OF_NODES, NODE),
            ("node_memory_working_set_percentage", OF_NODES, NODE),
            ("node_memory_rss_percentage", OF_NODES, NODE),
            ("node_disk_usage_percentage", OF_NODES, &["node", "nodepool", "device"]),
        ],
    ),
    (
        "microsoft.sql/servers/databases",
        &[
            ("cpu_percent", SUMMARY, NONE),
            ("physical_data_read_percent", SUMMARY, NONE),
            ("log_write_percent", SUMMARY, NONE),
            ("sql_instance_memory_percent", SUMMARY, NONE),
            ("storage_percent", SUMMARY, NONE),
            ("workers_percent", SUMMARY, NONE),
            ("sessions_percent", SUMMARY, NONE),
            ("deadlock", COUNTED, NONE),
        ],
    ),
    (
        "microsoft.servicebus/namespaces",
        &[
            ("ActiveMessages", SUMMARY, ENTITY),
            ("DeadletteredMessages", SUMMARY, ENTITY),
            ("IncomingMessages", TOTAL, ENTITY),
            ("ServerErrors", TOTAL, &["EntityName", "OperationResult"]),
        ],
    ),
];

/// The metrics of a type of resource; `None` where the tests know none.
pub fn metrics(kind: &str) -> Option<&'static [Metric]> {
    let kind = kind.to_ascii_lowercase();
    METRICS.iter().find(|(known, _)| *known == kind).map(|(_, metrics)| *metrics)
}
