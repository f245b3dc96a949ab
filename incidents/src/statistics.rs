//! How many incidents there were, where, why, how often one came back, and how long it took to end them.

use cloudops_indexes::model::Timestamp;
use jiff::tz::TimeZone;
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Serialize;

use crate::incident::{Incident, Status};

/// Name of the row for incidents that do not say what the rows are made by.
const UNKNOWN: &str = "unknown";

/// Counts over the incidents of a period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Statistics {
    /// Where the period begins, in seconds since 1970; missing where it has no beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Where the period ends, in seconds since 1970.
    pub until: Timestamp,
    /// All incidents of the period, with those whose time is not known.
    pub incidents: usize,
    /// Those that go on.
    pub open: usize,
    /// Those that are over.
    pub resolved: usize,
    /// By the most important service of each.
    pub by_service: Vec<Row>,
    /// By the kind of cause.
    pub by_cause: Vec<Row>,
    /// By severity, 1 to 5.
    pub by_severity: Vec<Row>,
    /// By the month (UTC) in which each began, `2026-03`, without those whose time is not known.
    pub by_month: Vec<Row>,
}

/// Counts over the incidents that have one thing in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// What they have in common.
    pub name: String,
    /// How many there are.
    pub incidents: usize,
    /// Those that go on.
    pub open: usize,
    /// Those like an earlier one of the period: of the same service and cause, or of the same service and error code
    /// where no cause is known.
    pub repeats: usize,
    /// Share of the incidents that are repeats, 0 to 1.
    pub repeat_rate: f64,
    /// How long it took to end them; missing where that is known of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_resolve: Option<TimeToResolve>,
}

/// How long incidents took from start to end, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimeToResolve {
    /// Incidents of which start and end are known.
    pub n: usize,
    /// Half of them took no longer. Between the two in the middle where their number is even.
    pub median: i64,
    /// Nine of ten took no longer.
    pub p90: i64,
    /// Sum by number, without fractions.
    pub mean: i64,
}

/// Counts the incidents that began between `since` and `until`, both included, and those whose time is not known.
pub fn statistics<'a>(
    incidents: impl Iterator<Item = &'a Incident>,
    since: Option<Timestamp>,
    until: Timestamp,
) -> Statistics {
    let is_in_period =
        |incident: &&Incident| began(incident).is_none_or(|at| at <= until && since.is_none_or(|since| at >= since));
    let mut incidents: Vec<&Incident> = incidents.filter(is_in_period).collect();
    // What came first is no repeat. Where no time is known, what is like a known one is.
    incidents.sort_by_key(|incident| (began(incident).is_none(), began(incident), &incident.id));

    let mut shapes = FxHashSet::default();
    let [mut services, mut causes, mut severities, mut months] = [const { Rows::new() }; 4];
    let mut total = Tally::default();
    for incident in incidents {
        let repeats = shape(incident).is_some_and(|shape| !shapes.insert(shape));
        total.add(incident, repeats);
        services.add(service(incident).unwrap_or_else(|| UNKNOWN.to_owned()), incident, repeats);
        causes.add(cause(incident).unwrap_or_else(|| UNKNOWN.to_owned()), incident, repeats);
        severities.add(
            incident.severity.map_or_else(|| UNKNOWN.to_owned(), |level| level.to_string()),
            incident,
            repeats,
        );
        if let Some(month) = began(incident).and_then(month) {
            months.add(month, incident, repeats);
        }
    }
    Statistics {
        since,
        until,
        incidents: total.incidents,
        open: total.open,
        resolved: total.incidents - total.open,
        by_service: services.sorted(),
        by_cause: causes.sorted(),
        by_severity: severities.sorted(),
        by_month: months.sorted(),
    }
}

/// When it began, or else what is known of it.
fn began(incident: &Incident) -> Option<Timestamp> {
    incident.started.or(incident.resolved)
}

fn service(incident: &Incident) -> Option<String> {
    incident.services.first().map(|service| service.trim().to_lowercase()).filter(|service| !service.is_empty())
}

fn cause(incident: &Incident) -> Option<String> {
    let cause = incident.cause.as_deref()?.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (!cause.is_empty() && cause != UNKNOWN).then_some(cause)
}

/// What two incidents have in common of which the later is a repeat of the earlier.
#[derive(PartialEq, Eq, Hash)]
enum Shape {
    Cause(String, String),
    Code(String, String),
}

fn shape(incident: &Incident) -> Option<Shape> {
    let service = service(incident)?;
    if let Some(cause) = cause(incident) {
        return Some(Shape::Cause(service, cause));
    }
    Some(Shape::Code(service, incident.error_codes.first()?.trim().to_lowercase()))
}

fn month(at: Timestamp) -> Option<String> {
    let date = jiff::Timestamp::from_second(at).ok()?.to_zoned(TimeZone::UTC);
    Some(date.strftime("%Y-%m").to_string())
}

struct Rows(FxHashMap<String, Tally>);

impl Rows {
    const fn new() -> Self {
        Self(FxHashMap::with_hasher(rustc_hash::FxBuildHasher))
    }

    fn add(&mut self, name: String, incident: &Incident, repeats: bool) {
        self.0.entry(name).or_default().add(incident, repeats);
    }

    /// The most frequent first, then by name.
    fn sorted(self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.0.into_iter().map(|(name, tally)| tally.row(name)).collect();
        rows.sort_by(|a, b| b.incidents.cmp(&a.incidents).then_with(|| a.name.cmp(&b.name)));
        rows
    }
}

#[derive(Default)]
struct Tally {
    incidents: usize,
    open: usize,
    repeats: usize,
    durations: Vec<i64>,
}

impl Tally {
    fn add(&mut self, incident: &Incident, repeats: bool) {
        self.incidents += 1;
        self.open += usize::from(incident.status == Status::Open);
        self.repeats += usize::from(repeats);
        self.durations.extend(incident.duration());
    }

    fn row(self, name: String) -> Row {
        Row {
            name,
            incidents: self.incidents,
            open: self.open,
            repeats: self.repeats,
            repeat_rate: if self.incidents == 0 { 0.0 } else { self.repeats as f64 / self.incidents as f64 },
            time_to_resolve: TimeToResolve::of(self.durations),
        }
    }
}

impl TimeToResolve {
    /// Of so many seconds each; none of no incident.
    fn of(mut seconds: Vec<i64>) -> Option<Self> {
        let n = seconds.len();
        if n == 0 {
            return None;
        }
        seconds.sort_unstable();
        let sum: i128 = seconds.iter().map(|seconds| i128::from(*seconds)).sum();
        Some(Self {
            n,
            median: median(&seconds),
            p90: seconds[(n * 9).div_ceil(10) - 1],
            mean: (sum / n as i128) as i64,
        })
    }
}

/// The middle of sorted numbers, of which there is at least one.
pub(crate) fn median(sorted: &[i64]) -> i64 {
    let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    lower.midpoint(upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    /// 2026-01-01T00:00:00Z
    const NEW_YEAR: i64 = 1_767_225_600;

    /// Day of 2026 from 0, service, cause, code, and minutes until its end; open where there are none.
    fn incident(id: &str, day: Option<i64>, names: [&str; 3], severity: u8, minutes: Option<i64>) -> Incident {
        let [service, cause, code] = names.map(|name| (!name.is_empty()).then(|| name.to_owned()));
        let started = day.map(|day| NEW_YEAR + day * DAY);
        Incident {
            id: id.to_owned(),
            status: if minutes.is_some() { Status::Resolved } else { Status::Open },
            severity: (severity > 0).then_some(severity),
            started,
            resolved: started.zip(minutes).map(|(start, minutes)| start + minutes * 60),
            services: service.into_iter().collect(),
            cause,
            error_codes: code.into_iter().collect(),
            ..Incident::default()
        }
    }

    fn incidents() -> Vec<Incident> {
        vec![
            incident("F", None, ["rds", "", "53300"], 0, None),
            incident("A", Some(0), ["lambda", "bad release", ""], 2, Some(10)),
            incident("B", Some(3), ["lambda", "Bad  release", "Timeout"], 2, Some(20)),
            incident("C", Some(40), ["lambda", "quota", "Timeout"], 3, Some(60)),
            incident("D", Some(41), ["rds", "unknown", "53300"], 1, Some(90)),
            incident("E", Some(42), ["rds", "", "53300"], 1, None),
            incident("G", Some(70), ["", "bad release", ""], 2, Some(30)),
            incident("X", Some(-1), ["lambda", "bad release", ""], 2, Some(1)),
            incident("Y", Some(101), ["lambda", "bad release", ""], 2, Some(1)),
        ]
    }

    /// Name, incidents, open, repeats, and of the time to resolve number, median, p90 and mean in minutes.
    type Line<'a> = (&'a str, usize, usize, usize, Option<[i64; 4]>);

    #[track_caller]
    fn check(rows: &[Row], expected: &[Line<'_>]) {
        let lines: Vec<Line<'_>> = rows
            .iter()
            .map(|row| {
                let time =
                    row.time_to_resolve.map(|time| [time.n as i64, time.median / 60, time.p90 / 60, time.mean / 60]);
                (row.name.as_str(), row.incidents, row.open, row.repeats, time)
            })
            .collect();
        assert_eq!(lines, expected);
        assert!(rows.iter().all(|row| (row.repeat_rate - row.repeats as f64 / row.incidents as f64).abs() < 1e-12));
    }

    #[test]
    fn rows_of_a_period() {
        let incidents = incidents();
        let found = statistics(incidents.iter(), Some(NEW_YEAR), NEW_YEAR + 100 * DAY);
        assert_eq!((found.incidents, found.open, found.resolved), (7, 2, 5));
        check(
            &found.by_service,
            &[
                ("lambda", 3, 0, 1, Some([3, 20, 60, 30])),
                ("rds", 3, 2, 2, Some([1, 90, 90, 90])),
                ("unknown", 1, 0, 0, Some([1, 30, 30, 30])),
            ],
        );
        check(
            &found.by_cause,
            &[
                ("bad release", 3, 0, 1, Some([3, 20, 30, 20])),
                ("unknown", 3, 2, 2, Some([1, 90, 90, 90])),
                ("quota", 1, 0, 0, Some([1, 60, 60, 60])),
            ],
        );
        check(
            &found.by_severity,
            &[
                ("2", 3, 0, 1, Some([3, 20, 30, 20])),
                ("1", 2, 1, 1, Some([1, 90, 90, 90])),
                ("3", 1, 0, 0, Some([1, 60, 60, 60])),
                ("unknown", 1, 1, 1, None),
            ],
        );
        check(
            &found.by_month,
            &[
                ("2026-02", 3, 1, 1, Some([2, 75, 90, 75])),
                ("2026-01", 2, 0, 1, Some([2, 15, 20, 15])),
                ("2026-03", 1, 0, 0, Some([1, 30, 30, 30])),
            ],
        );
    }

    #[test]
    fn the_order_of_incidents_does_not_matter() {
        let mut incidents = incidents();
        let first = statistics(incidents.iter(), None, NEW_YEAR + 100 * DAY);
        incidents.reverse();
        assert_eq!(statistics(incidents.iter(), None, NEW_YEAR + 100 * DAY), first);
        assert_eq!((first.incidents, first.by_service[0].repeats), (8, 2));
    }

    #[test]
    fn both_ends_of_the_period_belong_to_it() {
        let incidents = incidents();
        for (since, until, expected) in [(0, 0, 2), (0, 3, 3), (1, 3, 2), (4, 39, 1), (101, 101, 2)] {
            let found = statistics(incidents.iter(), Some(NEW_YEAR + since * DAY), NEW_YEAR + until * DAY);
            assert_eq!(found.incidents, expected, "{since} to {until}");
        }
    }

    #[test]
    fn times_to_resolve() {
        for (seconds, expected) in [
            (vec![], None),
            (vec![7], Some((1, 7, 7, 7))),
            (vec![4, 1], Some((2, 2, 4, 2))),
            ((1..=10).collect(), Some((10, 5, 9, 5))),
            ((1..=11).rev().collect(), Some((11, 6, 10, 6))),
            (vec![i64::MAX, i64::MAX], Some((2, i64::MAX, i64::MAX, i64::MAX))),
        ] {
            let found = TimeToResolve::of(seconds).map(|time| (time.n, time.median, time.p90, time.mean));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn no_incident() {
        let found = statistics(std::iter::empty(), None, 0);
        assert_eq!(found, Statistics::default());
    }
}
