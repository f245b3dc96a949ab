//! Findings of Amazon `GuardDuty`: answers of `get-findings`, and events of Amazon `EventBridge`.
//!
//! Fields: <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html>.
//! Severities: <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html>.
//!
//! | Incident | Finding |
//! |---|---|
//! | `id` | `GUARDDUTY-` and `Id` |
//! | `title` | `Title`, else `Type` |
//! | `status` | resolved if `Service.Archived` |
//! | `severity` | `Severity`: from 9.0 it is 1, from 7.0 it is 2, from 4.0 it is 3, else 4 |
//! | `started` | `Service.EventFirstSeen`, else `CreatedAt` |
//! | `resolved` | `UpdatedAt` of one that is archived |
//! | `services` | `Resource.ResourceType`, `Type`, and `guardduty` |
//! | `accounts`, `regions` | `AccountId`, `Region` |
//! | `alarms` | `Type` |
//! | `resources` | ARNs and ids in `Resource`: instance, access key, buckets, clusters, function, database, volumes, image |
//! | `timeline` | `Service.EventFirstSeen`, `Service.EventLastSeen` with `Service.Count` |
//! | `tags` | `security` |
//! | texts | `Description` |

use serde_json::Value;

use super::draft::Draft;
use super::value::{at, list, text, time};
use crate::incident::{Incident, Status};

/// What is affected, by its path in `Resource`.
#[rustfmt::skip]
const RESOURCES: &[&str] = &[
    "InstanceDetails.InstanceId", "AccessKeyDetails.AccessKeyId", "EksClusterDetails.Arn", "EcsClusterDetails.Arn",
    "EcsClusterDetails.TaskDetails.Arn", "LambdaDetails.FunctionArn", "RdsDbInstanceDetails.DbInstanceArn",
    "RdsLimitlessDbDetails.DbShardGroupArn", "EbsSnapshotDetails.SnapshotArn", "Ec2ImageDetails.ImageArn",
    "RecoveryPointDetails.RecoveryPointArn",
];
/// Lists of what is affected, and the path in each item.
const RESOURCE_LISTS: &[(&str, &str)] =
    &[("S3BucketDetails", "Arn"), ("EbsVolumeDetails.ScannedVolumeDetails", "VolumeArn")];
/// Services by how resource types and finding types begin.
#[rustfmt::skip]
const SERVICES: &[(&str, &str)] = &[
    ("AccessKey", "iam"), ("EBS", "ebs"), ("EC2", "ec2"), ("ECS", "ecs"), ("EKS", "eks"), ("IAM", "iam"), ("Instance", "ec2"),
    ("Kubernetes", "eks"), ("Lambda", "lambda"), ("RDS", "rds"), ("S3", "s3"),
];

pub(super) fn fits(record: &Value) -> bool {
    let finding = at(record, "detail").unwrap_or(record);
    let is_finding = text(finding, &["Type"]).is_some_and(|kind| kind.contains(':') && kind.contains('/'))
        && at(finding, "Severity").is_some();
    is_finding
        || text(record, &["source"]).is_some_and(|source| source == "aws.guardduty")
        || text(finding, &["Arn"]).is_some_and(|arn| arn.contains(":guardduty:"))
}

pub(super) fn read(record: &Value) -> Result<Incident, String> {
    let finding = at(record, "detail").unwrap_or(record);
    let of = |paths: &[&str]| text(finding, paths);
    let mut draft = Draft::new(of(&["Id"]).map(|id| format!("GUARDDUTY-{id}")), "Id")?;
    let kind = of(&["Type"]).unwrap_or_default();
    draft.title(of(&["Title"]).or_else(|| Some(kind.clone())));
    let (first, last) = (time(finding, &["Service.EventFirstSeen"]), time(finding, &["Service.EventLastSeen"]));
    let incident = &mut draft.incident;
    if at(finding, "Service.Archived") == Some(&Value::Bool(true)) {
        incident.status = Status::Resolved;
        incident.resolved = time(finding, &["UpdatedAt"]).or(last);
    }
    incident.severity = of(&["Severity"]).and_then(|text| text.parse().ok()).and_then(severity);
    incident.started = first.or_else(|| time(finding, &["CreatedAt"]));
    let resource_type = of(&["Resource.ResourceType"]).unwrap_or_default();
    let affected = kind.split([':', '/']).nth(1).unwrap_or_default();
    for name in [resource_type.as_str(), affected] {
        let service = SERVICES.iter().find(|(start, _)| name.starts_with(start));
        draft.service(service.map_or("", |(_, service)| service));
    }
    draft.service("guardduty");
    draft.account(of(&["AccountId"]).or_else(|| text(record, &["account"])));
    draft.region(of(&["Region"]).or_else(|| text(record, &["region"])));
    draft.alarm(Some(kind));
    for path in RESOURCES {
        draft.resource(text(finding, &[&format!("Resource.{path}")]));
    }
    for (path, key) in RESOURCE_LISTS {
        for item in list(finding, &format!("Resource.{path}")) {
            draft.resource(text(item, &[key]));
        }
    }
    if first.is_some() {
        draft.happened(first, "first seen");
    }
    if last.is_some() && last != first {
        let count = of(&["Service.Count"]).map(|count| format!(", {count} times by then")).unwrap_or_default();
        draft.happened(last, &format!("last seen{count}"));
    }
    draft.tag(Some("security".to_owned()));
    draft.describe(of(&["Description"]));
    draft.finish()
}

/// Critical, high, medium or low, as `GuardDuty` calls them.
fn severity(value: f64) -> Option<u8> {
    match value {
        9.0..=10.0 => Some(1),
        7.0..9.0 => Some(2),
        4.0..7.0 => Some(3),
        0.0..4.0 => Some(4),
        _ => None,
    }
}
