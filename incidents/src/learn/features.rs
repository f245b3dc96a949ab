//! What of an incident is compared, and how much of it two incidents have in common.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::incident::Incident;

use super::words::{Vocabulary, common, in_common, overlap};

/// Of services, codes, alarms and symptoms of one incident, so many at most are looked at.
const SERVICES: usize = 2;
const CODES: usize = 4;
const ALARMS: usize = 4;
const SYMPTOMS: usize = 12;
/// So many of its rarest words lead to other incidents.
const RARE_WORDS: usize = 6;
/// So many words are kept of many incidents, and only what one in so many of them has.
const POOLED_WORDS: usize = 32;
const POOLED_SHARE: usize = 8;
/// Incidents that one imagines beside those that are known, so that what all of a few have is not taken for common.
const IMAGINED: f32 = 20.0;

/// How much doubt each thing in common takes away. Set on generated incidents, of which it is known what they are made of,
/// and checked on `evaluation/incidents/examples`: no two of them are the same, and no two are more alike than 0.51.
const WORDS: f32 = 0.9;
const CODE: f32 = 0.45;
const ALARM: f32 = 0.4;
const CAUSE: f32 = 0.55;
const FIX: f32 = 0.45;
/// What is left where both say what failed or why, and say different things.
const OTHER_CODES: f32 = 0.85;
const OTHER_CAUSE: f32 = 0.85;

/// Incidents as numbers.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// In the order in which they were added.
    pub(super) features: Vec<Features>,
    words: Vocabulary,
    names: Vocabulary,
    /// What each word counts for.
    weights: Vec<f32>,
}

/// One incident. All lists are sorted.
#[derive(Debug, Default)]
pub(super) struct Features {
    services: Box<[u32]>,
    codes: Box<[u32]>,
    alarms: Box<[u32]>,
    /// Of title and symptoms.
    words: Box<[u32]>,
    /// What kind of cause.
    cause: Option<u32>,
    /// Words of its cause.
    why: Box<[u32]>,
    /// The same for fixes of the same words.
    fix: Option<u32>,
    /// Words of what helped.
    remedy: Box<[u32]>,
    /// What all words of title and symptoms count for, and of the cause, and of what helped.
    totals: [f32; 3],
}

/// What two incidents may have in common that makes it worth comparing them. What says most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Kind {
    Fix,
    Code,
    Alarm,
    Cause,
    Word,
}

impl Shapes {
    /// The shapes of incidents, in their order.
    pub(super) fn of(incidents: &[&Incident]) -> Self {
        let mut shapes = Self::default();
        for incident in incidents {
            let features = shapes.read(incident);
            shapes.words.count(&features.words);
            shapes.names.count(&features.codes);
            shapes.names.count(&features.alarms);
            shapes.features.push(features);
        }
        let all = incidents.len() as f32 + IMAGINED;
        // Words of causes and fixes alone are counted nowhere, and as rare as can be.
        shapes.weights =
            shapes.words.frequencies().iter().map(|frequency| (all / (*frequency).max(1) as f32).ln()).collect();
        let totals: Vec<[f32; 3]> = shapes.features.iter().map(|features| shapes.totals(features)).collect();
        shapes.features.iter_mut().zip(totals).for_each(|(features, totals)| features.totals = totals);
        shapes
    }

    /// Puts clusters in the place of incidents, so that clusters can be put together like incidents.
    pub(super) fn pool(&mut self, clusters: &[Vec<usize>]) {
        let mut pooled: Vec<Features> = Vec::with_capacity(clusters.len());
        for cluster in clusters {
            if let [only] = cluster.as_slice() {
                pooled.push(std::mem::take(&mut self.features[*only]));
                continue;
            }
            let members: Vec<&Features> = cluster.iter().map(|number| &self.features[*number]).collect();
            let most = |list: fn(&Features) -> &[u32], most: usize| most_frequent(&members, list, most);
            let mut features = Features {
                services: most(|one| &one.services, SERVICES),
                codes: most(|one| &one.codes, CODES),
                alarms: most(|one| &one.alarms, ALARMS),
                words: most(|one| &one.words, POOLED_WORDS),
                cause: most(|one| one.cause.as_slice(), 1).first().copied(),
                why: most(|one| &one.why, POOLED_WORDS),
                fix: most(|one| one.fix.as_slice(), 1).first().copied(),
                remedy: most(|one| &one.remedy, POOLED_WORDS),
                totals: [0.0; 3],
            };
            features.totals = self.totals(&features);
            pooled.push(features);
        }
        self.features = pooled;
    }

    fn totals(&self, features: &Features) -> [f32; 3] {
        let total = |words: &[u32]| words.iter().map(|word| self.weights[*word as usize]).sum();
        [total(&features.words), total(&features.why), total(&features.remedy)]
    }

    fn read(&mut self, incident: &Incident) -> Features {
        let Self { words, names, .. } = self;
        let mut named = |kind: &str, list: &[String], most: usize| {
            let mut numbers: Vec<u32> = list
                .iter()
                .map(|name| name.trim().to_lowercase())
                .filter(|name| !name.is_empty())
                .take(most)
                .map(|name| names.number(&format!("{kind} {name}")))
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers.into_boxed_slice()
        };
        let services = named("service", &incident.services, SERVICES);
        let codes = named("code", &incident.error_codes, CODES);
        let alarms = named("alarm", &incident.alarms, ALARMS);
        let symptoms = incident.symptoms.iter().take(SYMPTOMS).map(String::as_str);
        let helped = helped(incident);
        let remedy = words.words(helped);
        let kind = incident.cause.as_deref().map(|cause| words.words([cause])).filter(|words| !words.is_empty());
        let why = words.words(incident.cause.as_deref().into_iter().chain(incident.root_cause.as_deref()));
        let seen = words.words([incident.title.as_str()].into_iter().chain(symptoms));
        let mut signature = |kind: &str, words: &[u32]| names.number(&format!("{kind} {words:?}"));
        Features {
            services,
            codes,
            alarms,
            words: seen.into(),
            cause: kind.map(|words| signature("cause", &words)),
            why: why.into(),
            fix: (!remedy.is_empty()).then(|| signature("fix", &remedy)),
            remedy: remedy.into(),
            totals: [0.0; 3],
        }
    }

    /// Keys under which incidents lie that may be alike, in the order in which they should be looked at.
    pub(super) fn keys(&self, number: usize) -> Vec<u64> {
        let features = &self.features[number];
        let mut keys = Vec::new();
        // Two incidents of no known service are as good as of one.
        let services = if features.services.is_empty() { &[u32::MAX][..] } else { &features.services };
        let rare = self.rare_words(features);
        for service in services {
            let names = [
                (Kind::Fix, features.fix.as_slice()),
                (Kind::Code, &features.codes),
                (Kind::Alarm, &features.alarms),
                (Kind::Cause, features.cause.as_slice()),
                (Kind::Word, &rare),
            ];
            // Four bits, more for a service than there can be of them, and a whole number.
            for (kind, names) in names {
                let of = |name: &u32| (kind as u64) << 60 | u64::from(service & 0x0fff_ffff) << 32 | u64::from(*name);
                keys.extend(names.iter().map(of));
            }
        }
        keys
    }

    /// The rarest words that another incident has too.
    fn rare_words(&self, features: &Features) -> Vec<u32> {
        let frequencies = self.words.frequencies();
        let mut words: Vec<(u32, u32)> =
            features.words.iter().map(|word| (frequencies[*word as usize], *word)).collect();
        words.retain(|(frequency, _)| *frequency > 1);
        words.sort_unstable();
        words.into_iter().take(RARE_WORDS).map(|(_, word)| word).collect()
    }

    /// How likely two incidents are the same again, 0 to 1: each thing in common leaves less doubt.
    pub(super) fn similarity(&self, a: usize, b: usize) -> f32 {
        let (a, b) = (&self.features[a], &self.features[b]);
        let same_cause = a.cause.is_some() && a.cause == b.cause;
        let cause = if same_cause { 1.0 } else { self.weighted(&a.why, &b.why, a.totals[1], b.totals[1]) };
        let doubt = (1.0 - WORDS * self.weighted(&a.words, &b.words, a.totals[0], b.totals[0]))
            * (1.0 - CODE * self.rarest(&a.codes, &b.codes))
            * (1.0 - ALARM * self.rarest(&a.alarms, &b.alarms))
            * (1.0 - CAUSE * cause)
            * (1.0 - FIX * self.weighted(&a.remedy, &b.remedy, a.totals[2], b.totals[2]));
        let mut similarity = 1.0 - doubt;
        if !a.codes.is_empty() && !b.codes.is_empty() && common(&a.codes, &b.codes) == 0 {
            similarity *= OTHER_CODES;
        }
        if a.cause.is_some() && b.cause.is_some() && !same_cause && overlap(&a.why, &b.why) < 0.5 {
            similarity *= OTHER_CAUSE;
        }
        similarity
    }

    /// Weight of the words that both have, beside that of each one's words.
    fn weighted(&self, a: &[u32], b: &[u32], total_a: f32, total_b: f32) -> f32 {
        if a.is_empty() || b.is_empty() {
            return 0.0;
        }
        let mut both = 0.0;
        in_common(a, b, |word| both += self.weights[word as usize]);
        both / (total_a * total_b).sqrt()
    }

    /// How rare the rarest name is that both have; 0 where they have none in common.
    fn rarest(&self, a: &[u32], b: &[u32]) -> f32 {
        let all = self.features.len() as f32 + IMAGINED;
        let mut rarest = 0.0_f32;
        in_common(a, b, |name| rarest = rarest.max(1.0 - self.names.frequencies()[name as usize] as f32 / all));
        rarest
    }
}

/// What most of some incidents have, sorted; never what only one of them has.
fn most_frequent(members: &[&Features], list: fn(&Features) -> &[u32], most: usize) -> Box<[u32]> {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    members.iter().flat_map(|one| list(one)).for_each(|number| *counts.entry(*number).or_default() += 1);
    let mut counts: Vec<(usize, u32)> = counts.into_iter().map(|(number, count)| (count, number)).collect();
    counts.retain(|(count, _)| *count > 1 && *count * POOLED_SHARE >= members.len());
    counts.sort_unstable_by_key(|(count, number)| (Reverse(*count), *number));
    let mut numbers: Vec<u32> = counts.into_iter().take(most).map(|(_, number)| number).collect();
    numbers.sort_unstable();
    numbers.into()
}

/// What ended an incident, or else what helped.
pub(super) fn helped(incident: &Incident) -> Option<&str> {
    let attempt =
        || incident.tried.iter().find(|attempt| attempt.worked == Some(true)).map(|attempt| attempt.what.as_str());
    incident.fix.as_deref().or_else(attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(title: &str, code: &str, cause: &str, fix: &str) -> Incident {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Incident {
            title: title.to_owned(),
            services: vec!["rds".to_owned()],
            error_codes: known(code).into_iter().collect(),
            cause: known(cause),
            fix: known(fix),
            ..Incident::default()
        }
    }

    #[test]
    fn more_in_common_is_more_alike() {
        let incidents = [
            incident("orders cannot be saved", "53300", "connection leak", "restarted the export"),
            incident("orders are not saved any more", "53300", "connection leak", "restarted the exports"),
            incident("tickets fail in the evening", "53300", "connection leak", "larger pool"),
            incident("tickets are empty", "53300", "", ""),
            incident("mail is late", "40001", "slow disk", "larger disk"),
        ];
        let shapes = Shapes::of(&incidents.iter().collect::<Vec<_>>());
        let with_first: Vec<f32> = (0..5).map(|other| shapes.similarity(0, other)).collect();
        assert!(with_first.is_sorted_by(|a, b| a > b), "{with_first:?}");
        assert!(with_first[1] > 0.85 && with_first[4] < 0.05, "{with_first:?}");
    }

    #[test]
    fn keys_lead_from_one_to_the_other() {
        let incidents = [
            incident("orders cannot be saved", "53300", "", ""),
            incident("nobody can pay", "53300", "", ""),
            incident("paying is slow", "", "", ""),
        ];
        let shapes = Shapes::of(&incidents.iter().collect::<Vec<_>>());
        let [first, second, third] = [0, 1, 2].map(|number| shapes.keys(number));
        assert_eq!(first.iter().filter(|key| second.contains(key)).count(), 1);
        assert_eq!(first.len(), 1);
        assert!(third.iter().all(|key| !first.contains(key)));
        assert!(second.is_sorted());
    }
}
