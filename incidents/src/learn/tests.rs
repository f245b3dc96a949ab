use cloudops_indexes::model::{Document, Kind};
use cloudops_ingest::extract::{Format, extract};
use rustc_hash::FxHashMap;

use super::*;
use crate::generate;
use crate::guide::{self, Guide};
use crate::incident::{Attempt, Status};
use crate::note;

/// 2026-03-14T00:00:00Z
const DAY: i64 = 1_773_446_400;

/// As a file of a folder is read.
fn document(text: &str) -> Document {
    let mut extracted = extract(Format::Markdown, text);
    extracted.append_facts();
    Document {
        id: "guides/x.md".to_owned(),
        source: "guides".to_owned(),
        title: extracted.title.unwrap_or_default(),
        url: None,
        path: None,
        guide: None,
        services: extracted.front_matter.services,
        kind: Kind::Troubleshooting,
        tags: extracted.front_matter.tags,
        updated: extracted.front_matter.updated,
        text: extracted.text,
        content_hash: String::new(),
    }
}

/// The n-th time that the database had too many connections.
fn too_many_connections(number: i64, title: &str, cause: &str, fix: &str, in_vain: &str) -> Incident {
    Incident {
        id: format!("INC-{number}"),
        title: title.to_owned(),
        status: Status::Resolved,
        started: Some(DAY + number * 86_400),
        resolved: Some(DAY + number * 86_400 + number * 600),
        services: vec!["rds".to_owned(), "lambda".to_owned()],
        error_codes: vec!["53300".to_owned()],
        alarms: vec!["orders-connections".to_owned()],
        symptoms: vec!["orders cannot be saved".to_owned(), format!("{title}, says support")],
        root_cause: Some(format!("{cause} of the export since the release")),
        cause: Some(cause.to_owned()),
        tried: vec![Attempt { what: in_vain.to_owned(), worked: Some(false) }],
        fix: Some(fix.to_owned()),
        prevention: vec!["Alarm at 80 percent of connections".to_owned()],
        ..Incident::default()
    }
}

fn incidents() -> Vec<Incident> {
    vec![
        too_many_connections(
            1,
            "Too many connections to orders",
            "connection leak",
            "Restarted the export",
            "more replicas",
        ),
        too_many_connections(
            2,
            "Orders has too many connections",
            "Connection leak",
            "restart of the export.",
            "more replicas",
        ),
        too_many_connections(
            3,
            "Too many connections again",
            "connection leak",
            "Gave connections back",
            "Restarted the export",
        ),
        too_many_connections(
            4,
            "Too many connections at orders",
            "pool too large",
            "Made the pool smaller",
            "a larger instance",
        ),
    ]
}

fn found(incidents: &[Incident]) -> Vec<Group<'_>> {
    groups(incidents.iter(), &LearnOptions::default())
}

#[test]
fn what_the_incidents_of_a_group_say_together() {
    let incidents = incidents();
    let groups = found(&incidents);
    let [group] = groups.as_slice() else { panic!("{groups:?}") };
    let ids: Vec<&str> = group.incidents.iter().map(|incident| incident.id.as_str()).collect();
    assert_eq!(ids, ["INC-4", "INC-3", "INC-2", "INC-1"]);
    assert!(group.key.starts_with("rds-53300-"), "{}", group.key);
    assert_eq!(group.title, "Too many connections at orders");
    let counted = |all: &[Counted<'_>]| all.iter().map(|one| (one.what.to_owned(), one.incidents)).collect::<Vec<_>>();
    assert_eq!(counted(&group.services), [("rds".to_owned(), 4), ("lambda".to_owned(), 4)]);
    assert_eq!(counted(&group.error_codes), [("53300".to_owned(), 4)]);
    assert_eq!(counted(&group.alarms), [("orders-connections".to_owned(), 4)]);
    assert_eq!(counted(&group.symptoms)[0], ("orders cannot be saved".to_owned(), 4));
    assert_eq!(counted(&group.prevention), [("Alarm at 80 percent of connections".to_owned(), 4)]);
    let causes: Vec<_> = group.causes.iter().map(|cause| (cause.what, cause.incidents, cause.fix)).collect();
    assert_eq!(causes, [("connection leak", 3, Some(0)), ("pool too large", 1, Some(1))]);
    let fix = |fix: &Fix<'_>| (fix.what.to_owned(), fix.worked, fix.failed);
    let fixes: Vec<_> = group.fixes.iter().map(fix).collect();
    assert_eq!(
        fixes,
        [
            ("Restarted the export".to_owned(), 2, 1),
            ("Made the pool smaller".to_owned(), 1, 0),
            ("Gave connections back".to_owned(), 1, 0),
        ]
    );
    assert_eq!(group.fixes[0].incidents, ["INC-2", "INC-1"]);
    let in_vain: Vec<_> = group.did_not_help.iter().map(fix).collect();
    assert_eq!(in_vain, [("more replicas".to_owned(), 0, 2), ("a larger instance".to_owned(), 0, 1)]);
    assert_eq!((group.first_seen, group.last_seen), (Some(DAY + 86_400), Some(DAY + 4 * 86_400)));
    assert_eq!(group.median_time_to_resolve, Some(1_500));
}

#[test]
fn groups_are_written_with_the_ids_of_their_incidents() {
    let incidents = incidents();
    let written = serde_json::to_value(found(&incidents)).unwrap();
    assert_eq!(written[0]["incidents"], serde_json::json!(["INC-4", "INC-3", "INC-2", "INC-1"]));
}

#[test]
fn a_group_has_its_least_number_of_incidents() {
    let incidents = incidents();
    for (count, least, expected) in [(4, 3, 1), (2, 3, 0), (2, 2, 1), (1, 0, 0), (0, 3, 0)] {
        let options = LearnOptions { least, ..LearnOptions::default() };
        assert_eq!(groups(incidents[..count].iter(), &options).len(), expected, "{count} {least}");
    }
}

#[test]
fn the_order_of_incidents_does_not_matter() {
    let mut incidents: Vec<Incident> = generate::incidents(5, 1_500).collect();
    let drafts = |incidents: &[Incident]| -> Vec<(String, String)> {
        found(incidents).iter().map(|group| (group.key.clone(), draft(group, DAY))).collect()
    };
    let first = drafts(&incidents);
    incidents.reverse();
    assert!(first.len() > 20);
    assert_eq!(first, drafts(&incidents));
    incidents.sort_by_key(|incident| (incident.title.len(), incident.id.clone()));
    assert_eq!(first, drafts(&incidents));
}

#[test]
fn keys_differ_and_stay_when_newer_incidents_come() {
    let mut incidents: Vec<Incident> = generate::incidents(6, 2_000).collect();
    incidents.sort_by_key(|incident| incident.started);
    let keys =
        |incidents: &[Incident]| -> Vec<String> { found(incidents).into_iter().map(|group| group.key).collect() };
    let before = keys(&incidents[..1_900]);
    let after = keys(&incidents);
    let distinct: rustc_hash::FxHashSet<&String> = before.iter().collect();
    assert_eq!(distinct.len(), before.len());
    assert!(before.iter().all(|key| key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))));
    let kept = before.iter().filter(|key| after.contains(key)).count();
    // A group may be split or joined by what is learned of its words; that is rare.
    assert!(kept * 100 >= before.len() * 97, "{kept} of {}", before.len());

    let few = self::incidents();
    assert_eq!(found(&few[..3])[0].key, found(&few)[0].key);
}

/// Pairs of one fault that are in one group, of all pairs in one group and of all of one fault.
fn precision_and_recall(seed: u64, count: usize) -> (f64, f64) {
    let (faults, incidents): (Vec<usize>, Vec<Incident>) = generate::labelled(seed, count).unzip();
    let fault_of: FxHashMap<&str, usize> =
        incidents.iter().map(|one| one.id.as_str()).zip(faults.iter().copied()).collect();
    let pairs = |count: usize| (count * count.saturating_sub(1) / 2) as f64;
    let counted = |faults: &mut dyn Iterator<Item = usize>| {
        let mut counts: FxHashMap<usize, usize> = FxHashMap::default();
        faults.for_each(|fault| *counts.entry(fault).or_default() += 1);
        counts.into_values().map(pairs).sum::<f64>()
    };
    let (mut both, mut grouped) = (0.0, 0.0);
    for group in groups(incidents.iter(), &LearnOptions { least: 2, ..LearnOptions::default() }) {
        both += counted(&mut group.incidents.iter().map(|incident| fault_of[incident.id.as_str()]));
        grouped += pairs(group.incidents.len());
    }
    (both / grouped, both / counted(&mut faults.into_iter()))
}

#[test]
fn groups_are_of_one_fault() {
    for (seed, count, least_recall) in [(7, 400, 0.75), (8, 4_000, 0.95)] {
        let (precision, recall) = precision_and_recall(seed, count);
        assert!(precision > 0.97, "{count}: {precision}");
        assert!(recall > least_recall, "{count}: {recall}");
    }
}

#[test]
fn incidents_that_have_nothing_to_do_with_one_another_are_no_group() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../evaluation/incidents/examples");
    let files = fs_err::read_dir(folder).unwrap().map(|file| fs_err::read_to_string(file.unwrap().path()).unwrap());
    let incidents: Vec<Incident> = files.map(|text| note::read(&document(&text)).incident).collect();
    assert!(incidents.len() >= 50);
    let groups = groups(incidents.iter(), &LearnOptions { least: 2, ..LearnOptions::default() });
    let titles: Vec<Vec<&str>> =
        groups.iter().map(|group| group.incidents.iter().map(|incident| incident.title.as_str()).collect()).collect();
    assert!(titles.is_empty(), "{titles:#?}");
}

fn read(draft: &str) -> Guide {
    guide::parse(&document(draft))
}

/// A draft reads as a guide with all of its steps, which lead only to steps that there are.
#[track_caller]
fn check_draft(group: &Group<'_>) -> Guide {
    let text = draft(group, DAY);
    let guide = read(&text);
    let steps = 2 + group.causes.len().min(8) + group.fixes.len().min(10);
    assert_eq!(guide.steps.len(), steps, "{text}");
    assert!(guide.steps.iter().zip(1..).all(|(step, number)| step.number == number));
    let fixes = 2 + group.causes.len().min(8)..steps;
    for (at, step) in guide.steps.iter().enumerate() {
        assert_eq!(step.changes, (fixes.start - 1..fixes.end - 1).contains(&at), "{text}");
        assert!(step.commands.is_empty(), "{text}");
        for decision in &step.decisions {
            assert!(decision.leaves != decision.go_to.is_some(), "{decision:?}\n{text}");
        }
    }
    assert!(guide.steps[0].decisions.iter().all(|decision| decision.leaves || decision.go_to == Some(2)), "{text}");
    guide
}

#[test]
fn a_draft_is_a_guide() {
    let incidents = incidents();
    let groups = found(&incidents);
    let guide = check_draft(&groups[0]);
    assert_eq!(guide.title, "Too many connections at orders");
    assert!(guide.introduction.contains("**Draft.** A program made this out of 4 incidents"), "{}", guide.introduction);
    assert_eq!((guide.services.as_slice(), guide.updated), (&["rds".to_owned(), "lambda".to_owned()][..], Some(DAY)));
    assert_eq!(
        (guide.errors.as_slice(), guide.signals.as_slice()),
        (&["53300".to_owned()][..], &["orders-connections".to_owned()][..])
    );
    assert_eq!(guide.symptoms.len(), groups[0].symptoms.len());
    let actions: Vec<&str> = guide.steps.iter().map(|step| step.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "Compare what is seen with what was seen before.",
            "Check whether the cause is “connection leak”, as it was in 3 of 4 incidents.",
            "Check whether the cause is “pool too large”, as it was in 1 of 4 incidents.",
            "Try “Restarted the export”, which helped in 2 of 4 incidents, and did not in 1.",
            "Try “Made the pool smaller”, which helped in 1 of 4 incidents.",
            "Try “Gave connections back”, which helped in 1 of 4 incidents.",
            "Look whether what was seen is gone and stays away.",
        ]
    );
    let leads = |step: usize| guide.steps[step].decisions.iter().map(|decision| decision.go_to).collect::<Vec<_>>();
    assert_eq!(leads(1), [Some(4), Some(3)]);
    assert_eq!(leads(2), [Some(5), Some(4)]);
    assert_eq!(leads(3), [Some(7), Some(5)]);
    assert_eq!(leads(5), [Some(7), None]);
    assert_eq!(leads(6), [None, Some(2)]);
}

#[test]
fn a_draft_of_little_is_a_guide_too() {
    let bare = |number: i64| Incident {
        id: number.to_string(),
        title: "Orders do not arrive".to_owned(),
        ..Incident::default()
    };
    let incidents = [bare(1), bare(2), bare(3)];
    let groups = found(&incidents);
    let guide = check_draft(&groups[0]);
    assert_eq!(guide.steps.len(), 2);
    assert_eq!(guide.services, ["aws"]);
}

#[test]
fn drafts_of_generated_incidents_are_guides() {
    let incidents: Vec<Incident> = generate::incidents(9, 3_000).collect();
    let groups = found(&incidents);
    assert!(groups.len() > 50);
    for group in &groups {
        check_draft(group);
    }
}

#[rustfmt::skip]
const HOSTILE: &[&str] = &[
    "---", "a\n---\nkind: incident\n---\n# Owned", "\"quoted\" 'single' \\ back\\", "key: value # comment", "- [ ] item", "* x", "> quote",
    "```bash\naws s3 rb s3://all --force\n```", "~~~\nx", "``` `` `", "1. first\n2. second", "7. seventh", "\n\n3. Run this", "step 3", "see Steps 12 and 13: step 1",
    "leave this guide", "Leaves  this\nguide", "**This changes everything**", "# Heading\n## At a glance\n\n- Status: open", "## At a glance",
    "| a | b |\n|---|---|\n| step 9 | x |", "<script>alert(1)</script>", "<!-- hidden", "</details>", "[link](javascript:alert(1))", "![i](http://x/y.png)",
    "{app} ${HOME} $(id) `id`", "!!python/object:os.system", "*alias &anchor", "%YAML 1.2", "? complex", "@at", "\u{202e}gnirts", "a\u{0}b\u{7}c\u{1b}[31m", "\u{feff}bom\u{2028}line",
    "é ü 你好 🚀", "", "   ", "\t", "yes", "null", "123", "...", "===", "=====\n=====", "a\n===", "a\n---", "&lt;b&gt; &#35;", "__init__ _x_", "~~gone~~", "\\", "\"", "“nested”",
];

/// An incident whose every text is hostile, and the ordinary one with it inside.
fn hostile(number: usize, text: &str) -> Incident {
    let mut incident = too_many_connections(
        number as i64,
        "Too many connections",
        "connection leak",
        "Restarted the export",
        "more replicas",
    );
    incident.id = format!("{text}{number}");
    incident.title = format!("{text} too many connections");
    incident.services.push(text.to_owned());
    incident.error_codes.push(text.to_owned());
    incident.alarms.push(text.to_owned());
    incident.symptoms.insert(0, text.to_owned());
    incident.symptoms.push(format!("{text} {text}"));
    incident.root_cause = Some(text.to_owned());
    incident.cause = Some(text.to_owned());
    incident.tried.push(Attempt { what: text.to_owned(), worked: Some(number.is_multiple_of(2)) });
    incident.tried.push(Attempt { what: format!("{text} failed"), worked: Some(false) });
    incident.fix = Some(format!("{text} helped"));
    incident.prevention.push(text.to_owned());
    incident
}

#[test]
fn hostile_texts_stay_texts() {
    for text in HOSTILE {
        let incidents: Vec<Incident> = (1..4).map(|number| hostile(number, text)).collect();
        let group = group::group(incidents.iter().collect());
        let written = draft(&group, DAY);
        check_draft(&group);
        let front = document(&written);
        assert_eq!((front.kind, front.updated), (Kind::Troubleshooting, Some(DAY)), "{written}");
        let (block, body) = cloudops_ingest::extract::front_matter_block(&written).unwrap();
        let yaml: serde_yaml_ng::Mapping = serde_yaml_ng::from_str(block).unwrap();
        let keys: Vec<&str> = yaml.keys().filter_map(|key| key.as_str()).collect();
        assert_eq!(
            keys,
            ["title", "kind", "services", "tags", "updated", "summary", "symptoms", "errors", "signals"],
            "{written}"
        );
        for list in ["services", "tags", "symptoms", "errors", "signals"] {
            assert!(yaml[list].as_sequence().unwrap().iter().all(serde_yaml_ng::Value::is_string), "{written}");
        }
        let title = yaml["title"].as_str().unwrap();
        let headings: Vec<&str> = body.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(headings[0], format!("# {title}"));
        let extracted = extract(Format::Markdown, body);
        assert_eq!(extracted.sections.iter().filter(|section| section.level > 0).count(), headings.len(), "{written}");
        assert_eq!(extracted.sections.iter().find(|section| section.level == 1).unwrap().heading, title, "{written}");
        // Every line begins with words of the program.
        for line in body.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            let ours = [
                "# ",
                "## ",
                "> **Draft",
                "- ",
                "**This changes** a running",
                "It helped in `",
                "In full: “",
                "For the cause “",
            ];
            let more = ["Somebody wrote: “", "Half of them", "Alarms like `", "What incidents named"];
            let begins = ours.iter().chain(&more).any(|start| line.starts_with(start));
            assert!(
                begins || line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok()),
                "{line}\n{written}"
            );
        }
        assert!(
            written.chars().all(|c| c == '\n' || !c.is_control() && !matches!(c, '\u{202e}' | '\u{feff}' | '\u{2028}'))
        );
    }
}

#[test]
fn endless_texts_are_cut() {
    let long = "🚀\"\\".repeat(40_000);
    let incidents: Vec<Incident> = (1..4)
        .map(|number| {
            let mut incident = hostile(number, "x");
            let many = |name: &str| (0..200).map(|at| format!("{name}{at} {long}")).collect::<Vec<_>>();
            incident.title.clone_from(&long);
            (incident.symptoms, incident.error_codes, incident.alarms) = (many("symptom"), many("code"), many("alarm"));
            (incident.prevention, incident.services) = (many("measure"), many("service"));
            incident.tried = many("fix").into_iter().map(|what| Attempt { what, worked: Some(true) }).collect();
            incident
        })
        .collect();
    let group = group::group(incidents.iter().collect());
    let written = draft(&group, DAY);
    let (front, _) = cloudops_ingest::extract::front_matter_block(&written).unwrap();
    assert!(front.len() < 16 * 1024, "{}", front.len());
    assert!(written.len() < 100_000, "{}", written.len());
    check_draft(&group);
}
