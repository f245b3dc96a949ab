//! The ledger as a crawl uses it, step by step.

use std::collections::HashMap;

use cloudops_indexes::model::{Document, Kind};
use proptest::prelude::*;

use super::*;
use crate::source::Prepared;

const READ_AS: &str = "v1";

fn ledger() -> (tempfile::TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    (dir, ledger)
}

fn begin(ledger: &mut Ledger, now: i64) -> i64 {
    let begin = Begin { source: "web", kind: "website", fingerprint: "f", resume: true, now };
    ledger.begin(begin).unwrap().id
}

fn found(page: &str) -> Discovered {
    Discovered { url: url(page), depth: 0, found_by: FoundBy::Sitemap, guide: None, listed: None }
}

fn url(page: &str) -> String {
    format!("https://docs.example/{page}.html")
}

fn document(page: &str, text: &str) -> Document {
    Document {
        id: format!("web/docs.example/{page}.html"),
        source: "web".into(),
        title: page.into(),
        url: Some(url(page)),
        path: None,
        guide: Some("example-guide".into()),
        services: vec!["ec2".into()],
        kind: Kind::Documentation,
        tags: vec![],
        updated: None,
        text: text.into(),
        content_hash: format!("hash of {text}"),
    }
}

fn settled(queued: &Queued, outcome: Outcome, text: Option<&str>) -> Settled {
    let page = queued.url.trim_start_matches("https://docs.example/").trim_end_matches(".html");
    let document = text.map(|text| {
        let prepared = Prepared { document: document(page, text), passages: vec![], masked: vec![] };
        NewDocument {
            id: prepared.document.id.clone(),
            content_hash: prepared.document.content_hash.clone(),
            text_hash: text.len() as i64,
            packed: Pending::pack(&prepared),
        }
    });
    Settled {
        key: queued.key,
        url: queued.url.clone(),
        validators: text.map(|_| Validators { etag: Some("\"1\"".into()), last_modified: None }),
        body_hash: text.map(|_| [7; 32]),
        outcome,
        asked: true,
        document,
        discovered: vec![],
        trouble: None,
    }
}

/// Crawls pages that all are good and new, publishes them and ends the run.
fn first_crawl(ledger: &mut Ledger, pages: &[&str], now: i64) {
    let run = begin(ledger, now);
    ledger.discover("web", run, &pages.iter().map(|page| found(page)).collect::<Vec<_>>()).unwrap();
    let queue = ledger.take("web", run, 100, READ_AS).unwrap();
    let done: Vec<_> = queue.iter().map(|page| settled(page, Outcome::Added, Some("text"))).collect();
    ledger.settle("web", run, READ_AS, &done, now).unwrap();
    publish(ledger);
    let tally = ledger.tally("web", run).unwrap();
    ledger.end(run, RunState::Done, None, &tally, now).unwrap();
}

/// What a commit of the index does.
fn publish(ledger: &mut Ledger) -> Vec<String> {
    let pending = ledger.pending("web", 0, 1_000).unwrap();
    let sequences: Vec<_> = pending.iter().map(|pending| pending.sequence).collect();
    ledger.applied(&sequences, &[]).unwrap();
    let name = |pending: Pending| format!("{}{}", if pending.prepared.is_some() { "+" } else { "-" }, pending.url);
    pending.into_iter().map(name).collect()
}

#[test]
fn a_page_is_queued_until_what_became_of_it_is_written() {
    let (dir, mut ledger) = ledger();
    let run = begin(&mut ledger, 1_000);
    assert_eq!(ledger.discover("web", run, &[found("a"), found("b"), found("a")]).unwrap(), 2);
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    assert_eq!(taken.len(), 2);
    assert!(ledger.take("web", run, 10, READ_AS).unwrap().is_empty(), "a page is given out once");
    let mut first = settled(&taken[0], Outcome::Added, Some("text"));
    first.discovered = vec![found("a"), found("c")];
    assert_eq!(ledger.settle("web", run, READ_AS, &[first], 1_001).unwrap(), 1);
    drop(ledger);

    // The process is killed: `b` was taken, `c` was found, `a` is done.
    let mut ledger = Ledger::open(dir.path()).unwrap();
    let again =
        ledger.begin(Begin { source: "web", kind: "website", fingerprint: "f", resume: true, now: 2_000 }).unwrap();
    assert_eq!((again.id, again.resumed), (run, 1));
    ledger.untake("web", run).unwrap();
    let urls: Vec<_> = ledger.take("web", run, 10, READ_AS).unwrap().into_iter().map(|page| page.url).collect();
    assert_eq!(urls, [url("b"), url("c")]);
    assert_eq!(ledger.pending_count("web").unwrap(), 1);
    let tally = ledger.tally("web", run).unwrap();
    assert_eq!((tally.found, tally.added, tally.left), (3, 1, 2));
}

#[test]
fn a_run_is_taken_up_only_by_its_equal_and_only_for_a_while() {
    let (_dir, mut ledger) = ledger();
    let first = begin(&mut ledger, 1_000);
    assert_eq!(begin(&mut ledger, 2_000), first);
    let other = Begin { source: "web", kind: "website", fingerprint: "other", resume: true, now: 3_000 };
    let second = ledger.begin(other).unwrap().id;
    assert_ne!(second, first);
    assert_eq!(ledger.run(first).unwrap().unwrap().state, RunState::Abandoned);
    let late = Begin { now: 3_000 + 30 * 24 * 3600, ..other };
    assert_ne!(ledger.begin(late).unwrap().id, second);
    assert_eq!(ledger.failures_in_a_row("web").unwrap(), 0, "the newest run is under way");
}

#[test]
fn the_next_run_asks_with_validators_unless_pages_are_read_differently() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a"], 1_000);
    let run = begin(&mut ledger, 2_000);
    ledger.discover("web", run, &[found("a"), found("new")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    assert_eq!(taken[0].url, url("new"), "what was never looked at comes first");
    let known = taken[1].known.clone().unwrap();
    assert_eq!(known.validators.etag.as_deref(), Some("\"1\""));
    assert_eq!(known.body_hash, Some([7; 32]));
    ledger.untake("web", run).unwrap();
    let known = ledger.take("web", run, 10, "v2").unwrap()[1].known.clone().unwrap();
    assert_eq!(known.validators, Validators::default());
    assert_eq!((known.body_hash, known.content_hash.as_str()), (None, "hash of text"));
}

#[test]
fn what_nothing_leads_to_any_more_is_looked_at_and_removed_only_if_it_is_gone() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a", "b", "c"], 1_000);
    let run = begin(&mut ledger, 2_000);
    ledger.discover("web", run, &[found("a")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    ledger.settle("web", run, READ_AS, &[settled(&taken[0], Outcome::Unchanged, None)], 2_001).unwrap();
    assert_eq!(ledger.queue_unlisted("web", run).unwrap(), 2);
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    assert!(taken.iter().all(|page| page.found_by == FoundBy::Unlisted && page.known.is_some()));
    let done =
        [settled(&taken[0], Outcome::Gone { confirmed: true }, None), settled(&taken[1], Outcome::Unchanged, None)];
    ledger.settle("web", run, READ_AS, &done, 2_002).unwrap();
    assert!(publish(&mut ledger).is_empty(), "nothing is removed before the end of the run");
    assert_eq!(ledger.remove_gone("web", run).unwrap(), 1);
    assert_eq!(publish(&mut ledger), [format!("-{}", taken[0].url)]);
    let tally = ledger.tally("web", run).unwrap();
    assert_eq!((tally.found, tally.unchanged, tally.removed, tally.left), (3, 2, 1, 0));
    assert_eq!(ledger.known_pages("web", run).unwrap(), 2);
}

#[test]
fn a_page_that_was_never_read_is_not_forgotten_because_its_parent_has_not_changed() {
    let (_dir, mut ledger) = ledger();
    let run = begin(&mut ledger, 1_000);
    ledger.discover("web", run, &[found("a"), found("b"), found("c")]).unwrap();
    let taken = ledger.take("web", run, 2, READ_AS).unwrap();
    let gone = Outcome::Failed { code: "gone".into(), transient: false };
    let done = [settled(&taken[0], Outcome::Added, Some("text")), settled(&taken[1], gone, None)];
    ledger.settle("web", run, READ_AS, &done, 1_001).unwrap();
    ledger.end(run, RunState::Stopped, None, &Tally::default(), 1_002).unwrap();
    let run = begin(&mut ledger, 2_000);
    assert_eq!(ledger.queue_unlisted("web", run).unwrap(), 2);
    let urls: Vec<_> = ledger.take("web", run, 10, READ_AS).unwrap().into_iter().map(|page| page.url).collect();
    assert_eq!(urls, [url("c"), url("a")], "what is known not to be there is forgotten");
}

#[test]
fn pages_that_name_each_other_as_their_new_address_stay() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a", "b"], 1_000);
    let run = begin(&mut ledger, 2_000);
    ledger.discover("web", run, &[found("a"), found("b")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    let moved = |at: usize, to: &str| settled(&taken[at], Outcome::Moved { to: url(to) }, None);
    ledger.settle("web", run, READ_AS, &[moved(0, "b"), moved(1, "a")], 2_001).unwrap();
    assert_eq!(ledger.remove_moved("web", run).unwrap(), 0);
}

#[test]
fn being_missing_is_remembered_until_the_page_is_seen_again() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a"], 1_000);
    let mut look = |outcome: Outcome, now: i64| {
        let run = begin(&mut ledger, now);
        ledger.discover("web", run, &[found("a")]).unwrap();
        let taken = ledger.take("web", run, 1, READ_AS).unwrap();
        ledger.settle("web", run, READ_AS, &[settled(&taken[0], outcome, None)], now).unwrap();
        ledger.end(run, RunState::Done, None, &Tally::default(), now).unwrap();
        taken[0].gone_since
    };
    assert_eq!(look(Outcome::Gone { confirmed: false }, 2_000), None);
    let failed = Outcome::Failed { code: "timeout".into(), transient: false };
    assert_eq!(look(failed, 3_000), Some(2_000));
    assert_eq!(look(Outcome::Gone { confirmed: false }, 4_000), Some(2_000), "a failure says nothing of it");
    assert_eq!(look(Outcome::Unchanged, 5_000), Some(2_000));
    assert_eq!(look(Outcome::Unchanged, 6_000), None);
}

#[test]
fn a_page_that_has_moved_leaves_when_its_new_address_is_there() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["old", "stray"], 1_000);
    let run = begin(&mut ledger, 2_000);
    ledger.discover("web", run, &[found("old"), found("stray")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    let mut old = settled(&taken[0], Outcome::Moved { to: url("new") }, None);
    old.discovered = vec![found("new")];
    let stray = settled(&taken[1], Outcome::Moved { to: url("nowhere") }, None);
    ledger.settle("web", run, READ_AS, &[old, stray], 2_001).unwrap();
    assert_eq!(ledger.remove_moved("web", run).unwrap(), 0, "the new address has not been read yet");
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    ledger.settle("web", run, READ_AS, &[settled(&taken[0], Outcome::Added, Some("text"))], 2_002).unwrap();
    assert_eq!(ledger.remove_moved("web", run).unwrap(), 1);
    assert_eq!(publish(&mut ledger), [format!("+{}", url("new")), format!("-{}", url("old"))]);
}

#[test]
fn pages_that_failed_for_a_passing_reason_get_a_second_chance() {
    let (_dir, mut ledger) = ledger();
    let run = begin(&mut ledger, 1_000);
    ledger.discover("web", run, &[found("a"), found("b")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    let fail = |at: usize, transient| {
        let trouble =
            Trouble { url: taken[at].url.clone(), code: "timeout".into(), message: "it took too long".into() };
        let outcome = Outcome::Failed { code: "timeout".into(), transient };
        Settled { trouble: Some(trouble), ..settled(&taken[at], outcome, None) }
    };
    ledger.settle("web", run, READ_AS, &[fail(0, true), fail(1, false)], 1_001).unwrap();
    assert_eq!(ledger.tally("web", run).unwrap().failures(), 2);
    assert_eq!(ledger.queue_retries("web", run).unwrap(), 1);
    assert_eq!(ledger.take("web", run, 10, READ_AS).unwrap()[0].url, url("a"));
    assert!(ledger.run(run).unwrap().unwrap().retried);
    assert_eq!(ledger.troubles(run, 10).unwrap().len(), 2);
}

#[test]
fn a_document_that_was_read_again_while_it_was_published_stays_pending() {
    let (_dir, mut ledger) = ledger();
    let run = begin(&mut ledger, 1_000);
    ledger.discover("web", run, &[found("a")]).unwrap();
    let taken = ledger.take("web", run, 1, READ_AS).unwrap();
    ledger.settle("web", run, READ_AS, &[settled(&taken[0], Outcome::Added, Some("one"))], 1_001).unwrap();
    let before = ledger.pending("web", 0, 10).unwrap();
    ledger.settle("web", run, READ_AS, &[settled(&taken[0], Outcome::Changed, Some("two"))], 1_002).unwrap();
    ledger.applied(&[before[0].sequence], &[]).unwrap();
    let after = ledger.pending("web", 0, 10).unwrap();
    assert_eq!(after[0].prepared.as_ref().unwrap().document.text, "two");
}

#[test]
fn what_is_held_back_is_read_again_next_time() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a"], 1_000);
    let run = begin(&mut ledger, 2_000);
    ledger.discover("web", run, &[found("a"), found("b")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    let done =
        [settled(&taken[0], Outcome::Added, Some("new")), settled(&taken[1], Outcome::Changed, Some("please log in"))];
    ledger.settle("web", run, READ_AS, &done, 2_001).unwrap();
    let suspicion = ledger.suspicion("web", run).unwrap();
    assert_eq!((suspicion.checked, suspicion.alike), (1, 1));
    ledger.end_guarded("web", run, "a login page", 2_003).unwrap();
    assert!(publish(&mut ledger).is_empty());
    let guarded = ledger.run(run).unwrap().unwrap();
    assert_eq!((guarded.state, guarded.tally.refused["held_back"]), (RunState::Guarded, 2));
    assert_eq!(ledger.failures_in_a_row("web").unwrap(), 1);
    let run = begin(&mut ledger, 3_000);
    ledger.discover("web", run, &[found("a"), found("b")]).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    let known = |page: &str| taken.iter().find(|queued| queued.url == url(page)).unwrap().known.clone();
    let a = known("a").unwrap();
    assert_eq!((a.validators, a.content_hash.as_str()), (Validators::default(), ""));
    assert_eq!(known("b"), None);
}

#[test]
fn what_became_of_pages_that_were_good_is_weighed() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a", "b", "c", "d", "e"], 1_000);
    let run = begin(&mut ledger, 2_000);
    ledger.discover("web", run, &["a", "b", "c", "d", "e", "new"].map(found)).unwrap();
    let taken = ledger.take("web", run, 10, READ_AS).unwrap();
    let outcome = |queued: &Queued| match &queued.url {
        page if *page == url("a") => Outcome::Refused { code: "login".into() },
        page if *page == url("new") => Outcome::Refused { code: "login".into() },
        page if *page == url("b") => Outcome::Gone { confirmed: false },
        page if *page == url("e") => Outcome::Failed { code: "timeout".into(), transient: true },
        _ => Outcome::Changed,
    };
    let done: Vec<_> = taken
        .iter()
        .map(|queued| settled(queued, outcome(queued), (outcome(queued) == Outcome::Changed).then_some("maintenance")))
        .collect();
    ledger.settle("web", run, READ_AS, &done, 2_001).unwrap();
    let suspicion = ledger.suspicion("web", run).unwrap();
    let odd: Vec<_> = suspicion.odd.iter().map(|(outcome, pages)| (outcome.as_str(), *pages)).collect();
    assert_eq!((suspicion.checked, suspicion.alike), (4, 2));
    assert_eq!(odd, [("gone", 1), ("refused:login", 1)]);
}

#[test]
fn ledger_and_index_agree_again_whichever_was_lost() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["kept", "lost", "other"], 1_000);
    let id = |page: &str| format!("web/docs.example/{page}.html");
    let indexed: HashMap<String, String> = [
        (id("kept"), "hash of text".to_owned()),
        (id("other"), "hash of something else".to_owned()),
        (id("unknown"), "hash of text".to_owned()),
    ]
    .into();
    ledger.reconcile("web", &indexed, |id| Some(id.replace("web/", "https://"))).unwrap();
    let run = begin(&mut ledger, 2_000);
    let pages = ["kept", "lost", "other"].map(found);
    ledger.discover("web", run, &pages).unwrap();
    let taken: HashMap<_, _> =
        ledger.take("web", run, 10, READ_AS).unwrap().into_iter().map(|page| (page.url.clone(), page)).collect();
    assert!(taken[&url("kept")].known.as_ref().unwrap().validators.etag.is_some());
    assert_eq!(taken[&url("lost")].known, None);
    let other = taken[&url("other")].known.clone().unwrap();
    assert_eq!((other.validators, other.content_hash.as_str()), (Validators::default(), ""));
    assert_eq!(ledger.queue_unlisted("web", run).unwrap(), 1, "the page that only the index knew");
}

#[test]
fn changes_say_where_a_page_became_different() {
    let before = document("a", "# Limits\n\n## Volumes\n\nYou can have 20 volumes.\n\n## Snapshots\n\nNo limit.\n");
    let after = document("a", "# Limits\n\n## Volumes\n\nYou can have 40 volumes.\n\n## Snapshots\n\nNo limit.\n");
    let change = Change::between(Some(3), Some(&before), Some(&after), 5_000, false).unwrap();
    assert_eq!((change.what, change.lines_added, change.lines_removed), (What::Changed, 1, 1));
    assert_eq!(change.sections, ["Volumes"]);
    assert_eq!(change.excerpt, ["- You can have 20 volumes.", "+ You can have 40 volumes."]);
    assert_eq!(Change::between(None, Some(&before), Some(&before), 5_000, false), None);
    assert_eq!(Change::between(None, None, None, 5_000, false), None);

    let (_dir, mut ledger) = ledger();
    let first = Change::between(Some(1), None, Some(&before), 4_000, true).unwrap();
    let gone = Change::between(None, Some(&after), None, 6_000, false).unwrap();
    ledger.put_changes(&[first, change.clone(), gone]).unwrap();
    let of = |filter: &ChangeFilter| ledger.changes(filter).unwrap().iter().map(|c| c.what).collect::<Vec<_>>();
    assert_eq!(of(&ChangeFilter::default()), [What::Removed, What::Changed]);
    assert_eq!(of(&ChangeFilter { first_runs: true, ..Default::default() }).len(), 3);
    assert_eq!(of(&ChangeFilter { since: 5_500, ..Default::default() }), [What::Removed]);
    assert_eq!(of(&ChangeFilter { about: vec!["EC2".into()], ..Default::default() }).len(), 2);
    assert_eq!(of(&ChangeFilter { about: vec!["example".into()], ..Default::default() }).len(), 2);
    assert!(of(&ChangeFilter { about: vec!["rds".into()], ..Default::default() }).is_empty());
    assert_eq!(of(&ChangeFilter { what: vec![What::Changed], ..Default::default() }), [What::Changed]);
    let stored = ledger.changes(&ChangeFilter { what: vec![What::Changed], ..Default::default() }).unwrap();
    assert_eq!(Change { id: 0, ..stored[0].clone() }, change);
}

#[test]
fn texts_with_nothing_in_common_are_compared_in_bounded_time() {
    let text = |seed: u64| {
        (0..60_000_u64).map(|n| format!("line {}\n", n.wrapping_mul(seed) % 7_919)).collect::<Vec<_>>().concat()
    };
    let change = Change::between(None, Some(&document("a", &text(3))), Some(&document("a", &text(5))), 0, false);
    let change = change.unwrap();
    assert!(change.lines_added > 0 && change.excerpt.len() <= 8 && change.sections.is_empty());
}

#[test]
fn a_damaged_or_later_file_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs_err::write(dir.path().join(FILE), "this is no database, and it is long enough to be taken for one".repeat(100))
        .unwrap();
    let error = Ledger::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains(FILE) && error.hint().unwrap().contains("Move"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    drop(Ledger::open(dir.path()).unwrap());
    Connection::open(dir.path().join(FILE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::TooNew { found: 99, .. })));
    assert!(matches!(Ledger::open_existing(dir.path()), Err(LedgerError::TooNew { found: 99, .. })));
    assert!(Ledger::open_existing(&dir.path().join("nowhere")).unwrap().is_none());
}

#[test]
fn a_source_can_be_forgotten() {
    let (_dir, mut ledger) = ledger();
    first_crawl(&mut ledger, &["a"], 1_000);
    assert!(ledger.last_success("web").unwrap().is_some());
    assert_eq!(ledger.known_pages("web", 99).unwrap(), 1);
    ledger.forget("web").unwrap();
    assert_eq!(ledger.known_pages("web", 99).unwrap(), 0);
    assert!(ledger.last_run("web").unwrap().is_none() && ledger.integrity().unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever happens to a crawl, in whatever order it is cut off: in the end every page is known once.
    #[test]
    fn no_page_is_lost_or_doubled(steps in prop::collection::vec((0..6_u8, 1..9_usize), 1..40)) {
        let (dir, mut ledger) = ledger();
        let mut run = begin(&mut ledger, 1_000);
        let pages: Vec<String> = (0..30).map(|n| format!("p{n}")).collect();
        let all: Vec<_> = pages.iter().map(|page| found(page)).collect();
        ledger.discover("web", run, &all[..1]).unwrap();
        let mut taken: Vec<Queued> = Vec::new();
        let mut published = Vec::new();
        let finish = |queued: &Queued| {
            let mut done = settled(queued, if queued.known.is_some() { Outcome::Unchanged } else { Outcome::Added },
                                   queued.known.is_none().then_some("text"));
            // Every page links to all others.
            done.discovered = all.clone();
            done
        };
        for (step, count) in steps {
            match step {
                0 | 1 => taken.extend(ledger.take("web", run, count, READ_AS).unwrap()),
                2 | 3 => {
                    let done: Vec<_> = taken.drain(..count.min(taken.len())).map(|page| finish(&page)).collect();
                    ledger.settle("web", run, READ_AS, &done, 1_000).unwrap();
                }
                4 => published.extend(publish(&mut ledger)),
                _ => {
                    // Killed, and started again.
                    taken.clear();
                    ledger = Ledger::open(dir.path()).unwrap();
                    run = begin(&mut ledger, 1_000);
                    ledger.untake("web", run).unwrap();
                }
            }
        }
        ledger.untake("web", run).unwrap();
        loop {
            let queue = ledger.take("web", run, 7, READ_AS).unwrap();
            if queue.is_empty() { break; }
            let done: Vec<_> = queue.iter().map(finish).collect();
            ledger.settle("web", run, READ_AS, &done, 1_000).unwrap();
        }
        published.extend(publish(&mut ledger));
        published.sort();
        let mut expected: Vec<_> = pages.iter().map(|page| format!("+{}", url(page))).collect();
        expected.sort();
        prop_assert_eq!(published, expected);
        prop_assert_eq!(ledger.known_pages("web", run + 1).unwrap(), 30);
    }
}
