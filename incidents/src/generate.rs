//! Invented incidents, as many as are wanted. For benchmarks and evaluation only: nothing else of the program uses them.
//!
//! The same seed gives the same incidents, and the n-th of them does not depend on how many are asked for. Each is made
//! of one of some eighty faults that come again and again, in other words, for other applications, at other times.

mod templates;

use crate::incident::{Attempt, Incident, Status};

use self::templates::{Cause, TEMPLATES, Template};

/// 2023-01-01T00:00:00Z, before which nothing happens.
const FIRST: i64 = 1_672_531_200;
/// Nearly four years, in which everything happens.
const SPAN: u64 = 120_000_000;

#[rustfmt::skip]
const APPLICATIONS: &[&str] = &[
    "accounting", "address-book", "advert-server", "archive", "auction", "availability", "billing", "booking", "calendar",
    "call-centre", "campaigns", "catalogue", "chat", "claims", "content", "courier", "credit-check", "customer-portal",
    "dashboard", "dispatch", "documents", "enrolment", "exchange-rates", "feedback", "fleet", "forecast", "fraud-check",
    "gift-cards", "guest-list", "identity", "inventory", "invoices", "ledger", "loyalty", "mailroom", "maps", "marketplace",
    "media-encoder", "messaging", "meter-readings", "notes", "orders", "partner-api", "payroll", "photo-album", "planning",
    "price-engine", "recommendations", "refunds", "registry", "reporting", "returns", "roster", "scheduler", "search",
    "seat-map", "settlement", "shipping", "sign-up", "stock", "subscriptions", "support", "survey", "tax", "telemetry",
    "tickets", "timesheet", "tracking", "translation", "vouchers", "warehouse", "weather", "wishlist", "workflow",
];

const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
];

/// Accounts of documentation.
const ACCOUNTS: &[&str] =
    &["111122223333", "123456789012", "222233334444", "444455556666", "555566667777", "777788889999"];

const BEFORE_TITLE: &[&str] = &["", "", "", "", "prod: ", "Again: ", "[staging] ", "After the release: ", "Weekend: "];
const BEHIND_TITLE: &[&str] =
    &["", "", "", "", " in {region}", " since this morning", " (second time)", " during the peak"];
const BEFORE_SYMPTOM: &[&str] =
    &["", "", "", "on-call reports: ", "the support desk says ", "monitoring: ", "a customer wrote: "];
const TAGS: &[&str] =
    &["customer-facing", "internal", "night", "peak", "migration", "change", "third-party", "capacity"];

/// Invented incidents.
pub fn incidents(seed: u64, count: usize) -> impl Iterator<Item = Incident> {
    labelled(seed, count).map(|(_, incident)| incident)
}

/// Invented incidents, each with the number of the fault that it is made of.
pub fn labelled(seed: u64, count: usize) -> impl Iterator<Item = (usize, Incident)> {
    (0..count).map(move |number| {
        let mut random = Random::of(seed, number as u64);
        let template = random.below(TEMPLATES.len());
        (template, invent(&TEMPLATES[template], number, &mut random))
    })
}

fn invent(template: &Template, number: usize, random: &mut Random) -> Incident {
    let names = Names::new(random);
    let cause = frequent(template.causes, random);
    let started = FIRST + (random.next() % SPAN) as i64;
    let is_open = random.one_in(12);
    let is_understood = !is_open && !random.one_in(8);

    let title = [random.of_all(BEFORE_TITLE), random.of_all(template.titles), random.of_all(BEHIND_TITLE)].concat();
    let mut incident = Incident {
        id: format!("GEN-{:06}", number + 1),
        title: names.fill(&title),
        status: if is_open { Status::Open } else { Status::Resolved },
        severity: Some([1, 2, 2, 3, 3, 3, 3, 4, 4, 5][random.below(10)]),
        started: Some(started),
        resolved: (!is_open).then(|| started + duration(random)),
        services: template.services.iter().map(ToString::to_string).collect(),
        accounts: vec![names.account.to_owned()],
        regions: vec![names.region.to_owned()],
        resources: vec![names.fill(template.resource)],
        ..Incident::default()
    };
    // Not everything is written down every time.
    for code in template.codes {
        if !random.one_in(6) {
            incident.error_codes.push((*code).to_owned());
        }
    }
    for alarm in template.alarms {
        if !random.one_in(4) {
            incident.alarms.push(names.fill(alarm));
        }
    }
    let wordings = 1 + random.below(template.symptoms.len().min(3));
    for symptom in random.some(template.symptoms, wordings) {
        incident.symptoms.push(names.fill(&[random.of_all(BEFORE_SYMPTOM), symptom].concat()));
    }
    if is_understood {
        incident.root_cause = Some(names.fill(cause.why));
        incident.cause = (!random.one_in(5)).then(|| cause.name.to_owned());
    }
    let vain = random.below(template.in_vain.len() + 1);
    for what in random.some(template.in_vain, vain) {
        incident.tried.push(Attempt { what: names.fill(what), worked: Some(false) });
    }
    if !is_open {
        let fix = names.fill(random.of_all(cause.fixes));
        if random.one_in(2) {
            incident.tried.push(Attempt { what: fix.clone(), worked: Some(true) });
        }
        incident.fix = Some(fix);
        for prevention in cause.prevention {
            if random.one_in(2) {
                incident.prevention.push((*prevention).to_owned());
            }
        }
    }
    incident.timeline = timeline(&incident, started);
    let tags = random.below(3);
    incident.tags = random.some(TAGS, tags).into_iter().map(str::to_owned).collect();
    incident
}

/// Of causes those that come first come more often.
fn frequent(causes: &'static [Cause], random: &mut Random) -> &'static Cause {
    let mut at = 0;
    while at + 1 < causes.len() && random.one_in(3) {
        at += 1;
    }
    &causes[at]
}

/// Mostly an hour, sometimes a day.
fn duration(random: &mut Random) -> i64 {
    let minutes = 5 + random.below(60) + random.below(60) * random.below(4);
    60 * (if random.one_in(20) { minutes * 12 } else { minutes }) as i64
}

fn timeline(incident: &Incident, started: i64) -> Vec<String> {
    let clock = |seconds: i64| format!("{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60);
    let mut lines = Vec::new();
    if let Some(alarm) = incident.alarms.first() {
        lines.push(format!("{} alarm {alarm} goes off", clock(started)));
    }
    for (at, attempt) in (1..).zip(incident.tried.iter().filter(|attempt| attempt.worked == Some(false))) {
        lines.push(format!("{} {}, no change", clock(started + at * 900), attempt.what));
    }
    if let Some(resolved) = incident.resolved {
        lines.push(format!("{} over", clock(resolved)));
    }
    lines
}

/// What stands for the placeholders of one incident.
struct Names {
    application: &'static str,
    region: &'static str,
    account: &'static str,
    id: String,
    count: String,
}

impl Names {
    fn new(random: &mut Random) -> Self {
        Self {
            application: random.of_all(APPLICATIONS),
            region: random.of_all(REGIONS),
            account: random.of_all(ACCOUNTS),
            id: format!("0{:016x}", random.next()),
            count: (3 + random.below(57)).to_string(),
        }
    }

    fn fill(&self, text: &str) -> String {
        let values = [
            ("{app}", self.application),
            ("{region}", self.region),
            ("{account}", self.account),
            ("{id}", &self.id),
            ("{count}", &self.count),
        ];
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// splitmix64: enough to vary texts, and the same everywhere.
struct Random(u64);

impl Random {
    /// For the n-th of something.
    fn of(seed: u64, number: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.next() ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of_all<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// So many of them at most, each once, from a place on.
    fn some<'a>(&mut self, all: &[&'a str], count: usize) -> Vec<&'a str> {
        let first = self.below(all.len());
        all.iter().cycle().skip(first).take(count.min(all.len())).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_incidents() {
        let first: Vec<Incident> = incidents(1, 50).collect();
        assert_eq!(first, incidents(1, 80).take(50).collect::<Vec<_>>());
        assert_ne!(first, incidents(2, 50).collect::<Vec<_>>());
    }

    #[test]
    fn incidents_are_complete_and_differ() {
        let mut titles = FxHashSet::default();
        let mut faults = FxHashSet::default();
        for (fault, incident) in labelled(3, 3_000) {
            assert!(!incident.symptoms.is_empty() && !incident.services.is_empty());
            let written = serde_json::to_string(&incident).unwrap();
            for name in ["{app}", "{region}", "{account}", "{id}", "{count}"] {
                assert!(!written.contains(name), "{written}");
            }
            assert!(incident.duration().is_none_or(|seconds| (300..=2 * 86_400).contains(&seconds)));
            assert_eq!(incident.fix.is_some(), incident.status == Status::Resolved);
            titles.insert(incident.title);
            faults.insert(fault);
        }
        assert!(faults.len() >= 60 && faults.len() == TEMPLATES.len());
        assert!(titles.len() > 2_500, "{}", titles.len());
    }

    #[test]
    fn faults_are_told_apart_by_their_titles() {
        let titles: FxHashSet<&str> = TEMPLATES.iter().flat_map(|template| template.titles).copied().collect();
        assert_eq!(titles.len(), TEMPLATES.iter().map(|template| template.titles.len()).sum::<usize>());
    }
}
