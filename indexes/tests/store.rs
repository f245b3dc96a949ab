//! The life of an index on disk, through its public interface.
#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;

use cloudops_indexes::hybrid::{Filters, Mode, SearchRequest};
use cloudops_indexes::model::Kind;
use cloudops_indexes::store::{FileStat, Index, IndexError, IndexWriter};
use support::{OPTIONS, commit, document, open, put};
use tempfile::TempDir;

/// Documents found for a question, best first.
fn found(index: &Index, request: &SearchRequest) -> Vec<String> {
    index.search(request).unwrap().hits.into_iter().map(|hit| hit.best.citation.title).collect()
}

#[track_caller]
fn check_found(index: &Index, query: &str, expected: &[&str]) {
    let request = SearchRequest { mode: Mode::Lexical, ..SearchRequest::new(query) };
    assert_eq!(found(index, &request), expected, "{query}");
}

#[test]
fn documents_come_change_and_go_while_a_reader_looks_on() {
    let dir = TempDir::new().unwrap();
    assert!(matches!(Index::open(dir.path()), Err(IndexError::NotFound(_))));

    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "Host keys of instances change.\n\nReplacing a volume keeps zebras.");
    put(&mut writer, "s3-buckets", "Buckets hold objects.");
    let report = commit(writer);
    assert_eq!((report.generation, report.added, report.passages), (1, 2, 3));

    let index = Index::open(dir.path()).unwrap();
    check_found(&index, "zebra", &["ec2 keys"]);
    let hit = index.search(&SearchRequest::new("zebra")).unwrap().hits.remove(0).best;
    assert_eq!(hit.citation.url.as_deref(), Some("https://example.com/ec2-keys.html#part-1"));
    assert_eq!(hit.citation.heading_path, ["Part 1"]);
    assert_eq!(hit.text, "Replacing a volume keeps zebras.");
    assert_eq!(&hit.text[hit.highlights[0].clone()], "zebras");

    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "Now about giraffes.");
    assert!(writer.remove("docs/s3-buckets.md").unwrap());
    assert!(!writer.remove("docs/unknown.md").unwrap());
    put(&mut writer, "rds-storage", "Storage for zebras.");
    check_found(&index, "zebra", &["ec2 keys"]);
    let report = commit(writer);
    assert_eq!((report.added, report.changed, report.removed, report.passages), (1, 1, 1, 2));

    check_found(&index, "zebra", &["rds storage"]);
    check_found(&index, "giraffe", &["ec2 keys"]);
    check_found(&index, "buckets", &[]);
    assert_eq!(index.generation(), 2);
    assert!(index.document("docs/s3-buckets.md").unwrap().is_none());
    let stored = index.document("https://example.com/ec2-keys.html#part-0").unwrap().unwrap();
    assert_eq!(stored.document.text, "Now about giraffes.");
    assert_eq!(index.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_writer_that_gives_up_leaves_everything_as_it_was() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "About zebras.");
    commit(writer);

    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "About giraffes.");
    put(&mut writer, "rds-storage", "About lions.");
    drop(writer);
    let mut writer = open(dir.path());
    put(&mut writer, "rds-storage", "About lions.");
    writer.remove("docs/ec2-keys.md").unwrap();
    let stopped = writer.commit(&mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(IndexError::Interrupted)));

    let index = Index::open(dir.path()).unwrap();
    check_found(&index, "zebras lions giraffes", &["ec2 keys"]);
    let writer = open(dir.path());
    let known = writer.known("docs").unwrap();
    assert_eq!(known.keys().collect::<Vec<_>>(), ["docs/ec2-keys.md"]);
    assert_eq!(commit(writer).generation, 1, "nothing changed, no generation is made");
    assert_eq!(index.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn the_same_document_twice_in_one_go_counts_once() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "About zebras.");
    put(&mut writer, "ec2-keys", "About giraffes.");
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    check_found(&index, "zebras", &[]);
    check_found(&index, "giraffes", &["ec2 keys"]);
    assert_eq!(index.summary().unwrap().documents, 1);
}

#[test]
fn one_writer_at_a_time() {
    let dir = TempDir::new().unwrap();
    let first = open(dir.path());
    assert!(matches!(IndexWriter::open(dir.path(), OPTIONS), Err(IndexError::Locked(_))));
    drop(first);
    open(dir.path());
}

#[test]
fn filters_restrict_and_combine() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    for name in ["ec2-one", "s3-two", "rds-three"] {
        put(&mut writer, name, "About zebras.");
    }
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    let count = |filters: Filters| found(&index, &SearchRequest { filters, ..SearchRequest::new("zebras") }).len();
    let services =
        |names: &[&str]| Filters { services: names.iter().map(ToString::to_string).collect(), ..Filters::default() };
    assert_eq!(count(Filters::default()), 3);
    assert_eq!(count(services(&["EC2", "s3"])), 2);
    assert_eq!(count(Filters { tags: vec!["blue".into()], ..services(&["rds"]) }), 1);
    assert_eq!(count(Filters { kinds: vec![Kind::Incident], ..Filters::default() }), 0);
    assert_eq!(count(Filters { sources: vec!["docs".into()], ..Filters::default() }), 3);
    assert_eq!(count(Filters { guides: vec!["other".into()], ..Filters::default() }), 0);
    assert_eq!(count(Filters { updated_since: Some(1_700_000_000), ..Filters::default() }), 3);
    assert_eq!(count(Filters { updated_since: Some(1_700_000_001), ..Filters::default() }), 0);
}

#[test]
fn pages_follow_each_other_without_overlap() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    for n in 0..30 {
        put(&mut writer, &format!("s{n}-page"), &format!("Zebras in place {n}. {}", "More words here. ".repeat(n)));
    }
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    let all = found(&index, &SearchRequest { limit: 30, ..SearchRequest::new("zebras") });
    let mut paged = Vec::new();
    for offset in (0..30).step_by(7) {
        let response = index.search(&SearchRequest { limit: 7, offset, ..SearchRequest::new("zebras") }).unwrap();
        assert_eq!(response.more, offset + 7 < 30);
        paged.extend(response.hits.into_iter().map(|hit| hit.best.citation.title));
    }
    assert_eq!(paged, all);
    assert_eq!(all.len(), 30);
}

#[test]
fn hostile_questions_are_answered_or_not_but_never_fail() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    put(&mut writer, "iam-policy", "Allow s3:* on arn:aws:s3:::bucket/* in C++ code with AND OR 🚀 rockets.");
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    let long = "zebra policy ".repeat(8000);
    for query in
        ["", " ", "C++", "s3:*", "\"unbalanced", "arn:aws:s3:::bucket", "AND OR", "🚀", "title:", "+", "\0", &long]
    {
        for mode in Mode::ALL {
            index.search(&SearchRequest { mode, explain: true, ..SearchRequest::new(query) }).unwrap();
        }
    }
    check_found(&index, &long, &["iam policy"]);
    check_found(&index, "s3:*", &["iam policy"]);
    let syntax = SearchRequest { syntax: true, ..SearchRequest::new("\"open") };
    assert!(matches!(index.search(&syntax), Err(IndexError::Syntax(_))));
}

#[test]
fn near_identical_pages_of_one_service_are_folded() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    let step = |n| format!("Step {n}: look at item {} of zebra {n}. ", n * 3);
    let steps = (0..150).map(step).collect::<Vec<_>>().concat();
    let pages = [("ec2-linux/connect", "Linux"), ("ec2-windows/connect", "Windows"), ("rds-linux/connect", "Linux")];
    // The same text by another name: made from a template, not the same page.
    for (name, system) in pages.into_iter().chain([("ec2-other/delete", "Linux")]) {
        put(&mut writer, name, &format!("{steps} On {system}."));
    }
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    let response = index.search(&SearchRequest::new("zebra step")).unwrap();
    let mut shown: Vec<(usize, &str)> =
        response.hits.iter().map(|hit| (hit.twins.len(), hit.best.citation.services[0].as_str())).collect();
    shown.sort_unstable();
    assert_eq!(shown, [(0, "ec2"), (0, "rds"), (1, "ec2")]);
}

#[test]
fn of_a_page_in_two_versions_the_newest_is_shown() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    let steps = (0..150).map(|n| format!("Step {n}: look at item {n} of zebra {n}. ")).collect::<Vec<_>>().concat();
    for (name, updated) in [("ec2-v1/connect", Some(100)), ("ec2-v2/connect", Some(200)), ("ec2-v3/connect", None)] {
        let (mut document, passages) = document(name, &steps);
        document.updated = updated;
        writer.put(document, passages, FileStat::default()).unwrap();
    }
    commit(writer);
    let response = Index::open(dir.path()).unwrap().search(&SearchRequest::new("zebra step")).unwrap();
    let [hit] = response.hits.as_slice() else { panic!("{response:?}") };
    assert_eq!(hit.best.citation.updated, Some(200));
    let mut others: Vec<_> = hit.twins.iter().map(|twin| twin.updated).collect();
    others.sort_unstable();
    assert_eq!(others, [None, Some(100)]);
}

/// A text that is nearly the same for every system.
fn steps(system: &str) -> String {
    let steps = (0..150).map(|n| format!("Step {n}: look at item {} of zebra {n}. ", n * 3));
    format!("{} On {system}.", steps.collect::<Vec<_>>().concat())
}

/// Puts a document at an address into a source.
fn put_at(writer: &mut IndexWriter, source: &str, name: &str, url: &str, service: &str, text: &str) {
    let (mut document, passages) = document(name, text);
    document.id = format!("{source}/{name}");
    document.source = source.into();
    document.url = Some(url.into()).filter(|url: &String| !url.is_empty());
    document.services = if service.is_empty() { vec![] } else { vec![service.into()] };
    document.updated = None;
    writer.put(document, passages, FileStat::default()).unwrap();
}

/// Twins of every hit for the steps, in order.
fn check_folded(put_all: impl FnOnce(&mut IndexWriter), expected: &[usize]) {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    put_all(&mut writer);
    commit(writer);
    let response = Index::open(dir.path()).unwrap().search(&SearchRequest::new("zebra step")).unwrap();
    let mut twins: Vec<usize> = response.hits.iter().map(|hit| hit.twins.len()).collect();
    twins.sort_unstable();
    assert_eq!(
        twins,
        expected,
        "{:?}",
        response.hits.iter().map(|hit| &hit.best.citation.document).collect::<Vec<_>>()
    );
}

#[test]
fn one_page_is_shown_once_however_it_came() {
    let linux = steps("Linux");
    let windows = steps("Windows");
    let other = (0..150).map(|n| format!("Zebra number {n} steps over fence {n}. ")).collect::<Vec<_>>().concat();
    let aws = |path: &str| format!("https://docs.aws.amazon.com/{path}");
    // Two guides of one service.
    let two_guides = |w: &mut IndexWriter| {
        put_at(w, "web", "UserGuide/connect.html", &aws("AWSEC2/latest/UserGuide/connect.html"), "ec2", &linux);
        put_at(w, "web", "WindowsGuide/connect.html", &aws("AWSEC2/latest/WindowsGuide/connect.html"), "ec2", &windows);
    };
    check_folded(two_guides, &[1]);
    // Two versions.
    let two_versions = |w: &mut IndexWriter| {
        put_at(w, "web", "cli/v1/connect.html", &aws("cli/v1/userguide/connect.html"), "cli", &linux);
        put_at(w, "web", "cli/latest/connect.html", &aws("cli/latest/userguide/connect.html"), "cli", &windows);
    };
    check_folded(two_versions, &[1]);
    // A translation, which has neither words nor title in common, and a scheme.
    let translated = |w: &mut IndexWriter| {
        put_at(w, "web", "a/connect.html", &aws("ec2/latest/ug/connect.html"), "ec2", &linux);
        put_at(w, "web", "de/verbinden", &aws("de_de/ec2/latest/ug/connect.html"), "ec2", &other);
        put_at(w, "old", "http-connect", "http://docs.aws.amazon.com/ec2/latest/ug/connect.html", "", &linux);
    };
    check_folded(translated, &[2]);
    // A folder of some years ago and a crawl: the address and the title are the same, the words are not any more.
    let folder_and_crawl = |w: &mut IndexWriter| {
        put_at(w, "folder", "ug/connect", &aws("ec2/latest/ug/connect.html"), "ec2", &other);
        put_at(w, "web", "host/ug/connect", &aws("ec2/latest/ug/connect.html"), "ec2", &linux);
    };
    check_folded(folder_and_crawl, &[1]);
    // The same without addresses: words, name and service.
    let without_addresses = |w: &mut IndexWriter| {
        put_at(w, "folder", "ug/connect.md", "", "ec2", &linux);
        put_at(w, "web", "host/ug/connect.html", &aws("ec2/latest/ug/connect.html"), "ec2", &windows);
    };
    check_folded(without_addresses, &[1]);
}

#[test]
fn pages_from_one_template_stay_apart() {
    let linux = steps("Linux");
    let windows = steps("Windows");
    let other_services = |w: &mut IndexWriter| {
        put_at(w, "web", "rds/connect.html", "https://e.org/rds/connect.html", "rds", &linux);
        put_at(w, "web", "ecs/connect.html", "https://e.org/ecs/connect.html", "ecs", &windows);
    };
    check_folded(other_services, &[0, 0]);
    // Notes of two teams, of which nobody knows what they are about.
    let two_teams = |w: &mut IndexWriter| {
        put_at(w, "team-a", "restart.md", "", "", &linux);
        put_at(w, "team-b", "restart.md", "", "", &windows);
    };
    check_folded(two_teams, &[0, 0]);
    // Every folder has a front page, and every search a page.
    let front_pages = |w: &mut IndexWriter| {
        for (name, title) in [("one/index.html", "One"), ("two/index.html", "Two"), ("three/", "Three")] {
            let (mut document, passages) = document(name, &linux);
            document.title = title.into();
            document.url = Some(format!("https://e.org/{name}"));
            document.services = vec!["ec2".into()];
            w.put(document, passages, FileStat::default()).unwrap();
        }
        put_at(w, "web", "q?page=1", "https://e.org/q?page=1", "s3", &linux);
        put_at(w, "web", "q?page=2", "https://e.org/q?page=2", "s3", &linux);
    };
    check_folded(front_pages, &[0, 0, 0, 0, 0]);
}

#[test]
fn near_duplicates_of_a_whole_index() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    for (name, system) in
        [("ec2-linux/connect", "Linux"), ("ec2-windows/connect", "Windows"), ("rds-x/connect", "Linux")]
    {
        put(&mut writer, name, &steps(system));
    }
    put(&mut writer, "s3-buckets", "Buckets hold objects, and objects have keys.");
    put(&mut writer, "s3-short", "Two words.");
    put(&mut writer, "s3-other", "Two words.");
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    let found = index.near_duplicates(10).unwrap();
    assert_eq!((found.groups, found.documents, found.largest.len()), (1, 3, 1), "{found:?}");
    let group = &found.largest[0];
    let folded: Vec<(&str, bool)> = group.documents.iter().map(|d| (d.service.as_deref().unwrap(), d.folded)).collect();
    assert!(group.documents[0].distance == 0 && group.size == 3);
    assert_eq!(folded.iter().filter(|(_, folded)| !folded).count(), 1, "{folded:?}");
    assert!(group.documents.iter().all(|document| document.distance <= 8));
    assert!(index.near_duplicates(0).unwrap().largest.is_empty());
}

#[test]
fn a_damaged_index_says_so() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "About zebras.");
    commit(writer);
    let manifest = dir.path().join("generations/1/manifest.json");
    let good = fs_err::read_to_string(&manifest).unwrap();
    fs_err::write(&manifest, good.replace("\"format\": 1", "\"format\": 999")).unwrap();
    assert!(matches!(Index::open(dir.path()), Err(IndexError::Format { found: 999, .. })));
    fs_err::write(&manifest, &good[..20]).unwrap();
    assert!(matches!(Index::open(dir.path()), Err(IndexError::Damaged { .. })));
    assert!(!IndexWriter::is_running(dir.path()).unwrap());
    let mut writer = IndexWriter::rebuild(dir.path(), OPTIONS).unwrap();
    assert!(IndexWriter::is_running(dir.path()).unwrap());
    put(&mut writer, "ec2-keys", "About lions.");
    assert_eq!(commit(writer).generation, 2, "numbers go on, so that a server that is running notices");
    check_found(&Index::open(dir.path()).unwrap(), "lions zebras", &["ec2 keys"]);
}

#[test]
fn passage_ids_are_never_given_twice() {
    let dir = TempDir::new().unwrap();
    let mut last = 0;
    for round in 0..4 {
        let mut writer = open(dir.path());
        put(&mut writer, "ec2-keys", &format!("About zebras, round {round}."));
        commit(writer);
        let index = Index::open(dir.path()).unwrap();
        let passage = index.search(&SearchRequest::new("zebras")).unwrap().hits[0].best.passage;
        assert!(round == 0 || passage > last, "{passage} after {last}");
        last = passage;
        for _ in 0..2 {
            // Twice: what a generation removed is forgotten with the one after it.
            let mut writer = open(dir.path());
            writer.remove("docs/ec2-keys.md").unwrap();
            writer.set_note("round", &format!("{round} {last}"));
            commit(writer);
        }
    }
}

#[test]
fn a_reader_follows_an_index_that_was_made_anew() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    put(&mut writer, "ec2-keys", "About zebras.");
    put(&mut writer, "rds-storage", "More about zebras.");
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    check_found(&index, "giraffes", &[]);
    let mut writer = IndexWriter::rebuild(dir.path(), OPTIONS).unwrap();
    put(&mut writer, "s3-buckets", "About giraffes.");
    commit(writer);
    check_found(&index, "giraffes", &["s3 buckets"]);
    check_found(&index, "zebras", &[]);
    assert_eq!(index.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn notes_are_kept_with_the_generation() {
    let dir = TempDir::new().unwrap();
    let mut writer = open(dir.path());
    writer.set_note("corpus", "abc");
    commit(writer);
    let index = Index::open(dir.path()).unwrap();
    assert_eq!(index.note("corpus").as_deref(), Some("abc"));
    assert_eq!(index.note("other"), None);
}
