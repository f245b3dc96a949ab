use super::*;
use crate::incident::Attempt;

/// 2026-03-14T08:02:00Z and 09:00:00Z, when everything in the fixtures begins and ends.
const START: Option<i64> = Some(1_773_475_320);
const END: Option<i64> = Some(1_773_478_800);

fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/import/{name}.json", env!("CARGO_MANIFEST_DIR"));
    fs_err::read_to_string(path).unwrap()
}

/// The incidents of a fixture whose origin is recognized, and the reasons of what was skipped.
#[track_caller]
fn imported(name: &str, origin: Origin) -> (Vec<Incident>, Vec<(String, String)>) {
    let imported = import(&fixture(name), None).unwrap();
    assert_eq!(imported.origin, origin);
    assert_eq!(import(&fixture(name), Some(origin)).unwrap(), imported);
    let skipped = imported.skipped.into_iter().map(|skipped| (skipped.place, skipped.reason)).collect();
    (imported.incidents, skipped)
}

fn skipped(place: &str, reason: &str) -> (String, String) {
    (place.to_owned(), reason.to_owned())
}

#[test]
fn ops_item() {
    let (incidents, skipped) = imported("ops-item", Origin::OpsItem);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert!(skipped.is_empty());
    assert_eq!((incident.id.as_str(), incident.title.as_str()), ("oi-0b725example", "Orders are delayed"));
    assert_eq!((incident.status, incident.severity), (Status::Resolved, Some(2)));
    assert_eq!((incident.started, incident.resolved), (Some(1_773_475_336), END));
    assert_eq!(incident.accounts, ["111122223333"]);
    assert_eq!(incident.regions, ["eu-west-1"]);
    assert_eq!(incident.error_codes, ["ProvisionedThroughputExceededException"]);
    assert_eq!(incident.alarms, ["orders-queue-age"]);
    assert_eq!(
        incident.resources,
        [
            "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:orders-queue-age",
            "arn:aws:sqs:eu-west-1:111122223333:orders",
            "arn:aws:lambda:eu-west-1:111122223333:function:orders-consumer",
        ]
    );
    for service in ["cloudwatch", "dynamodb", "sqs", "lambda"] {
        assert!(incident.services.iter().any(|known| known == service), "{:?}", incident.services);
    }
    assert!(incident.root_cause.as_ref().unwrap().contains("because the consumer was throttled"));
    assert_eq!(incident.fix.as_deref(), Some("Switched the table to on-demand capacity."));
    assert_eq!(incident.tags, ["performance"]);
}

#[test]
fn ops_item_of_a_summary() {
    let (incidents, left) = imported("ops-summary", Origin::OpsItem);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(left, [skipped("Entities[1]", "it has no `OpsItemId`")]);
    assert_eq!((incident.id.as_str(), incident.title.as_str()), ("oi-4309fexample", "EC2 instance terminated"));
    assert_eq!((incident.status, incident.severity, incident.resolved), (Status::Open, Some(3), None));
    assert_eq!(incident.started, Some(1_773_515_444));
    assert_eq!(incident.accounts, ["111122223333"]);
    assert_eq!(incident.regions, ["us-east-2"]);
    assert_eq!(incident.resources, ["arn:aws:ec2:us-east-2:111122223333:instance/i-0acbd0800fexample"]);
    assert_eq!(incident.services[0], "ec2");
    assert!(!incident.symptoms.is_empty());
}

#[test]
fn ops_items_of_a_list_without_change_requests() {
    let json = r#"{"OpsItemSummaries": [{"OpsItemId": "oi-1", "Title": "a", "Status": "InProgress", "Priority": 4},
        {"OpsItemId": "oi-2", "Title": "b", "OpsItemType": "/aws/changerequest"}]}"#;
    let imported = import(json, None).unwrap();
    assert_eq!(imported.incidents[0].severity, Some(4));
    let place = "OpsItemSummaries[1]".to_owned();
    assert_eq!(imported.skipped, [Skipped { place, reason: "it is a change request".to_owned() }]);
}

#[test]
fn incident_manager() {
    let (incidents, _) = imported("incident-manager", Origin::IncidentManager);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(incident.id, "IM-6ebcc812-85f5-b7eb-8b2f-283e4d844308");
    assert_eq!(incident.title, "Checkout returned 502");
    assert_eq!((incident.status, incident.severity), (Status::Resolved, Some(1)));
    assert_eq!((incident.started, incident.resolved), (START, END));
    assert_eq!(incident.accounts, ["111122223333"]);
    assert_eq!(incident.regions, ["eu-west-1"]);
    assert_eq!(incident.alarms, ["checkout-5xx"]);
    assert_eq!(incident.resources, ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:checkout-5xx"]);
    assert_eq!(incident.error_codes, ["502", "5xx"]);
    assert_eq!(incident.services[0], "elbv2");
    assert_eq!(
        incident.timeline,
        ["2026-03-14T08:02:00Z SSM Incident Trigger", "2026-03-14T08:20:00Z Note: certificate found expired"]
    );
    assert_eq!(incident.root_cause.as_deref(), Some("the certificate of the target had expired."));
    assert_eq!(incident.fix.as_deref(), Some("renewed the certificate."));
}

#[test]
fn incident_manager_of_a_list() {
    let json = r#"{"incidentRecordSummaries": [{"arn": "arn:aws:ssm-incidents::111122223333:incident-record/p/1",
        "creationTime": 1773475320.5, "impact": 5, "status": "OPEN", "title": "t"}], "nextToken": "x"}"#;
    let incident = &import(json, None).unwrap().incidents[0];
    assert_eq!((incident.id.as_str(), incident.severity, incident.status), ("IM-1", Some(5), Status::Open));
    assert_eq!((incident.started, incident.resolved), (START, None));
}

#[test]
fn health() {
    let (incidents, _) = imported("health", Origin::Health);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(incident.id, "HEALTH-AWS_EC2_OPERATIONAL_ISSUE_VKTXI_EXAMPLE111");
    assert_eq!(incident.title, "EC2 operational issue in eu-west-1");
    assert_eq!((incident.status, incident.severity), (Status::Resolved, None));
    assert_eq!((incident.started, incident.resolved), (START, END));
    assert_eq!(incident.services, ["ec2"]);
    assert_eq!(incident.regions, ["eu-west-1"]);
    assert_eq!(incident.accounts, ["111122223333"]);
    assert_eq!(incident.alarms, ["AWS_EC2_OPERATIONAL_ISSUE"]);
    assert_eq!(incident.resources, ["i-0123456789abcdef0"]);
    assert_eq!(incident.error_codes, ["RequestLimitExceeded"]);
    assert_eq!(incident.tags, ["issue"]);
    assert!(incident.symptoms[0].contains("increased error rates"));
}

#[test]
fn health_of_eventbridge_in_pages() {
    let (incidents, left) = imported("health-eventbridge", Origin::Health);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert!(left.is_empty());
    assert_eq!(incident.id, "HEALTH-AWS_RDS_MAINTENANCE_SCHEDULED_228d6e2e");
    assert_eq!(incident.title, "RDS maintenance scheduled in eu-west-1");
    assert_eq!((incident.status, incident.started, incident.resolved), (Status::Open, START, None));
    let mut accounts = incident.accounts.clone();
    accounts.sort();
    assert_eq!(accounts, ["111122223333", "444455556666"]);
    let mut resources = incident.resources.clone();
    resources.sort();
    assert_eq!(
        resources,
        ["arn:aws:rds:eu-west-1:111122223333:db:orders", "arn:aws:rds:eu-west-1:444455556666:db:billing"]
    );
    assert_eq!(incident.tags, ["scheduled-change"]);
    assert_eq!(incident.symptoms, ["Your database instance will be unavailable during maintenance."]);
}

#[test]
fn guardduty() {
    let (incidents, left) = imported("guardduty", Origin::GuardDuty);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(left, [skipped("Findings[1]", "it has no `Id`")]);
    assert_eq!(incident.id, "GUARDDUTY-c8b1f2a3d4e5f60718293a4b5c6d7e8f");
    assert_eq!(incident.title, "Cryptocurrency mining on an EC2 instance");
    assert_eq!((incident.status, incident.severity), (Status::Resolved, Some(2)));
    assert_eq!((incident.started, incident.resolved), (START, END));
    assert_eq!(incident.services, ["ec2", "guardduty"]);
    assert_eq!(incident.accounts, ["111122223333"]);
    assert_eq!(incident.regions, ["us-east-1"]);
    assert_eq!(incident.alarms, ["CryptoCurrency:EC2/BitcoinTool.B!DNS"]);
    assert_eq!(incident.resources, ["i-0123456789abcdef0"]);
    assert_eq!(
        incident.timeline,
        ["2026-03-14T08:02:00Z first seen", "2026-03-14T08:30:00Z last seen, 12 times by then"]
    );
    assert!(incident.symptoms[0].starts_with("EC2 instance i-0123456789abcdef0 is querying"));
    assert_eq!(incident.tags, ["security"]);
}

#[test]
fn guardduty_of_eventbridge() {
    let (incidents, _) = imported("guardduty-eventbridge", Origin::GuardDuty);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(incident.id, "GUARDDUTY-49514155ed6b4536b05649a87fc3c05a");
    assert_eq!((incident.status, incident.severity, incident.resolved), (Status::Open, Some(4), None));
    assert_eq!(incident.services, ["s3", "guardduty"]);
    assert_eq!(incident.regions, ["eu-central-1"]);
    assert_eq!(incident.alarms, ["Policy:S3/BucketBlockPublicAccessDisabled"]);
    assert_eq!(incident.resources, ["ASIAIOSFODNN7EXAMPLE", "arn:aws:s3:::amzn-s3-demo-bucket"]);
    assert_eq!(incident.timeline, ["2026-03-14T08:02:00Z first seen"]);
}

#[test]
fn jira() {
    let (incidents, _) = imported("jira", Origin::Jira);
    let [document, wiki] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!((document.id.as_str(), document.title.as_str()), ("OPS-2041", "Orders fail with AccessDeniedException"));
    assert_eq!((document.status, document.severity), (Status::Resolved, Some(2)));
    assert_eq!((document.started, document.resolved), (START, END));
    assert_eq!(document.error_codes, ["AccessDeniedException"]);
    assert_eq!(document.regions, ["eu-west-1"]);
    assert_eq!(document.accounts, ["111122223333"]);
    assert_eq!(document.root_cause.as_deref(), Some("The new role lacks kms:Decrypt."));
    assert_eq!(document.fix.as_deref(), Some("Added the permission to the role."));
    assert_eq!(document.timeline, ["2026-03-14T08:30:00Z Rolled out in account 111122223333."]);
    assert_eq!(document.links, ["https://example.atlassian.net/browse/OPS-2041"]);
    assert_eq!(document.tags, ["orders", "s3", "order service"]);
    for service in ["lambda", "s3"] {
        assert!(document.services.iter().any(|known| known == service), "{:?}", document.services);
    }

    assert_eq!((wiki.id.as_str(), wiki.status, wiki.severity), ("OPS-2042", Status::Open, Some(3)));
    assert_eq!(wiki.symptoms[0], "queries took seconds");
    assert_eq!((wiki.resolved, &wiki.fix), (None, &None));
}

#[test]
fn pagerduty() {
    let (incidents, _) = imported("pagerduty", Origin::PagerDuty);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!((incident.id.as_str(), incident.title.as_str()), ("PD-1234", "Redis connections are refused"));
    assert_eq!((incident.status, incident.severity), (Status::Resolved, Some(2)));
    assert_eq!((incident.started, incident.resolved), (START, END));
    assert_eq!(incident.services[0], "elasticache");
    assert_eq!(incident.error_codes, ["ECONNREFUSED"]);
    assert_eq!(incident.alarms, ["redis-connections"]);
    assert_eq!(
        incident.timeline,
        ["2026-03-14T08:02:00Z Triggered through the API.", "2026-03-14T09:00:00Z Resolved by Ana."]
    );
    assert_eq!(incident.root_cause.as_deref(), Some("a deployment opened one connection per request."));
    assert_eq!(incident.fix.as_deref(), Some("rolled back the deployment."));
    assert_eq!(incident.links, ["https://example.pagerduty.com/incidents/PT4KHLK"]);
    assert_eq!(incident.tags, ["session cache"]);
}

#[test]
fn servicenow() {
    let (incidents, left) = imported("servicenow", Origin::ServiceNow);
    let [values, both] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(left, [skipped("result[2]", "it has no `number`")]);
    assert_eq!((values.id.as_str(), values.title.as_str()), ("INC0010023", "Nightly batch did not finish"));
    assert_eq!((values.status, values.severity), (Status::Resolved, Some(1)));
    assert_eq!((values.started, values.resolved), (START, END));
    assert_eq!(values.services[0], "batch");
    assert_eq!(values.regions, ["eu-central-1"]);
    assert_eq!(values.accounts, ["111122223333"]);
    assert_eq!(values.resources, ["batch-prod"]);
    assert_eq!(values.root_cause.as_deref(), Some("The compute environment had reached its limit of vCPUs."));
    assert_eq!(values.fix.as_deref(), Some("Limit raised from 64 to 256 vCPUs"));
    assert_eq!(values.tags, ["cloud"]);
    assert_eq!(
        values.timeline,
        [
            "2026-03-14T08:10:00Z The queue of account 111122223333 is full.",
            "2026-03-14T08:40:00Z A restart of the job did not help.",
        ]
    );

    assert_eq!((both.id.as_str(), both.title.as_str()), ("INC0010024", "VPN is down"));
    assert_eq!((both.status, both.severity, both.started), (Status::Open, Some(3), START));
    assert!(both.resources.is_empty());
}

#[test]
fn github() {
    let (incidents, left) = imported("github", Origin::GitHub);
    let [incident] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!(left, [skipped("[1]", "it is a pull request")]);
    assert_eq!(
        (incident.id.as_str(), incident.title.as_str()),
        ("example/operations#12", "Pods evicted after the node upgrade")
    );
    assert_eq!((incident.status, incident.severity), (Status::Resolved, Some(2)));
    assert_eq!((incident.started, incident.resolved), (START, END));
    assert_eq!(incident.services[0], "eks");
    assert_eq!(incident.symptoms, ["pods were Evicted", "`kubectl` showed disk pressure"]);
    assert_eq!(incident.root_cause.as_deref(), Some("The new AMI has a smaller root volume."));
    assert_eq!(incident.tried, [Attempt { what: "deleting images".to_owned(), worked: Some(false) }]);
    assert_eq!(incident.fix.as_deref(), Some("Larger volume in the launch template."));
    assert_eq!(incident.timeline, ["08:02 alarm", "09:00 green"]);
    assert_eq!(incident.prevention, ["alarm on disk usage"]);
    assert_eq!(incident.links, ["https://github.com/example/operations/issues/12"]);
    assert_eq!(incident.tags, ["incident", "sev2", "eks"]);
}

#[test]
fn github_of_its_command_line() {
    let json = r#"{"number": 5, "title": "t", "state": "CLOSED", "createdAt": "2026-03-14T08:02:00Z", "body": "",
        "closedAt": "2026-03-14T09:00:00Z", "url": "https://github.com/example/operations/issues/5",
        "labels": [{"name": "P1"}], "comments": [{"body": "Fixed by a restart.", "createdAt": "2026-03-14T08:30:00Z"}]}"#;
    let incident = &import(json, None).unwrap().incidents[0];
    assert_eq!((incident.id.as_str(), incident.severity), ("example/operations#5", Some(1)));
    assert_eq!((incident.started, incident.resolved), (START, END));
    assert_eq!(incident.fix.as_deref(), Some("Fixed by a restart."));
    assert_eq!(incident.timeline, ["2026-03-14T08:30:00Z Fixed by a restart."]);
}

#[test]
fn cloudops_as_json_lines() {
    let (incidents, _) = imported("cloudops", Origin::CloudOps);
    let [first, second] = &incidents[..] else { panic!("{incidents:?}") };
    let expected: Incident = serde_json::from_str(fixture("cloudops").lines().next().unwrap()).unwrap();
    assert_eq!(first, &expected);
    assert_eq!((second.id.as_str(), second.status), ("INC-8", Status::Open));
    let list = format!(r#"{{"incidents": {}}}"#, serde_json::to_string(&incidents).unwrap());
    assert_eq!(import(&list, None).unwrap().incidents, incidents);
}

#[test]
fn lines_and_records_that_cannot_be_read_are_named() {
    let lines = "\u{feff}{\"id\": \"a\", \"title\": \"t\"}\n\nnot json\n{\"id\": \"b\", \"title\": \"t\"}\n{\"id\": \"\", \"title\": \"t\"}\n7\n{\"id\": \"c\"";
    let imported = import(&format!("{lines}\n{{\"id\": \"d\", \"title\": \"t\", \"odd\": 1}}"), None).unwrap();
    let ids: Vec<&str> = imported.incidents.iter().map(|incident| incident.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let places: Vec<&str> = imported.skipped.iter().map(|skipped| skipped.place.as_str()).collect();
    assert_eq!(places, ["line 3", "line 6", "line 7", "line 5", "line 8"]);
    assert_eq!(imported.skipped[3].reason, "it has no `id`");
    assert!(imported.skipped[4].reason.contains("odd"));

    let imported = import(r#"[{"id": "a", "title": "t"}, null, 7, "x", [[]], {}]"#, Some(Origin::CloudOps)).unwrap();
    let places: Vec<&str> = imported.skipped.iter().map(|skipped| skipped.place.as_str()).collect();
    assert_eq!((imported.incidents.len(), places), (1, vec!["[1]", "[2]", "[3]", "[5]"]));
}

#[test]
fn inputs_that_are_none() {
    for (json, expected) in [
        ("", "no records"),
        ("[]", "no records"),
        ("{\"issues\": []}", "no records"),
        (
            "{\"a\": 1}",
            "known origins: ops-item, incident-manager, health, guardduty, jira, pagerduty, servicenow, github, cloudops",
        ),
        ("7", "known origins"),
        ("{\"id\": ", "cannot be read as JSON"),
        ("[{\"id\": \"a\", \"title\": \"t\"},\n{\"id\":", "cannot be read as JSON"),
        (&"[".repeat(100_000), "recursion limit"),
        (&format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200)), "recursion limit"),
    ] {
        let error = import(json, None).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(import("{\"issues\": []}", Some(Origin::Jira)).unwrap().incidents.is_empty());
    let error = "zendesk".parse::<Origin>().unwrap_err().to_string();
    assert!(error.starts_with("there is no origin `zendesk`; known origins: ops-item"), "{error}");
}

#[test]
fn a_deep_document_is_read_to_its_bottom() {
    let deep = format!(
        "{}{{\"type\":\"text\",\"text\":\"the disk was full\"}}{}",
        "{\"type\":\"panel\",\"content\":[".repeat(55),
        "]}".repeat(55)
    );
    let json = format!(r#"{{"key": "OPS-1", "fields": {{"summary": "t", "description": {deep}}}}}"#);
    assert_eq!(import(&json, None).unwrap().incidents[0].symptoms, ["the disk was full"]);
}

#[test]
fn fields_of_other_types_are_as_if_they_were_missing() {
    for odd in [
        "null",
        "7",
        "1e308",
        "-1",
        "true",
        "[]",
        "[[7]]",
        "{}",
        "\"\"",
        "\"\\u0000\\u2028\"",
        "{\"display_value\": {}}",
    ] {
        for origin in Origin::ALL {
            let name = origin.as_str();
            let json: Value = match serde_json::from_str(&fixture(name)) {
                Ok(value) => value,
                Err(_) => serde_json::from_str(fixture(name).lines().next().unwrap()).unwrap(),
            };
            let odd: Value = serde_json::from_str(odd).unwrap();
            replace_each(&json, &odd, &mut |changed| {
                let imported = import(&changed.to_string(), Some(origin)).unwrap();
                for incident in imported.incidents {
                    assert!(!incident.id.is_empty() && !incident.title.is_empty(), "{incident:?}");
                }
            });
        }
    }
}

/// Calls with the value in which one part is another, for each part.
fn replace_each(value: &Value, odd: &Value, call: &mut dyn FnMut(&Value)) {
    let mut pointers = Vec::new();
    collect(value, "", &mut pointers);
    for pointer in pointers {
        let mut changed = value.clone();
        *changed.pointer_mut(&pointer).unwrap() = odd.clone();
        call(&changed);
    }
}

fn collect(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    pointers.push(pointer.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| collect(item, &format!("{pointer}/{at}"), pointers));
        }
        Value::Object(members) => {
            members.iter().for_each(|(key, item)| collect(item, &format!("{pointer}/{}", escape(key)), pointers));
        }
        _ => {}
    }
}

#[test]
fn every_origin_has_a_name_and_a_table() {
    let documented =
        fs_err::read_to_string(format!("{}/../docs/incident-imports.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for origin in Origin::ALL {
        assert_eq!(origin.as_str().parse::<Origin>().unwrap(), origin);
        assert!(documented.contains(&format!("## `{origin}`")), "{origin}");
        // The table of the document is that of the module.
        let module = format!("{}/src/import/{}.rs", env!("CARGO_MANIFEST_DIR"), origin.as_str().replace('-', "_"));
        let module = fs_err::read_to_string(module).unwrap();
        for row in module.lines().filter_map(|line| line.strip_prefix("//! | ")) {
            let row = row
                .replace("`OpsItem` |", "OpsItem |")
                .replace("`PagerDuty` |", "PagerDuty |")
                .replace("`ServiceNow` |", "ServiceNow |");
            assert!(documented.contains(row.trim_end_matches(" |")), "{origin}: {row}");
        }
    }
}
