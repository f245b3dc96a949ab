//! What the incidents of one cluster say together.

use std::cmp::Reverse;

use cloudops_indexes::model::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::incident::{Incident, Status};
use crate::statistics::median;

use super::wordings::Wordings;
use super::words::Vocabulary;
use super::{Cause, Counted, Fix, Group};

/// Two fixes are one if they have this share of their words in common; so are causes and measures.
const SAME: f32 = 0.6;
/// Two symptoms are one if most of their words are the same: other words are what they are kept for.
const SAME_SYMPTOM: f32 = 0.7;
/// Distinct explanations that are kept of one cause.
const EXPLANATIONS: usize = 3;
/// Distinct symptoms, alarms, ... that are kept of one group.
const KEPT: usize = 50;

/// When it was seen: when it began, or else what is known of it.
pub(super) fn seen(incident: &Incident) -> Option<Timestamp> {
    incident.started.or(incident.resolved)
}

/// What some incidents, of which there is at least one, say together. The key is for [`super::key`] to set.
pub(super) fn group<'a>(mut members: Vec<&'a Incident>) -> Group<'a> {
    // The newest first: of several wordings theirs is shown. Those whose time is not known come last.
    members.sort_by_key(|incident| (Reverse(seen(incident)), incident.id.as_str()));
    let seen_at: Vec<Timestamp> = members.iter().filter_map(|incident| seen(incident)).collect();
    let mut durations: Vec<i64> = members.iter().filter_map(|incident| incident.duration()).collect();
    durations.sort_unstable();

    let (mut fixes, fix_numbers) = fixes(&members);
    let mut order: Vec<usize> = (0..fixes.len()).collect();
    order.sort_by_key(|at| {
        let fix = &fixes[*at];
        // What never helped: the most often tried first.
        let balance = if fix.worked == 0 { fix.failed as i64 } else { fix.worked as i64 - fix.failed as i64 };
        (fix.worked == 0, Reverse(balance), Reverse(fix.worked), *at)
    });
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
    let mut sorted: Vec<Option<Fix<'a>>> = fixes.drain(..).map(Some).collect();
    let mut fixes: Vec<Fix<'a>> = order.iter().filter_map(|old| sorted[*old].take()).collect();
    let did_not_help = fixes.split_off(fixes.iter().take_while(|fix| fix.worked > 0).count());
    let ended_by: Vec<Option<usize>> = fix_numbers.into_iter().map(|fix| fix.map(|fix| place[fix])).collect();

    Group {
        key: String::new(),
        title: title(&members),
        services: named(&members, |incident| &incident.services),
        error_codes: named(&members, |incident| &incident.error_codes),
        alarms: named(&members, |incident| &incident.alarms),
        symptoms: worded(&members, SAME_SYMPTOM, |incident| &incident.symptoms),
        causes: causes(&members, &ended_by),
        fixes,
        did_not_help,
        prevention: worded(&members, SAME, |incident| &incident.prevention),
        first_seen: seen_at.iter().min().copied(),
        last_seen: seen_at.iter().max().copied(),
        median_time_to_resolve: (!durations.is_empty()).then(|| median(&durations)),
        incidents: members,
    }
}

/// Names in any case with the number of incidents that have them, the most frequent first.
fn named<'a>(members: &[&'a Incident], names: impl Fn(&'a Incident) -> &'a [String]) -> Vec<Counted<'a>> {
    let mut numbers: FxHashMap<String, usize> = FxHashMap::default();
    let mut counted: Vec<Counted<'a>> = Vec::new();
    for incident in members {
        let mut own = FxHashSet::default();
        for name in names(incident).iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let number = *numbers.entry(name.to_lowercase()).or_insert(counted.len());
            if number == counted.len() {
                counted.push(Counted { what: name, incidents: 0 });
            }
            counted[number].incidents += usize::from(own.insert(number));
        }
    }
    most_frequent(counted)
}

/// Texts, those that say the same once, with the number of incidents that have them.
fn worded<'a>(members: &[&'a Incident], same: f32, texts: impl Fn(&'a Incident) -> &'a [String]) -> Vec<Counted<'a>> {
    let mut wordings = Wordings::of(same, members.iter().flat_map(|incident| texts(incident)).map(String::as_str));
    let mut counted: Vec<Counted<'a>> = Vec::new();
    for incident in members {
        let mut own = FxHashSet::default();
        for text in texts(incident) {
            let Some((number, is_new)) = wordings.number(text) else { continue };
            if is_new {
                counted.push(Counted { what: text, incidents: 0 });
            }
            counted[number].incidents += usize::from(own.insert(number));
        }
    }
    most_frequent(counted)
}

fn most_frequent(mut counted: Vec<Counted<'_>>) -> Vec<Counted<'_>> {
    // Stable: what the newer incident has stays first.
    counted.sort_by_key(|counted| Reverse(counted.incidents));
    counted.truncate(KEPT);
    counted
}

/// What an incident did, and whether it helped, as far as that is known; its fix first.
fn done(incident: &Incident) -> impl Iterator<Item = (&str, bool)> {
    let fix = incident.fix.as_deref().filter(|_| incident.status == Status::Resolved).map(|fix| (fix, true));
    fix.into_iter().chain(incident.tried.iter().filter_map(|tried| Some((tried.what.as_str(), tried.worked?))))
}

/// Everything that was done and has a known end, and for each incident which of it ended that one.
fn fixes<'a>(members: &[&'a Incident]) -> (Vec<Fix<'a>>, Vec<Option<usize>>) {
    let mut wordings = Wordings::of(SAME, members.iter().flat_map(|incident| done(incident)).map(|(what, _)| what));
    let mut fixes: Vec<Fix<'a>> = Vec::new();
    let mut ended_by = Vec::with_capacity(members.len());
    for incident in members {
        // An incident tells once of what it did, however often it names it. Its fix is what is sure to have helped.
        let mut own: FxHashMap<usize, bool> = FxHashMap::default();
        let mut ended = None;
        for (what, worked) in done(incident) {
            let Some((number, is_new)) = wordings.number(what) else { continue };
            if is_new {
                fixes.push(Fix { what, worked: 0, failed: 0, incidents: Vec::new() });
            }
            if *own.entry(number).or_insert(worked) && ended.is_none() {
                ended = Some(number);
            }
        }
        for (number, worked) in own {
            let fix = &mut fixes[number];
            if worked {
                fix.worked += 1;
                fix.incidents.push(&incident.id);
            } else {
                fix.failed += 1;
            }
        }
        ended_by.push(ended);
    }
    (fixes, ended_by)
}

/// Causes by their kind, or by their words where no kind is stated, and what ended most incidents of each.
fn causes<'a>(members: &[&'a Incident], ended_by: &[Option<usize>]) -> Vec<Cause<'a>> {
    let mut kinds = Wordings::of(1.0, members.iter().filter_map(|incident| incident.cause.as_deref()));
    let mut explanations = Wordings::of(SAME, members.iter().filter_map(|incident| incident.root_cause.as_deref()));
    let mut by_kind: FxHashMap<usize, usize> = FxHashMap::default();
    let mut by_explanation: FxHashMap<usize, usize> = FxHashMap::default();
    let mut found: Vec<(Cause<'a>, FxHashMap<usize, usize>)> = Vec::new();
    // Those that state a kind go first, so that an explanation alone finds the kind of an incident that has both.
    let stated = |incident: &Incident| incident.cause.as_deref().is_some_and(|cause| !cause.trim().is_empty());
    let with_fix = || members.iter().zip(ended_by);
    let in_order =
        with_fix().filter(|(incident, _)| stated(incident)).chain(with_fix().filter(|(incident, _)| !stated(incident)));
    for (incident, ended) in in_order {
        let why = incident.root_cause.as_deref().and_then(|why| Some((why, explanations.number(why)?)));
        let kind = incident.cause.as_deref().and_then(|cause| Some((cause, kinds.number(cause)?.0)));
        let known = match (kind, why) {
            (Some((_, kind)), _) => by_kind.get(&kind),
            (None, Some((_, (number, _)))) => by_explanation.get(&number),
            (None, None) => continue,
        };
        let at = known.copied().unwrap_or(found.len());
        if at == found.len() {
            let what = kind.map(|(cause, _)| cause).or(why.map(|(why, _)| why)).unwrap_or_default();
            found.push((Cause { what, incidents: 0, explanations: Vec::new(), fix: None }, FxHashMap::default()));
        }
        let (cause, fixes) = &mut found[at];
        cause.incidents += 1;
        if let Some(fix) = ended {
            *fixes.entry(*fix).or_default() += 1;
        }
        if let Some((_, kind)) = kind {
            by_kind.entry(kind).or_insert(at);
        }
        if let Some((why, (number, is_new))) = why {
            by_explanation.entry(number).or_insert(at);
            if is_new && why != cause.what && cause.explanations.len() < EXPLANATIONS {
                cause.explanations.push(why);
            }
        }
    }
    let mut causes: Vec<Cause<'a>> = found
        .into_iter()
        .map(|(cause, fixes)| {
            let best = fixes.into_iter().min_by_key(|(fix, count)| (Reverse(*count), *fix));
            Cause { fix: best.map(|(fix, _)| fix), ..cause }
        })
        .collect();
    causes.sort_by_key(|cause| Reverse(cause.incidents));
    causes.truncate(KEPT);
    causes
}

/// The title that says most of what the others say too, in few words of its own.
fn title<'a>(members: &[&'a Incident]) -> &'a str {
    let mut vocabulary = Vocabulary::default();
    let words: Vec<Vec<u32>> = members.iter().map(|incident| vocabulary.words([incident.title.as_str()])).collect();
    for words in &words {
        vocabulary.count(words);
    }
    let shared = |words: &[u32]| {
        let sum: u32 = words.iter().map(|word| vocabulary.frequencies()[*word as usize]).sum();
        // A title of one word says little, however many have it.
        sum as f32 / (words.len() + 2) as f32
    };
    let titles = words.iter().zip(members).map(|(words, incident)| (shared(words), incident.title.as_str()));
    // Of titles of the same words the one without more around them; of the same titles that of the newest.
    let best = titles.min_by(|(a, title_a), (b, title_b)| b.total_cmp(a).then(title_a.len().cmp(&title_b.len())));
    best.map_or("", |(_, title)| title)
}
