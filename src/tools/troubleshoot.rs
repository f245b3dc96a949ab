//! From a symptom to ordered steps, with the past incidents and the pages behind them.

use cloudops_incidents::base::Question;
use cloudops_incidents::guide::{Guide, Step, WEAK};
use cloudops_indexes::hybrid::{Filters, SearchRequest};
use cloudops_indexes::model::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::find_similar_incidents::links;
use super::incident::{Fix, PastIncident, past};
use super::text::{Blocks, NOTICE, document_uri, prefix};
use super::{Effect, Link, TOOLS, Tool, ToolError, ToolInfo, Toolset, input};
use crate::app::App;
use crate::report::{one_line, time};

/// Bytes that the steps take in one form of the reply; the others are named only.
const STEPS_BYTES: usize = 5_500;
const MAX_INCIDENTS: usize = 3;
const MAX_PAGES: usize = 6;
const MAX_QUERY_BYTES: usize = 8_192;
/// Of several that may be meant.
const OTHER_GUIDES: usize = 3;

pub(super) struct Troubleshoot;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// What is wrong, in the user's words, with error codes as they are printed.
    symptom: String,
    /// AWS services that are concerned.
    #[serde(default, deserialize_with = "input::list")]
    service: Vec<String>,
    /// Another guide than the one that fits best: its `document`.
    guide: Option<String>,
    /// First step to give in full (default 1).
    from_step: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    notice: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    guide: Option<GuideView>,
    /// Other guides that may be meant.
    other_guides: Vec<OtherGuide>,
    /// Similar past incidents.
    incidents: Vec<PastIncident>,
    /// What ended such incidents, most successful first.
    fixes: Vec<Fix>,
    /// Pages to read and to cite.
    pages: Vec<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct GuideView {
    document: String,
    title: String,
    introduction: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewed: Option<String>,
    /// Steps in full.
    steps: Vec<StepView>,
    /// The others by number and action: ask for them with `from_step`.
    outline: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct StepView {
    #[serde(flatten)]
    step: Step,
    /// Tools that can look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct OtherGuide {
    document: String,
    title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Page {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Id for `read_document`, where it is indexed.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
}

impl Tool for Troubleshoot {
    const INFO: ToolInfo = ToolInfo {
        name: "troubleshoot",
        title: "Troubleshoot a symptom",
        description: "Leads from a symptom to its cause: the matching guide as ordered steps with commands and decision \
                      points, similar past incidents with what fixed them, and the AWS pages behind it, offline. Follow \
                      `go_to`; run only commands that are `read_only` without asking.",
        toolset: Toolset::Knowledge,
        effect: Effect::ReadOnly,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let symptom = input.symptom.trim();
        if symptom.is_empty() {
            return Err(ToolError::input("`symptom` is empty").hint("Say in a few words what is wrong."));
        }
        let symptom = &symptom[..symptom.floor_char_boundary(MAX_QUERY_BYTES)];
        let services: Vec<String> = input.service.iter().map(|service| service.to_lowercase()).collect();
        let experience = app.experience()?;
        let matched = experience.guides.find(symptom, &services, 1 + OTHER_GUIDES).map_err(anyhow::Error::new)?;
        let fits = matched.first().filter(|first| first.score >= WEAK).map(|first| first.guide);
        let guide = match &input.guide {
            Some(document) => Some(experience.guides.get(document).ok_or_else(|| {
                ToolError::not_found(format!("there is no guide `{document}`"))
                    .hint("Use a `document` of `other_guides`, or leave `guide` out.")
            })?),
            None => fits,
        };
        let others = matched.iter().filter(|other| guide.is_none_or(|guide| guide.document != other.guide.document));
        let other_guides = others
            .take(OTHER_GUIDES)
            .map(|other| OtherGuide { document: other.guide.document.clone(), title: other.guide.title.clone() });
        let other_guides = other_guides.collect();
        let question = Question { text: symptom.to_owned(), services: services.clone(), ..Question::default() };
        let (incidents, fixes, _) = past(&experience, &question, 0, MAX_INCIDENTS)?;
        let pages = pages(app, symptom, services, guide)?;
        let hint = match guide {
            None => Some("No guide fits well. Look at `other_guides`, or use `search_knowledge`.".to_owned()),
            Some(_) => None,
        };
        let guide = guide.map(|guide| view(guide, input.from_step.unwrap_or(1)));
        Ok(Output { notice: NOTICE, guide, other_guides, incidents, fixes, pages, hint })
    }

    fn text(output: &Output) -> String {
        let mut blocks = Blocks::new();
        if let Some(guide) = &output.guide {
            blocks.data("Guide:", &guide_lines(guide));
        }
        for incident in &output.incidents {
            blocks.data("Past incident:", &incident.lines());
        }
        if !output.fixes.is_empty() {
            blocks.data("What ended such incidents:", &output.fixes.iter().map(Fix::line).collect::<String>());
        }
        if !output.pages.is_empty() {
            let line = |page: &Page| {
                let at = page.url.as_deref().or(page.document.as_deref()).unwrap_or_default();
                format!("{} <{}>\n", one_line(&page.title), one_line(at))
            };
            blocks.data("Pages:", &output.pages.iter().map(line).collect::<String>());
        }
        if !output.other_guides.is_empty() {
            let line = |other: &OtherGuide| format!("{} ({})\n", one_line(&other.title), one_line(&other.document));
            blocks.data("Other guides:", &output.other_guides.iter().map(line).collect::<String>());
        }
        if let Some(hint) = &output.hint {
            blocks.say(&format!("\n{hint}"));
        }
        blocks.finish()
    }

    fn links(output: &Output) -> Vec<Link> {
        let mut all = Vec::new();
        if let Some(guide) = &output.guide {
            all.push(Link { uri: document_uri(&guide.document), title: one_line(&guide.title), description: None });
        }
        all.extend(links(&output.incidents));
        let page = |page: &Page| {
            let uri = document_uri(page.document.as_deref()?);
            Some(Link { uri, title: one_line(&page.title), description: page.url.clone() })
        };
        all.extend(output.pages.iter().filter_map(page));
        all
    }
}

/// The guide with as many steps in full as fit, from one on.
fn view(guide: &Guide, from: u32) -> GuideView {
    let mut left = STEPS_BYTES;
    let (mut steps, mut outline) = (Vec::new(), Vec::new());
    for step in &guide.steps {
        let size = step_bytes(step);
        if step.number < from || (size > left && !steps.is_empty()) {
            // Steps behind one that did not fit are named, too: their order is what matters.
            if step.number >= from {
                left = 0;
            }
            outline.push(format!("{}. {}", step.number, prefix(&step.action, 200)));
            continue;
        }
        left = left.saturating_sub(size);
        let mut step = step.clone();
        if size > STEPS_BYTES {
            shorten(&mut step);
        }
        let tools = tools_for(&step);
        steps.push(StepView { step, tools });
    }
    GuideView {
        document: guide.document.clone(),
        title: guide.title.clone(),
        introduction: if from <= 1 { prefix(&guide.introduction, 1_200).to_owned() } else { String::new() },
        reviewed: guide.updated.map(time::date),
        steps,
        outline,
    }
}

/// A step that is too long even alone: the front of everything it has.
fn shorten(step: &mut Step) {
    let cut = |text: &mut String, limit: usize| text.truncate(text.floor_char_boundary(limit));
    cut(&mut step.action, 400);
    cut(&mut step.details, STEPS_BYTES / 4);
    step.commands.truncate(4);
    for command in &mut step.commands {
        cut(&mut command.text, STEPS_BYTES / 12);
    }
    step.decisions.truncate(10);
    for decision in &mut step.decisions {
        cut(&mut decision.when, STEPS_BYTES / 30);
    }
}

fn step_bytes(step: &Step) -> usize {
    let commands: usize = step.commands.iter().map(|command| command.text.len() + 60).sum();
    let decisions: usize = step.decisions.iter().map(|decision| decision.when.len() + 30).sum();
    step.action.len() + step.details.len() + commands + decisions + 100
}

/// Tools that take the permissions of a step's commands and change nothing.
fn tools_for(step: &Step) -> Vec<&'static str> {
    let needed: Vec<&String> = step.commands.iter().flat_map(|command| &command.permissions).collect();
    let serves = |permissions: &[&str]| permissions.iter().any(|has| needed.iter().any(|needs| needs.as_str() == *has));
    let tools = TOOLS.iter().filter(|tool| tool.info.effect == Effect::ReadOnly && serves(tool.info.permissions));
    tools.map(|tool| tool.info.name).collect()
}

/// The pages that the guide rests on, and those that a search finds.
fn pages(app: &App, symptom: &str, services: Vec<String>, guide: Option<&Guide>) -> Result<Vec<Page>, ToolError> {
    let index = app.index()?;
    let mut pages: Vec<Page> = Vec::new();
    for (title, url) in guide.into_iter().flat_map(|guide| &guide.sources).take(MAX_PAGES - 2) {
        let document = index.document(url)?.map(|stored| stored.document.id);
        pages.push(Page { title: title.clone(), url: Some(url.clone()), document });
    }
    let mut request = SearchRequest::new(symptom);
    request.limit = MAX_PAGES;
    request.filters = Filters { kinds: vec![Kind::Documentation], services, ..Filters::default() };
    for hit in index.search(&request)?.hits {
        let citation = hit.best.citation;
        let page = citation.url.as_deref().and_then(|url| url.split('#').next());
        let is_there = pages.iter().any(|known| {
            known.document.as_deref() == Some(citation.document.as_str())
                || page.is_some() && known.url.as_deref() == page
        });
        if pages.len() < MAX_PAGES && !is_there {
            pages.push(Page { title: citation.title, url: citation.url, document: Some(citation.document) });
        }
    }
    Ok(pages)
}

fn guide_lines(guide: &GuideView) -> String {
    let mut text = format!("{} ({}", guide.title, guide.document);
    if let Some(reviewed) = &guide.reviewed {
        text.push_str(&format!(", reviewed {reviewed}"));
    }
    text.push_str(")\n");
    if !guide.introduction.is_empty() {
        text.push_str(&format!("{}\n", guide.introduction));
    }
    for StepView { step, tools } in &guide.steps {
        let changes = if step.changes { " [changes something: ask first]" } else { "" };
        text.push_str(&format!("\nStep {}{changes}: {}\n", step.number, step.action));
        if !step.details.is_empty() {
            text.push_str(&format!("{}\n", step.details));
        }
        for command in &step.commands {
            text.push_str(&format!("```{}\n{}\n```\n", command.language, command.text));
        }
        for decision in &step.decisions {
            let to = match (decision.go_to, decision.leaves) {
                (Some(step), _) => format!(" -> step {step}"),
                (None, true) => " -> ends here".to_owned(),
                (None, false) => String::new(),
            };
            text.push_str(&format!("- {}{to}\n", decision.when));
        }
        if !tools.is_empty() {
            text.push_str(&format!("Tools: {}\n", tools.join(", ")));
        }
    }
    if !guide.outline.is_empty() {
        text.push_str(&format!("\nOther steps (`from_step`):\n{}\n", guide.outline.join("\n")));
    }
    text
}
