//! A group as the draft of a troubleshooting guide, in the form of `corpus/README.md`.

use std::fmt::Write as _;

use cloudops_indexes::model::Timestamp;
use jiff::tz::TimeZone;

use super::key::slug;
use super::plain::{code, first_sentence, quoted, unmarked, yaml};
use super::{Cause, Counted, Fix, Group};

/// Characters of a text, of a name, and of what stands in one line with other things.
const TEXT: usize = 500;
const NAME: usize = 120;
const SHORT: usize = 160;
/// A draft names so many of each at most: a person reads it.
const SYMPTOMS: usize = 10;
const CODES: usize = 8;
const ALARMS: usize = 4;
const CAUSES: usize = 8;
const FIXES: usize = 10;
const IN_VAIN: usize = 10;
const PREVENTION: usize = 15;
const TAGS: usize = 8;
const SERVICES: usize = 8;
const INCIDENTS: usize = 50;

/// The draft of a guide, for a person to edit and accept. `updated` is the day on which it is made.
pub fn draft(group: &Group<'_>, updated: Timestamp) -> String {
    let mut draft = Draft { group, out: String::new(), step: 0 };
    draft.front_matter(updated);
    draft.introduction();
    draft.recognize();
    draft.causes();
    draft.fixes();
    draft.verify();
    draft.prevention();
    draft.incidents();
    draft.out
}

struct Draft<'g> {
    group: &'g Group<'g>,
    out: String,
    /// The last one that was written.
    step: usize,
}

impl Draft<'_> {
    fn known_causes(&self) -> &[Cause<'_>] {
        &self.group.causes[..self.group.causes.len().min(CAUSES)]
    }

    fn known_fixes(&self) -> &[Fix<'_>] {
        &self.group.fixes[..self.group.fixes.len().min(FIXES)]
    }

    /// Number of the step for a fix.
    fn fix_step(&self, fix: usize) -> usize {
        2 + self.known_causes().len() + fix
    }

    /// Number of the last step.
    fn verify_step(&self) -> usize {
        self.fix_step(self.known_fixes().len())
    }

    fn title(&self) -> String {
        let title = unmarked(self.group.title, NAME);
        if title.is_empty() { "Incidents that repeat".to_owned() } else { title }
    }

    /// `4 of 7 incidents`
    fn share(&self, incidents: usize) -> String {
        format!("{incidents} of {} incidents", self.group.incidents.len())
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        self.out.push('\n');
        self.line(text);
    }

    /// The heading of steps from the next one to a last one.
    fn heading(&mut self, last: usize, about: &str) {
        let first = self.step + 1;
        let steps = if first == last { format!("Step {first}") } else { format!("Steps {first} to {last}") };
        self.paragraph(&format!("## {steps}: {about}"));
    }

    /// Something that belongs to the step, as far in as its text begins.
    fn inside(&mut self, text: &str) {
        let width = if self.step < 10 { 3 } else { 4 };
        _ = writeln!(self.out, "{:width$}{text}", "");
    }

    fn paragraph_inside(&mut self, text: &str) {
        self.out.push('\n');
        self.inside(text);
    }

    fn begin_step(&mut self, action: &str) {
        self.step += 1;
        let step = self.step;
        self.paragraph(&format!("{step}. {action}"));
    }

    fn front_matter(&mut self, updated: Timestamp) {
        let group = self.group;
        let words = |names: &[Counted<'_>], most: usize| {
            let mut words: Vec<String> =
                names.iter().map(|name| slug(name.what)).filter(|word| !word.is_empty()).collect();
            words.truncate(most);
            words
        };
        let mut services = words(&group.services, SERVICES);
        if services.is_empty() {
            services.push("aws".to_owned());
        }
        let mut tags = vec!["draft".to_owned(), "learned-from-incidents".to_owned()];
        tags.extend(words(&group.error_codes, TAGS));
        let causes = group.causes.iter().map(|cause| slug(cause.what)).filter(|cause| !cause.is_empty());
        tags.extend(causes);
        let mut seen = rustc_hash::FxHashSet::default();
        tags.retain(|tag| seen.insert(tag.clone()));
        tags.truncate(TAGS + 2);
        // What would be a number or a truth value without quotation marks is a word with them.
        let list = |words: &[String]| words.iter().map(|word| yaml(word, NAME)).collect::<Vec<_>>().join(", ");

        let title = self.title();
        let summary = format!(
            "What {} incidents of {} had in common, what caused them, and what ended them.",
            group.incidents.len(),
            services[0]
        );
        self.line("---");
        self.line(&format!("title: {}", yaml(&title, 2 * NAME)));
        self.line("kind: troubleshooting");
        self.line(&format!("services: [{}]", list(&services)));
        self.line(&format!("tags: [{}]", list(&tags)));
        self.line(&format!("updated: {}", date(updated).unwrap_or_else(|| "1970-01-01".to_owned())));
        self.line(&format!("summary: {}", yaml(&summary, TEXT)));
        for (key, values, most, characters) in [
            ("symptoms", &group.symptoms, SYMPTOMS, SHORT),
            ("errors", &group.error_codes, CODES, NAME),
            ("signals", &group.alarms, ALARMS, NAME),
        ] {
            if !values.is_empty() {
                self.line(&format!("{key}:"));
                for value in values.iter().take(most) {
                    self.line(&format!("  - {}", yaml(value.what, characters)));
                }
            }
        }
        self.line("---");
    }

    fn introduction(&mut self) {
        let group = self.group;
        let title = self.title();
        self.paragraph(&format!("# {title}"));
        let span = match (group.first_seen.and_then(date), group.last_seen.and_then(date)) {
            (Some(first), Some(last)) if first == last => format!(" of {first}"),
            (Some(first), Some(last)) => format!(" from {first} to {last}"),
            _ => String::new(),
        };
        let count = group.incidents.len();
        self.paragraph(&format!(
            "> **Draft.** A program made this out of {count} incidents{span}. A person who knows the system has to check it, edit \
             it, add sources and take out this line before anybody relies on it. What stands in quotation marks is as people \
             wrote it down."
        ));
        if let Some(median) = group.median_time_to_resolve {
            self.paragraph(&format!("Half of them were over within {}.", duration(median)));
        }
    }

    fn recognize(&mut self) {
        let group = self.group;
        self.heading(1, "is it this fault?");
        self.begin_step("Compare what is seen with what was seen before.");
        self.out.push('\n');
        for symptom in group.symptoms.iter().take(SYMPTOMS) {
            let share = self.share(symptom.incidents);
            self.inside(&format!("- {} ({share}): step 2.", quoted(symptom.what, TEXT)));
        }
        for error in group.error_codes.iter().take(CODES) {
            let share = self.share(error.incidents);
            self.inside(&format!("- {} is printed ({share}): step 2.", code(error.what, NAME)));
        }
        for alarm in group.alarms.iter().take(ALARMS) {
            let share = self.share(alarm.incidents);
            self.inside(&format!("- {} goes off ({share}): step 2.", code(alarm.what, NAME)));
        }
        self.inside("- Nothing of this: it is another fault. Leave this guide.");
    }

    fn causes(&mut self) {
        let count = self.known_causes().len();
        if count == 0 {
            return;
        }
        self.heading(1 + count, "which of the known causes is it?");
        for at in 0..count {
            let cause = &self.known_causes()[at];
            let (what, share) = (first_sentence(cause.what), self.share(cause.incidents));
            let action = format!("Check whether the cause is {}, as it was in {share}.", quoted(what, SHORT));
            let mut explanations: Vec<String> = cause.explanations.iter().map(|why| quoted(why, TEXT)).collect();
            if what.len() < cause.what.trim().trim_end_matches('.').len() {
                explanations.insert(0, quoted(cause.what, TEXT));
            }
            let yes = match cause.fix {
                Some(fix) if fix < self.known_fixes().len() => format!("It is: step {}.", self.fix_step(fix)),
                _ if self.known_fixes().is_empty() => {
                    "It is: nobody wrote down what ended it. Leave this guide.".to_owned()
                }
                _ => format!("It is, but what ended it is not known: step {}.", self.fix_step(0)),
            };
            let no = match self.known_fixes() {
                _ if at + 1 < count => format!("It is not: step {}.", self.step + 2),
                [] => "It is not: the cause is not known yet. Leave this guide.".to_owned(),
                _ => format!(
                    "It is not: the cause is not known yet. What helped most often is step {}.",
                    self.fix_step(0)
                ),
            };
            self.begin_step(&action);
            for explanation in explanations {
                self.paragraph_inside(&format!("Somebody wrote: {explanation}"));
            }
            self.paragraph_inside(&format!("- {yes}"));
            self.inside(&format!("- {no}"));
        }
    }

    fn fixes(&mut self) {
        let count = self.known_fixes().len();
        if count > 0 {
            self.heading(self.verify_step() - 1, "what helped, the most successful first");
        }
        for at in 0..count {
            let fix = &self.known_fixes()[at];
            let what = first_sentence(fix.what);
            let failed = if fix.failed > 0 { format!(", and did not in {}", fix.failed) } else { String::new() };
            let action = format!("Try {}, which helped in {}{failed}.", quoted(what, SHORT), self.share(fix.worked));
            let ids: Vec<String> = fix.incidents.iter().take(5).map(|id| code(id, NAME)).collect();
            let rest = fix.incidents.len().saturating_sub(ids.len());
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let whole = (what.len() < fix.what.trim().trim_end_matches('.').len()).then(|| quoted(fix.what, TEXT));
            let causes: Vec<String> = self
                .known_causes()
                .iter()
                .filter(|cause| cause.fix == Some(at))
                .map(|cause| quoted(first_sentence(cause.what), SHORT))
                .collect();
            let verify = self.verify_step();
            let no = if at + 1 < count {
                format!("It did not help: step {}.", self.step + 2)
            } else {
                "It did not help, and no more is known: write down what does. Leave this guide.".to_owned()
            };

            self.begin_step(&action);
            self.paragraph_inside("**This changes** a running system: find out first what else it touches.");
            self.paragraph_inside(&format!("It helped in {}{more}.", ids.join(", ")));
            if let Some(whole) = whole {
                self.paragraph_inside(&format!("In full: {whole}"));
            }
            if !causes.is_empty() {
                self.paragraph_inside(&format!("For the cause {}.", causes.join(" or ")));
            }
            self.paragraph_inside(&format!("- It helped: step {verify}."));
            self.inside(&format!("- {no}"));
        }
        if !self.group.did_not_help.is_empty() {
            self.paragraph("## What did not help");
            self.out.push('\n');
            for fix in self.group.did_not_help.iter().take(IN_VAIN) {
                let share = self.share(fix.failed);
                self.line(&format!("- Tried in {share}: {}", quoted(fix.what, TEXT)));
            }
        }
    }

    fn verify(&mut self) {
        let last = self.verify_step();
        self.heading(last, "is it over?");
        self.begin_step("Look whether what was seen is gone and stays away.");
        if let Some(alarm) = self.group.alarms.first() {
            let alarm = code(alarm.what, NAME);
            self.paragraph_inside(&format!("Alarms like {alarm} must be quiet again too."));
        }
        self.paragraph_inside(
            "- It is gone: record the incident with its cause and with what helped. Leave this guide.",
        );
        // Where nothing is known that helps there is nothing to come back to but the beginning.
        let back = if self.known_fixes().is_empty() { 1 } else { 2 };
        self.inside(&format!("- It is still there: step {back}."));
    }

    fn prevention(&mut self) {
        if self.group.prevention.is_empty() {
            return;
        }
        self.paragraph("## Prevention");
        self.paragraph("What incidents named to keep it from happening again. Whether it is done is to be checked.");
        self.out.push('\n');
        for measure in self.group.prevention.iter().take(PREVENTION) {
            let share = self.share(measure.incidents);
            self.line(&format!("- Named by {share}: {}", quoted(measure.what, TEXT)));
        }
    }

    fn incidents(&mut self) {
        let incidents = &self.group.incidents;
        self.out.push_str("\n## Incidents it was learned from\n\n");
        for incident in incidents.iter().take(INCIDENTS) {
            let day = super::group::seen(incident).and_then(date).map(|day| format!(" ({day})")).unwrap_or_default();
            let (id, title) = (code(&incident.id, NAME), quoted(&incident.title, SHORT));
            _ = writeln!(self.out, "- {id}{day}: {title}");
        }
        if let Some(rest) = incidents.len().checked_sub(INCIDENTS).filter(|rest| *rest > 0) {
            _ = writeln!(self.out, "- and {rest} older ones");
        }
    }
}

/// `2026-03-14`
fn date(at: Timestamp) -> Option<String> {
    let day = jiff::Timestamp::from_second(at).ok()?.to_zoned(TimeZone::UTC);
    Some(day.strftime("%Y-%m-%d").to_string())
}

/// In the two largest units, for people.
fn duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds.max(60) / 60, seconds / 3_600);
    match hours {
        0 if minutes == 1 => "a minute".to_owned(),
        0 => format!("{minutes} minutes"),
        1..48 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_dates() {
        for (seconds, expected) in
            [(0, "a minute"), (2_700, "45 minutes"), (5_400, "1 h 30 min"), (86_400, "24 h 0 min"), (200_000, "2 days")]
        {
            assert_eq!(duration(seconds), expected);
        }
        assert_eq!(date(1_773_446_400).as_deref(), Some("2026-03-14"));
        assert_eq!(date(i64::MAX), None);
    }
}
