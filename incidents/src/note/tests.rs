use cloudops_indexes::model::{Document, Kind};

use super::*;

fn document(title: &str, text: &str) -> Document {
    Document {
        id: "notes/a.md".to_owned(),
        source: "notes".to_owned(),
        title: title.to_owned(),
        url: None,
        path: None,
        guide: None,
        services: Vec::new(),
        kind: Kind::Incident,
        tags: Vec::new(),
        updated: None,
        text: text.to_owned(),
        content_hash: String::new(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may not be known")]
fn at(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().unwrap().as_second())
}

#[test]
fn what_is_stated_counts_before_what_is_recognized() {
    let text = "# Orders down\n\n## Root cause\n\nA queue filled up. It was small.\n\n## At a glance\n\n- Id: INC-7\n- Severity: sev2\n\
                - Status: open\n- Started: 2026-03-14T08:00:00Z\n- Error code: PoolExhausted\n- Symptom: nothing can be bought\n\
                - Root cause: too small a pool\n- Tried: restart (did not work)\n- Fix: a larger pool\n";
    let Note { incident, text } = read(&document("Orders down", text));
    assert_eq!((incident.id.as_str(), incident.severity, incident.status), ("INC-7", Some(2), Status::Open));
    assert_eq!(incident.started, at("2026-03-14T08:00:00Z"));
    assert_eq!(incident.error_codes, ["PoolExhausted"]);
    assert_eq!(incident.symptoms, ["nothing can be bought"]);
    assert_eq!(incident.root_cause.as_deref(), Some("too small a pool"));
    assert_eq!(incident.tried, [Attempt { what: "restart".to_owned(), worked: Some(false) }]);
    assert_eq!(incident.fix.as_deref(), Some("a larger pool"));
    assert!(text.contains("queue filled up") && !text.contains("INC-7"));
}

#[test]
fn a_note_without_any_form_is_understood() {
    let text = "on 2026-05-02 08:10 UTC customers saw 502s from the ALB in Frankfurt after the deploy. We restarted the tasks, no \
                effect. It turned out that the new image listened on 8081 while the target group checks 8080. Fixed by rolling back \
                to the old task definition. Everything was back to normal at 08:55.";
    let incident = read(&document("502 after deploy", text)).incident;
    assert_eq!(incident.services[..1], ["elbv2"]);
    assert_eq!(incident.error_codes, ["502"]);
    assert_eq!(incident.regions, ["eu-central-1"]);
    assert_eq!((incident.started, incident.resolved), (at("2026-05-02T08:10:00Z"), at("2026-05-02T08:55:00Z")));
    assert!(incident.root_cause.unwrap().contains("listened on 8081"));
    assert!(incident.fix.unwrap().starts_with("Fixed by rolling back"));
    assert_eq!(incident.status, Status::Resolved);
}

#[test]
fn headings_and_labels_give_sentences_their_role() {
    let text = "# X\n\n## What happened\n\nThe site was down.\n\n**Root cause**: the certificate had expired.\nNobody saw it.\n\n\
                Resolution - renewed it\n\n## Action items\n\n- alarm on expiry\n1. test it\n\n## Timeline\n\n| Time | Event |\n| --- | --- |\n\
                | 08:00 | down |\n| 08:30 | up |\n";
    let incident = read(&document("X", text)).incident;
    assert_eq!(incident.root_cause.as_deref(), Some("the certificate had expired. Nobody saw it."));
    assert_eq!(incident.fix.as_deref(), Some("renewed it"));
    assert_eq!(incident.prevention, ["alarm on expiry", "test it"]);
    assert_eq!(incident.timeline, ["08:00 down", "08:30 up"]);
    assert_eq!(incident.symptoms, ["The site was down."]);
}

#[test]
fn nothing_is_made_of_nothing() {
    let Note { incident, text } = read(&document("", ""));
    let empty = Incident { id: "notes/a.md".to_owned(), ..Incident::default() };
    assert_eq!((incident, text.as_str()), (empty, ""));
}

#[test]
fn results_of_attempts() {
    let attempt = |line| super::attempt(line).worked;
    assert_eq!(attempt("restart (worked)"), Some(true));
    assert_eq!(attempt("A restart did not help"), Some(false));
    assert_eq!(attempt("looked at the log"), None);
}

#[test]
fn ranges_are_read_with_the_date_behind_them() {
    let times = |text: &str| {
        let incident = read(&document("X", text)).incident;
        (incident.started, incident.resolved)
    };
    let text = "Nobody could sign in between 17:05 and 17:50 UTC on 9 January 2026.";
    assert_eq!(times(text), (at("2026-01-09T17:05:00Z"), at("2026-01-09T17:50:00Z")));
    let text = "2026-01-26, 12:01 – 12:36 UTC. Created a deployment at 12:30.";
    assert_eq!(times(text), (at("2026-01-26T12:01:00Z"), at("2026-01-26T12:36:00Z")));
    assert_eq!(times("Written on 2026-01-26."), (None, None));
}
