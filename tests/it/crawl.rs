//! Websites into the index: the real program against a documentation site that changes, and misbehaves.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cloudops_test_site::{Encoding, Fault, MARKERS, Options, Robots, Rule, Settings, Site, faults};
use serde_json::{Value, json};

use crate::support::mount::Mount;
use crate::support::rpc::{Era, Server};
use crate::support::{Finished, Random, Sandbox, skipped, variable};

const EC2: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/";
/// Kills of the crash test, unless `CLOUDOPS_TEST_KILLS` says otherwise.
const KILLS: usize = 15;

/// The sample's guides where two guides of AWS lie.
fn site() -> Site {
    site_with(Settings::default())
}

fn site_with(settings: Settings) -> Site {
    let prefixes = [
        ("harbor-compute-guide", "/AWSEC2/latest/UserGuide/"),
        ("granary-storage-guide", "/AmazonRDS/latest/UserGuide/"),
    ];
    let prefixes = prefixes.map(|(guide, path)| (guide.to_owned(), path.to_owned())).into();
    Site::start(Options { prefixes, settings, ..Options::default() }).unwrap()
}

/// Pages of the two guides.
fn pages(site: &Site) -> Vec<String> {
    site.pages().into_iter().filter(|page| page.contains("/latest/UserGuide/")).collect()
}

fn arguments<'a>(base: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["ingest", "aws-docs", "--guide", "ec2-user-guide,rds-user-guide", "--rate", "0"];
    arguments.extend(["--allow-private", "--mirror", base, "--no-train", "--json"]);
    arguments.extend(more);
    arguments
}

fn crawl(sandbox: &Sandbox, site: &Site) -> Value {
    crawl_ends(sandbox, site, &[]).json()
}

fn crawl_ends(sandbox: &Sandbox, site: &Site, more: &[&str]) -> Finished {
    sandbox.run(arguments(&site.base(), more))
}

/// Counts of a run: added, changed, removed, unchanged.
fn counts(run: &Value) -> [u64; 4] {
    ["added", "changed", "removed", "unchanged"].map(|name| run[name].as_u64().unwrap_or_else(|| panic!("{run}")))
}

fn found(sandbox: &Sandbox, words: &str) -> Vec<Value> {
    let found = sandbox.json(["search", "--json", "--source", "aws-docs", words]);
    found["hits"].as_array().unwrap().iter().map(|hit| hit["best"]["citation"].clone()).collect()
}

/// Every document of the source, with its text.
fn documents(sandbox: &Sandbox, site: &Site) -> BTreeMap<String, String> {
    let read = |page: &String| {
        let id = format!("aws-docs/docs.aws.amazon.com{page}");
        let finished = sandbox.run(["read", "--json", &id]);
        (finished.code() == Some(0)).then(|| (id, finished.stdout()))
    };
    pages(site).iter().filter_map(read).collect()
}

fn indexed(sandbox: &Sandbox) -> u64 {
    let summary = sandbox.json(["sources", "--json"]);
    let sources = summary["sources"].as_array().unwrap();
    sources.iter().find(|source| source["name"] == "aws-docs").map_or(0, |source| source["documents"].as_u64().unwrap())
}

fn is_sound(sandbox: &Sandbox) {
    is_sound_at(sandbox, &[]);
}

fn is_sound_at(sandbox: &Sandbox, at: &[&str]) {
    let checks = sandbox.run(at.iter().copied().chain(["doctor", "--deep", "--json"]));
    let list: Value = serde_json::from_slice(&checks.output.stdout).unwrap();
    for check in list.as_array().unwrap() {
        assert!(check["status"] != "fail" || check["name"] == "disk", "{checks}");
    }
}

fn status(status: u16) -> Fault {
    Fault::Status { status, retry_after: None }
}

#[test]
fn guides_of_aws_are_crawled_searched_and_not_transferred_again() {
    let (sandbox, site) = (Sandbox::new(), site());
    let all = pages(&site).len() as u64;
    let run = crawl(&sandbox, &site);
    assert_eq!((run["state"].as_str(), counts(&run)), (Some("done"), [all, 0, 0, 0]));
    let citations = found(&sandbox, "what is a berth of the harbor");
    let citation = &citations[0];
    assert!(citation["url"].as_str().unwrap().starts_with(EC2), "{citation}");
    assert_eq!((citation["services"][0].as_str(), citation["kind"].as_str()), (Some("ec2"), Some("documentation")));
    let documents = documents(&sandbox, &site);
    assert_eq!(documents.len() as u64, all);
    for (id, text) in &documents {
        assert!(MARKERS.iter().all(|marker| !text.contains(marker)), "{id}: {text}");
    }

    let transferred = site.statistics().bytes_sent;
    site.reset_statistics();
    let again = crawl(&sandbox, &site);
    assert_eq!(counts(&again), [0, 0, 0, all]);
    let statistics = site.statistics();
    assert_eq!(statistics.not_modified, all);
    assert!(statistics.bytes_sent * 5 < transferred, "{} of {transferred}", statistics.bytes_sent);
    let generation = |run: &Value| run["commit"]["generation"].as_u64().unwrap();
    assert_eq!(generation(&run), generation(&again), "nothing new, no new generation");
}

#[test]
fn a_person_reads_what_has_changed() {
    let (sandbox, site) = (Sandbox::new(), site());
    crawl(&sandbox, &site);
    let none = sandbox.json(["changes", "--since", "7d", "--json"]);
    assert_eq!(none["total"], 0, "what a source brings along at first is no news: {none}");

    let all = pages(&site);
    let plain: Vec<&String> = all.iter().filter(|page| !page.ends_with("index.html")).collect();
    let (edited, deleted) = (plain[0], plain[1]);
    site.append(edited, "## Quota of zephyrs\n\nYou can have 40 zephyrs.").unwrap();
    site.delete(deleted).unwrap();
    let new = format!("{}brand-new.html", &edited[..=edited.rfind('/').unwrap()]);
    site.add(&new, "# Brand new\n\nA page about zephyrs, which nobody has written about before.\n").unwrap();
    assert_eq!(counts(&crawl(&sandbox, &site))[..3], [1, 1, 1]);

    let report = sandbox.json(["changes", "--since", "1h", "--json"]);
    let what = |kind: &str| {
        let changes = report["changes"].as_array().unwrap();
        changes.iter().find(|change| change["what"] == kind).unwrap_or_else(|| panic!("{report}")).clone()
    };
    assert_eq!(what("changed")["sections"], json!(["Quota of zephyrs"]));
    assert!(what("changed")["excerpt"].as_array().unwrap().contains(&json!("+ You can have 40 zephyrs.")));
    assert!(what("removed")["url"].as_str().unwrap().ends_with(deleted.as_str()));
    assert_eq!(what("added")["title"], "Brand new");
    let text = sandbox.run(["changes", "--about", "ec2,rds"]);
    text.succeeds();
    assert!(text.stdout().contains("+ You can have 40 zephyrs."), "{text}");
    assert_eq!(sandbox.json(["changes", "--about", "lambda", "--json"])["total"], 0);
    assert!(found(&sandbox, "zephyrs").len() >= 2);
    assert!(sandbox.run(["read", &format!("aws-docs/docs.aws.amazon.com{deleted}")]).code() != Some(0));

    let report = sandbox.json(["ingest", "report", "--json"]);
    assert_eq!(report.as_array().unwrap().len(), 2);
    sandbox.run(["ingest", "report", "2"]).succeeds();
    sandbox.run(["ingest", "report", "99"]).fails_with(1);
}

#[test]
fn a_dry_run_counts_and_keeps_nothing() {
    let (sandbox, site) = (Sandbox::new(), site());
    let probe = crawl_ends(&sandbox, &site, &["--dry-run"]).json();
    // With the pages that the catalogue begins at, which the sample does not have.
    assert_eq!(probe["pages"].as_u64().unwrap(), pages(&site).len() as u64 + 2);
    assert_eq!(probe["by_guide"].as_object().unwrap().len(), 2, "{probe}");
    assert!(!sandbox.data_dir().join("ingest.sqlite").exists());
}

#[test]
fn any_website_is_a_source() {
    let (sandbox, site) = (Sandbox::new(), site());
    let start = site.url("/lantern-queue-guide/latest/userguide/index.html");
    let web = ["ingest", "web", &start, "--name", "lantern", "--rate", "0", "--json"];
    // Addresses of this machine are nobody's business unless a person says so.
    let refused = sandbox.run(web);
    refused.fails_with(2);
    assert!(refused.stderr().contains("allow private addresses"), "{refused}");
    let run = sandbox.json(web.into_iter().chain(["--allow-private", "--exclude", "*quotas*"]));
    let expected = site.pages().iter().filter(|page| page.contains("lantern") && !page.contains("quotas")).count();
    assert_eq!(counts(&run)[0], expected as u64, "{run}");
    let found = sandbox.json(["search", "--json", "--source", "lantern", "messages that nobody can read"]);
    assert!(found["hits"][0]["best"]["citation"]["url"].as_str().unwrap().starts_with(&site.base()), "{found}");
}

#[test]
fn mistakes_are_said_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    let wrong = sandbox.run(["ingest", "aws-docs", "--guide", "ec2-user-giude"]);
    wrong.fails_with(1);
    assert!(wrong.stderr().contains("ec2-user-guide"), "{wrong}");
    sandbox.run(["ingest", "aws-docs", "--guide", "ec2", "--name", "a/b"]).fails_with(1);
    sandbox.run(["ingest", "web", "ftp://example.com/"]).fails_with(1);
    assert!(sandbox.json(["ingest", "guides", "--json"]).as_array().unwrap().len() >= 120);
}

#[test]
fn a_killed_crawl_goes_on_and_loses_and_doubles_nothing() {
    let site = site_with(Settings { latency_ms: 15, ..Settings::default() });
    let kills = variable("CLOUDOPS_TEST_KILLS").and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let seed = variable("CLOUDOPS_TEST_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    let mut sandbox = Sandbox::new();
    let expected = pages(&site).len() as u64;
    let mut finished = 0;
    let mut rounds = 0;
    for kill in 0..kills {
        // A crawl that has come to its end makes room for another first one, or has something to find.
        if finished == 2 {
            (finished, sandbox) = (0, Sandbox::new());
        }
        let mut child =
            sandbox.command(arguments(&site.base(), &[])).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + Duration::from_millis(random.below(900));
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                break true;
            }
            if Instant::now() >= end {
                child.kill().unwrap();
                break child.wait().unwrap().success();
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        rounds += 1;
        if ended {
            finished += 1;
            assert_eq!(indexed(&sandbox), expected);
            site.change_fraction(0.2);
        }
        if kill % 5 == 4 && sandbox.data_dir().exists() {
            is_sound(&sandbox);
        }
    }
    // What is left is finished, and then everything is there once and as the site has it.
    crawl(&sandbox, &site);
    let last = crawl(&sandbox, &site);
    assert_eq!(counts(&last), [0, 0, 0, expected], "after {rounds} kills");
    assert_eq!(indexed(&sandbox), expected);
    is_sound(&sandbox);
    let texts = documents(&sandbox, &site);
    assert_eq!(texts.len() as u64, expected);
    for page in pages(&site) {
        let text = &texts[&format!("aws-docs/docs.aws.amazon.com{page}")];
        // A change is a sentence at the end of the page.
        let source = site.text(&page).unwrap();
        let last = source.lines().rev().find(|line| !line.trim().is_empty()).unwrap().trim();
        if last.ends_with('.') && !last.contains(['|', '`', '*', '[', '\\']) {
            assert!(text.contains(last), "{page} does not end with {last}: {text}");
        }
    }
}

#[test]
fn an_interrupted_crawl_is_taken_up_again() {
    let (sandbox, site) = (Sandbox::new(), site_with(Settings { latency_ms: 150, ..Settings::default() }));
    let mut command = sandbox.command(arguments(&site.base(), &["--concurrency", "1"]));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while site.statistics().ok < 8 && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("interrupted") && stderr.contains("goes on where it was"), "{stderr}");
    site.set(|settings| settings.latency_ms = 0);
    let run = crawl(&sandbox, &site);
    assert_eq!((run["resumed"].as_u64(), run["added"].as_u64()), (Some(1), Some(pages(&site).len() as u64)));
}

#[test]
fn a_server_answers_while_a_crawl_goes_on_and_sees_what_it_brings() {
    let (sandbox, site) = (Sandbox::new(), site());
    crawl(&sandbox, &site);
    let mut server = Server::start(&sandbox, Era::Stateless);
    let arguments = json!({"query": "what is a berth", "source": "aws-docs"});
    let first = server.structured("search_knowledge", arguments.clone());
    assert!(!first["results"].as_array().unwrap().is_empty());

    let edited = pages(&site).into_iter().find(|page| !page.ends_with("index.html")).unwrap();
    site.append(&edited, "Zephyrmeters measure the wind in the harbor.").unwrap();
    site.set(|settings| settings.latency_ms = 40);
    let base = site.base();
    let mut crawling = sandbox.command(self::arguments(&base, &[])).stdout(Stdio::null()).spawn().unwrap();
    let mut asked = 0;
    while crawling.try_wait().unwrap().is_none() {
        let answer = server.structured("search_knowledge", arguments.clone());
        assert!(!answer["results"].as_array().unwrap().is_empty());
        asked += 1;
    }
    assert!(asked > 3, "{asked}");
    let started = Instant::now();
    loop {
        let found = server.structured("search_knowledge", json!({"query": "zephyrmeters", "mode": "lexical"}));
        let results = found["results"].as_array().unwrap();
        if results.iter().any(|result| result["citation"]["url"].as_str().is_some_and(|url| url.contains(&edited))) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{found}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whatever a site that was good turns into: a clear report, and the good content is as it was.
#[test]
fn a_site_that_turns_bad_never_spoils_what_is_known() {
    let (sandbox, site) = (Sandbox::new(), site());
    crawl(&sandbox, &site);
    let good = documents(&sandbox, &site);
    let everything: [(&str, Fault); 8] = [
        ("a login page", Fault::LoginPage),
        ("empty pages", Fault::EmptyPage),
        ("empty bodies", Fault::EmptyBody),
        ("pages that say not found", Fault::SoftNotFound),
        ("missing", status(404)),
        ("forbidden", status(403)),
        ("errors", status(500)),
        ("elsewhere", Fault::redirect("https://example.com/")),
    ];
    for (name, fault) in everything {
        site.misbehave(Rule::new("*.html", fault.clone()));
        site.misbehave(Rule::new("*.md", fault));
        // Nothing is answered from memory.
        site.rebuild("*");
        let finished = crawl_ends(&sandbox, &site, &[]);
        assert!(matches!(finished.code(), Some(1 | 2)), "{name}: {finished}");
        let said: Value = serde_json::from_str(finished.stderr().lines().last().unwrap_or_default()).unwrap();
        assert!(!said["error"].as_str().unwrap().is_empty() && !said["hints"].as_array().unwrap().is_empty(), "{said}");
        site.behave();
        assert_eq!(documents(&sandbox, &site), good, "{name}");
    }
    let run = crawl(&sandbox, &site);
    assert_eq!(counts(&run)[3], good.len() as u64, "{run}");
}

/// One page after another does its worst; all others are read, and each is reported with its reason.
#[test]
fn hostile_pages_are_reported_and_do_no_harm() {
    let (sandbox, site) = (Sandbox::new(), site());
    let all = pages(&site);
    let bomb = |encoding| Fault::Bomb { encoding, bytes: 3 << 30 };
    let faults = [
        bomb(Encoding::Gzip),
        bomb(Encoding::Brotli),
        bomb(Encoding::Zstd),
        Fault::Huge { bytes: 1 << 30 },
        Fault::WrongLength { by: 1_000 },
        Fault::Reset { after: 200 },
        Fault::RedirectLoop,
        Fault::redirect("http://169.254.169.254/latest/meta-data/"),
        Fault::redirect("http://10.0.0.1/"),
        Fault::Binary,
        Fault::NotHttp,
        Fault::HugeHead { bytes: 4 << 20 },
        Fault::Close,
    ];
    let victims: Vec<&String> = all.iter().filter(|page| !page.ends_with("index.html")).take(faults.len()).collect();
    assert_eq!(victims.len(), faults.len());
    for (page, fault) in victims.iter().zip(&faults) {
        site.misbehave(Rule::new(page.as_str(), fault.clone()));
    }
    // Twins would get around the faults.
    site.set(|settings| (settings.llms, settings.markdown) = (false, false));
    let finished = crawl_ends(&sandbox, &site, &["--timeout", "20"]);
    let run = finished.json();
    assert_eq!(run["state"], "done", "{run}");
    assert_eq!(indexed(&sandbox), (all.len() - victims.len()) as u64, "{run}");
    let report = sandbox.json(["ingest", "report", &run["id"].to_string(), "--json", "--limit", "100"]);
    let troubles = report["troubles"].as_array().unwrap();
    for page in victims {
        let named = troubles.iter().any(|trouble| trouble["url"].as_str().unwrap().ends_with(page.as_str()));
        assert!(named, "{page} is not in {report}");
    }
    is_sound(&sandbox);
}

#[test]
fn a_full_disk_is_said_and_the_crawl_goes_on_with_room() {
    let (sandbox, site) = (Sandbox::new(), site());
    let data = sandbox.work().join("small-disk");
    fs_err::create_dir(&data).unwrap();
    let Some(mount) = Mount::tmpfs(&data, "size=700k") else {
        skipped("a small file system cannot be mounted here");
        return;
    };
    let base = site.base();
    let at = ["--data-dir", data.to_str().unwrap()];
    let crawl = || sandbox.run(at.into_iter().chain(arguments(&base, &[])));
    let full = crawl();
    full.fails_with(2);
    let said = full.stderr().to_lowercase();
    assert!(said.contains("space") || said.contains("full"), "{full}");
    assert!(
        !serde_json::from_str::<Value>(said.lines().last().unwrap()).unwrap()["hints"].as_array().unwrap().is_empty()
    );
    assert!(mount.resize("size=64m"));
    crawl().succeeds();
    let last = crawl().json();
    assert_eq!(counts(&last), [0, 0, 0, pages(&site).len() as u64]);
    is_sound_at(&sandbox, &at);
}

#[test]
fn charsets_deep_markup_and_traps_are_survived() {
    let (sandbox, site) = (Sandbox::new(), site_with(Settings { calendar: true, ..Settings::default() }));
    let all = pages(&site);
    let plain: Vec<&String> = all.iter().filter(|page| !page.ends_with("index.html")).collect();
    site.misbehave(Rule::new(plain[0].as_str(), Fault::DeepNesting { depth: 100_000 }));
    site.misbehave(Rule::new(plain[1].as_str(), Fault::Charset { charset: faults::Charset::Utf8IsLatin }));
    site.set(|settings| (settings.llms, settings.markdown) = (false, false));
    let run = crawl_ends(&sandbox, &site, &["--limit", "150"]).json();
    assert!(matches!(run["state"].as_str(), Some("done" | "stopped")), "{run}");
    let added = counts(&run)[0];
    assert!(added >= all.len() as u64 - 1, "{run}");
    is_sound(&sandbox);
}

#[test]
fn robots_txt_is_obeyed_and_lists_that_lie_are_survived() {
    let robots = Robots { disallow: vec!["/AWSEC2/".to_owned()], ..Robots::default() };
    let (sandbox, site) = (Sandbox::new(), site_with(Settings { robots, ..Settings::default() }));
    let run = crawl(&sandbox, &site);
    assert!(run["unwanted"]["disallowed_by_robots"].as_u64().unwrap_or_default() > 0, "{run}");
    assert!(site.requests().iter().all(|seen| !seen.target.starts_with("/AWSEC2/")), "nothing below it was asked for");

    let lies = [
        ("*sitemap.xml", Fault::SitemapMalformed),
        ("*sitemap.xml", Fault::SitemapEntities),
        ("*sitemap.xml", Fault::SitemapForeign),
        ("*sitemap.xml", Fault::SitemapRecursive),
        ("*toc-contents.json", Fault::TocMalformed),
    ];
    for (list, fault) in lies {
        let (sandbox, site) = (Sandbox::new(), self::site());
        site.misbehave(Rule::new(list, fault));
        let run = crawl(&sandbox, &site);
        let urls: BTreeSet<String> = found(&sandbox, "harbor").iter().map(|c| c["url"].to_string()).collect();
        assert!(urls.iter().all(|url| url.contains("docs.aws.amazon.com")), "{urls:?}");
        assert_eq!(counts(&run)[0], pages(&site).len() as u64, "the other list has them: {run}");
    }
}

#[test]
fn a_scheduled_site_is_refreshed_and_its_failure_is_seen() {
    let (sandbox, site) = (Sandbox::new(), site());
    let start = format!("{}/AWSEC2/latest/UserGuide/", site.base().trim_end_matches('/'));
    let add = ["source", "add", "website", &start, "--name", "harbor", "--every", "24h", "--per-second", "0"];
    sandbox.run(add.iter().chain(&["--allow-private"])).succeeds();
    let test = sandbox.json(["source", "test", "harbor", "--json"]);
    assert!(test.as_array().unwrap().iter().all(|check| check["status"] != "fail"), "{test}");
    assert!(!sandbox.data_dir().join("CURRENT").exists(), "a test changes nothing");

    let run = sandbox.run(["schedule", "run", "--once"]);
    run.succeeds();
    assert!(run.stdout().contains("harbor: done: ") && run.stdout().contains(" pages added"), "{run}");
    let again = sandbox.run(["schedule", "run", "--now", "harbor"]);
    again.succeeds();
    assert!(again.stdout().contains("nothing has changed"), "{again}");

    drop(site);
    sandbox.run(["schedule", "run", "--now", "harbor"]).fails_with(2);
    let status = sandbox.json(["schedule", "status", "--json"]);
    assert_eq!(status["sources"][0]["failures"], 1, "{status}");
    assert!(status["sources"][0]["last_success"].is_number(), "{status}");
    sandbox.run(["source", "test", "harbor"]).fails_with(1);
}
