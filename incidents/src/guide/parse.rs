//! The steps of a guide: items of ordered lists at the left margin, numbered on through the whole document.

use std::sync::LazyLock;

use cloudops_indexes::model::Document;
use regex::Regex;

use super::command;
use super::{Decision, Guide, Step};
use crate::facts::{facts, sources, values, without_facts};

/// An introduction is cut at the end of a paragraph before this many bytes.
const MAX_INTRODUCTION: usize = 900;

static STEP_REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "the pattern is a constant, and a test compiles it")]
    Regex::new(r"(?i)\bsteps?\s+(\d{1,2})\b").unwrap()
});

/// Reads a guide. A document without steps is a guide without steps.
pub fn parse(document: &Document) -> Guide {
    let facts = facts(&document.text);
    let mut guide = Guide {
        document: document.id.clone(),
        title: document.title.clone(),
        services: document.services.clone(),
        symptoms: values(&facts, "Symptom"),
        errors: values(&facts, "Error"),
        signals: values(&facts, "Signal"),
        sources: sources(&facts),
        updated: document.updated,
        ..Guide::default()
    };
    let mut reader = Reader {
        guide: &mut guide,
        section: String::new(),
        step: None,
        fence: None,
        before: String::new(),
        in_table: false,
    };
    for line in without_facts(&document.text).lines() {
        reader.line(line);
    }
    reader.end_step();
    guide.introduction = introduction(&guide.introduction);
    let last = guide.steps.last().map_or(0, |step| step.number);
    for decision in guide.steps.iter_mut().flat_map(|step| &mut step.decisions) {
        decision.go_to = decision.go_to.filter(|number| (1..=last).contains(number));
    }
    guide
}

/// Whole paragraphs, as many as fit.
fn introduction(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        if !out.is_empty() && out.len() + paragraph.len() > MAX_INTRODUCTION {
            break;
        }
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&paragraph[..paragraph.floor_char_boundary(2 * MAX_INTRODUCTION)]);
    }
    out
}

struct Reader<'a> {
    guide: &'a mut Guide,
    section: String,
    step: Option<Step>,
    /// Language and text of the block of code that is open.
    fence: Option<(String, String)>,
    /// Text of a section in front of its first step.
    before: String,
    in_table: bool,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) {
        let bare = line.trim();
        if let Some((language, text)) = &mut self.fence {
            if bare.starts_with("```") || bare.starts_with("~~~") {
                let (language, text) = (std::mem::take(language), std::mem::take(text));
                self.fence = None;
                self.code(&language, &text);
            } else {
                text.push_str(line.strip_prefix("   ").unwrap_or(line));
                text.push('\n');
            }
            return;
        }
        if let Some(language) = bare.strip_prefix("```").or_else(|| bare.strip_prefix("~~~")) {
            self.fence = Some((language.trim().to_lowercase(), String::new()));
            return;
        }
        if let Some(heading) = line.strip_prefix('#') {
            let level = 1 + heading.bytes().take_while(|byte| *byte == b'#').count();
            if level > 1 {
                self.end_step();
                heading.trim_start_matches('#').trim().clone_into(&mut self.section);
                self.before.clear();
            }
            return;
        }
        if let Some((number, rest)) = numbered(line).filter(|(number, _)| *number == self.next_number()) {
            self.end_step();
            let (action, more) = first_sentence(rest);
            let mut details = std::mem::take(&mut self.before);
            push_line(&mut details, more);
            self.step = Some(Step {
                number,
                section: self.section.clone(),
                action: action.to_owned(),
                details,
                ..Step::default()
            });
            return;
        }
        match &mut self.step {
            None if self.guide.steps.is_empty() && self.section.is_empty() => {
                push_line(&mut self.guide.introduction, bare);
            }
            None => push_line(&mut self.before, bare),
            Some(step) => {
                let is_row = bare.starts_with('|');
                // The first row names the columns, the second is a line.
                let is_frame = is_row && (!self.in_table || bare.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')));
                self.in_table = is_row;
                if is_row || bare.starts_with("- ") || bare.starts_with("* ") {
                    step.decisions.extend((!is_frame).then(|| decision(bare)));
                } else {
                    push_line(&mut step.details, bare);
                }
            }
        }
    }

    fn code(&mut self, language: &str, text: &str) {
        let command = command::read(language, text);
        match &mut self.step {
            Some(step) => step.commands.push(command),
            None => push_line(&mut self.before, &format!("```{language}\n{}\n```", command.text)),
        }
    }

    fn next_number(&self) -> u32 {
        self.step.as_ref().or(self.guide.steps.last()).map_or(1, |step| step.number + 1)
    }

    fn end_step(&mut self) {
        if let Some(mut step) = self.step.take() {
            let announces = |text: &str| {
                let lower = text.to_lowercase();
                ["**this changes", "**changes", "**these change", "**all change", "**this alters", "**both change"]
                    .iter()
                    .any(|words| lower.contains(words))
            };
            step.changes = announces(&step.details)
                || announces(&step.action)
                || step.decisions.iter().any(|decision| announces(&decision.when))
                || step.commands.iter().any(|command| command.effect == super::Effect::Changes);
            step.details.truncate(step.details.trim_end().len());
            self.guide.steps.push(step);
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    if line.is_empty() {
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
    } else {
        text.push_str(line);
        text.push('\n');
    }
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&digits) {
        return None;
    }
    let rest = line[digits..].strip_prefix(". ")?;
    Some((line[..digits].parse().ok()?, rest.trim()))
}

/// The first sentence, and what stands behind it on the line.
fn first_sentence(text: &str) -> (&str, &str) {
    let ends = |at: usize, c: char| {
        let rest = &text[at + c.len_utf8()..];
        matches!(c, '.' | '?' | '!' | ':')
            && rest.starts_with(' ')
            && rest.trim_start().starts_with(|c: char| !c.is_lowercase())
    };
    let end =
        text.char_indices().find(|(at, c)| *at > 12 && ends(*at, *c)).map_or(text.len(), |(at, c)| at + c.len_utf8());
    (text[..end].trim(), text[end..].trim())
}

/// An item or a row as something that may be seen.
fn decision(line: &str) -> Decision {
    let text = if line.starts_with('|') {
        line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>().join(": ")
    } else {
        line.trim_start_matches(['-', '*', ' ']).to_owned()
    };
    let lower = text.to_lowercase();
    let leaves = lower.contains("leave this guide") || lower.contains("leaves this guide");
    // Where several are named, each for a case of its own, the words say which.
    let mut named: Vec<u32> =
        STEP_REFERENCE.captures_iter(&text).filter_map(|found| found.get(1)?.as_str().parse().ok()).collect();
    named.dedup();
    let go_to = if let [only] = named.as_slice() { Some(*only) } else { None };
    Decision { when: text, go_to, leaves }
}

#[cfg(test)]
mod tests {
    use cloudops_indexes::model::Kind;

    use super::super::Effect;
    use super::*;

    fn guide(text: &str) -> Guide {
        parse(&Document {
            id: "corpus/troubleshooting/x.md".to_owned(),
            source: "corpus".to_owned(),
            title: "X".to_owned(),
            url: None,
            path: None,
            guide: None,
            services: vec!["elbv2".to_owned()],
            kind: Kind::Troubleshooting,
            tags: Vec::new(),
            updated: None,
            text: text.to_owned(),
            content_hash: String::new(),
        })
    }

    #[test]
    fn steps_with_commands_and_decisions() {
        let text = "# X\n\nWhat it is.\n\n## Step 1: look\n\nKnow this first.\n\n1. Ask for the state. It takes a moment.\n\n   ```bash\n   aws \
                    ec2 describe-instances\n   ```\n\n   | State | Next |\n   | --- | --- |\n   | `running` | Step 2 |\n   | gone | Leave this \
                    guide |\n\n   - Anything else: continue.\n\n## Step 2: repair\n\n2. **This changes** the instance.\n\n   ```bash\n   aws ec2 \
                    start-instances --instance-ids i-1\n   ```\n\n3. Is it well? If not, step 9.\n\n## Root causes\n\n- none\n\n## At a glance\n\n\
                    - Symptom: it is gone\n- Error: Gone\n- Source: EC2 <https://docs.aws.amazon.com/x.html>\n";
        let guide = guide(text);
        assert_eq!(guide.introduction, "What it is.");
        assert_eq!((guide.symptoms.len(), guide.errors.len()), (1, 1));
        assert_eq!(guide.sources, [("EC2".to_owned(), "https://docs.aws.amazon.com/x.html".to_owned())]);
        let [first, second, third] = guide.steps.as_slice() else { panic!("{:?}", guide.steps) };
        assert_eq!((first.action.as_str(), first.section.as_str()), ("Ask for the state.", "Step 1: look"));
        assert_eq!(first.details, "Know this first.\n\nIt takes a moment.");
        assert_eq!(first.commands[0].permissions, ["ec2:DescribeInstances"]);
        assert_eq!(first.commands[0].effect, Effect::ReadOnly);
        let went: Vec<_> = first.decisions.iter().map(|decision| (decision.go_to, decision.leaves)).collect();
        assert_eq!(went, [(Some(2), false), (None, true), (None, false)]);
        assert!(!first.changes && second.changes && !third.changes);
        assert_eq!(second.commands[0].effect, Effect::Changes);
    }

    #[test]
    fn a_text_without_steps_has_none() {
        assert!(guide("# X\n\n2. Two\n\nText 1. not\n").steps.is_empty());
        assert!(guide("").steps.is_empty());
    }

    #[test]
    fn a_step_that_does_not_exist_is_not_led_to() {
        let guide = guide("# X\n\n## S\n\n1. Look.\n   - bad: step 7\n");
        assert_eq!(guide.steps[0].decisions[0].go_to, None);
    }
}
