use cloudops_indexes::model::{Document, Kind};
use cloudops_ingest::extract::{Format, extract};

use super::*;
use crate::incident::Status;
use crate::note::read;

fn document(incident: &Incident, text: &str) -> Document {
    Document {
        id: "incidents/a.md".to_owned(),
        source: "incidents".to_owned(),
        title: one_line(&incident.title),
        url: None,
        path: None,
        guide: None,
        services: incident.services.clone(),
        kind: Kind::Incident,
        tags: incident.tags.clone(),
        updated: Some(1),
        text: text.to_owned(),
        content_hash: String::new(),
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn tried(what: &str, worked: Option<bool>) -> Attempt {
    Attempt { what: what.to_owned(), worked }
}

fn full() -> Incident {
    Incident {
        id: "INC-2041".to_owned(),
        title: "Checkout returned 502 after the certificate expired".to_owned(),
        status: Status::Resolved,
        severity: Some(1),
        started: Some(1_773_475_320),
        resolved: Some(1_773_478_800),
        services: strings(&["elbv2", "acm"]),
        accounts: strings(&["111122223333"]),
        regions: strings(&["eu-west-1"]),
        error_codes: strings(&["502"]),
        alarms: strings(&["checkout-5xx"]),
        resources: strings(&["arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"]),
        symptoms: strings(&["customers saw 502", "the target group was healthy"]),
        timeline: strings(&["2026-03-14T08:02:00Z the pager rang", "2026-03-14T09:00:00Z back to normal"]),
        root_cause: Some("The certificate of the target had expired.".to_owned()),
        cause: Some("expired certificate".to_owned()),
        tried: vec![
            tried("restart of the tasks", Some(false)),
            tried("a new certificate", Some(true)),
            tried("a look", None),
        ],
        fix: Some("Renewed the certificate.".to_owned()),
        prevention: strings(&["alarm 30 days before a certificate expires"]),
        links: strings(&["https://example.com/browse/OPS-1"]),
        tags: strings(&["payments"]),
    }
}

#[test]
fn sections_for_people_and_facts_for_programs() {
    assert_eq!(
        render(&full()),
        "# Checkout returned 502 after the certificate expired\n\n\
         customers saw 502. the target group was healthy.\n\n\
         ## Symptoms\n\n- customers saw 502\n- the target group was healthy\n\n\
         ## Timeline\n\n- 2026-03-14T08:02:00Z the pager rang\n- 2026-03-14T09:00:00Z back to normal\n\n\
         ## Root cause\n\nThe certificate of the target had expired.\n\n\
         ## Tried\n\n- restart of the tasks (did not work)\n- a new certificate (worked)\n- a look\n\n\
         ## Resolution\n\nRenewed the certificate.\n\n\
         ## Prevention\n\n- alarm 30 days before a certificate expires\n\n\
         ## Links\n\n- <https://example.com/browse/OPS-1>\n\n\
         ## At a glance\n\n- Id: INC-2041\n- Severity: 1\n- Status: resolved\n- Started: 2026-03-14T08:02:00Z\n\
         - Resolved: 2026-03-14T09:00:00Z\n- Service: elbv2\n- Service: acm\n- Account: 111122223333\n- Region: eu-west-1\n\
         - Error code: 502\n- Alarm: checkout-5xx\n\
         - Resource: arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\n\
         - Symptom: customers saw 502\n- Symptom: the target group was healthy\n\
         - Timeline: 2026-03-14T08:02:00Z the pager rang\n- Timeline: 2026-03-14T09:00:00Z back to normal\n\
         - Root cause: The certificate of the target had expired.\n- Cause: expired certificate\n\
         - Tried: restart of the tasks (did not work)\n- Tried: a new certificate (worked)\n- Tried: a look\n\
         - Fix: Renewed the certificate.\n- Prevention: alarm 30 days before a certificate expires\n\
         - Link: https://example.com/browse/OPS-1\n- Record: complete\n"
    );
}

/// The incident with every text on one line, as it can be read again.
fn flat(incident: &Incident) -> Incident {
    let lines = |texts: &[String]| -> Vec<String> {
        texts.iter().map(|text| one_line(text)).filter(|line| !line.is_empty()).collect()
    };
    let line = |text: &Option<String>| text.as_deref().map(one_line).filter(|line| !line.is_empty());
    Incident {
        title: one_line(&incident.title),
        symptoms: lines(&incident.symptoms),
        timeline: lines(&incident.timeline),
        root_cause: line(&incident.root_cause),
        fix: line(&incident.fix),
        prevention: lines(&incident.prevention),
        alarms: lines(&incident.alarms),
        tried: incident.tried.iter().map(|tried| Attempt { what: one_line(&tried.what), ..tried.clone() }).collect(),
        ..incident.clone()
    }
}

#[test]
fn the_same_incident_is_read_again() {
    let minimal = Incident { id: "A".to_owned(), title: "t".to_owned(), ..Incident::default() };
    let cases = [
        ("all fields", full()),
        ("a title alone", minimal.clone()),
        (
            "words that note reading would take for more",
            Incident {
                symptoms: strings(&[
                    "since 2026-03-14 08:00 UTC 503s in Frankfurt because the EKS pods were OOMKilled, fixed by a restart",
                ]),
                ..minimal.clone()
            },
        ),
        (
            "line breaks, colons and marks",
            Incident {
                title: "# Title:\n with *marks* and `code`".to_owned(),
                symptoms: strings(&[
                    "a: b:\r\n\r\nc",
                    "- dash",
                    "1. one",
                    "> said",
                    "| a | b |",
                    "---|---",
                    "```\ncode\n```",
                    "\\",
                ]),
                timeline: strings(&["08:00: page", "Root cause: not yet known", "1) second", ""]),
                root_cause: Some("- Fix: none\n\n## At a glance\n\n- Id: B\n".to_owned()),
                fix: Some("```sh\nkubectl get pods\n```".to_owned()),
                prevention: strings(&["Fix: later", "<b>bold</b>", "<!-- hidden"]),
                alarms: strings(&["a: b\u{2028}c\u{0}d"]),
                links: strings(&["<https://example.com>", "Board <https://example.com/b>"]),
                ..minimal.clone()
            },
        ),
        (
            "results that are not known but sound so",
            Incident {
                tried: vec![
                    tried("a restart, which did not help", None),
                    tried("a restart (worked)", None),
                    tried("a restart (result unknown)", None),
                    tried("a restart that worked\nat first", Some(false)),
                ],
                ..minimal.clone()
            },
        ),
        (
            "a title that is the heading of facts",
            Incident { title: "At a glance".to_owned(), symptoms: strings(&["Id: B"]), ..minimal },
        ),
    ];
    for (name, incident) in cases {
        let text = render(&incident);
        assert_eq!(read(&document(&incident, &text)).incident, flat(&incident), "{name}:\n{text}");
    }
}

#[test]
fn ingestion_keeps_what_is_stated() {
    let text = extract(Format::Markdown, &render(&full())).text;
    assert_eq!(read(&document(&full(), &text)).incident, full());
}

#[test]
fn no_text_adds_a_fact_a_heading_or_a_block() {
    let hostile = [
        "## At a glance\n- Id: EVIL",
        "x\n\n## At a glance\n\n- Id: EVIL\n- Record: complete",
        "&#10;## At a glance&#10;- Id: EVIL",
        "<h2>At a glance</h2><br>- Id: EVIL",
        "<!-- ",
        "<pre>",
        "```\n",
        "~~~",
        "---",
        "===",
        "[a]: https://example.com",
        "| a | b |",
        "---|---",
        "    indented",
        "\\## At a glance",
    ];
    let all = strings(&hostile);
    for title in ["T", "At a glance", "At a glance {#a}", "At a glance <!-- x -->", "&#65;t a glance", "```"] {
        for text in hostile {
            let incident = Incident {
                id: "A".to_owned(),
                title: title.to_owned(),
                symptoms: [&[text.to_owned()], &all[..]].concat(),
                timeline: all.clone(),
                root_cause: Some(text.to_owned()),
                cause: Some(text.to_lowercase()),
                tried: all.iter().map(|what| tried(what, None)).collect(),
                fix: Some(text.to_owned()),
                prevention: all.clone(),
                links: all.clone(),
                alarms: all.clone(),
                ..Incident::default()
            };
            let rendered = render(&incident);
            let outline = |text: &str| -> Vec<String> {
                text.lines().filter(|line| line.trim_start().starts_with(['#', '`', '~'])).map(str::to_owned).collect()
            };
            let headings =
                ["Symptoms", "Timeline", "Root cause", "Tried", "Resolution", "Prevention", "Links", "At a glance"];
            assert_eq!(outline(&rendered)[1..], headings.map(|heading| format!("## {heading}")), "{rendered}");
            // Also behind ingestion, which resolves marks, entities and tags.
            let extracted = extract(Format::Markdown, &rendered).text;
            for text in [rendered, extracted] {
                let read = read(&document(&incident, &text)).incident;
                assert_eq!((read.id.as_str(), read.status), ("A", Status::Open), "{text}");
                assert_eq!(read.severity, None);
                assert_eq!(text.lines().filter(|line| *line == "## At a glance").count(), 1, "{text}");
            }
        }
    }
}

#[test]
fn what_cannot_be_written_is_left_out() {
    let incident = Incident { id: "A".to_owned(), started: Some(i64::MAX), ..Incident::default() };
    assert_eq!(render(&incident), "# A\n\n## At a glance\n\n- Id: A\n- Status: open\n- Record: complete\n");
}
