//! Patterns and best practices for requirements.

use cloudops_incidents::pattern::{Recommended, Requirements, duration, seconds};
use cloudops_indexes::model::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{Blocks, NOTICE, document_uri, prefix};
use super::{Effect, Link, Tool, ToolError, ToolInfo, Toolset, input};
use crate::app::App;
use crate::report::one_line;

const DEFAULT_LIMIT: usize = 3;
const MAX_LIMIT: usize = 8;
const PRACTICES: usize = 3;
const MAX_TEXT_BYTES: usize = 8_192;
const SUMMARY_BYTES: usize = 500;

pub(super) struct RecommendPattern;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// What is needed, in plain words.
    requirements: String,
    /// Kind of workload: web, api, data, analytics, streaming, batch, serverless, containers, ml, sap, windows, storage,
    /// network, iot, migration, hybrid.
    workload: Option<String>,
    /// finance, healthcare, public-sector, retail, media, manufacturing, saas, energy, telecom, education.
    industry: Option<String>,
    /// Longest time to serve again: `15m`, `4h`.
    rto: Option<String>,
    /// Most data lost: `30s`, `1h`.
    rpo: Option<String>,
    /// Highest running cost: `low`, `medium`, `high`.
    max_cost: Option<String>,
    /// AWS services that are wanted.
    #[serde(default, deserialize_with = "input::list")]
    service: Vec<String>,
    /// Patterns to return (default 3).
    #[schemars(range(min = 1, max = 8))]
    limit: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    notice: &'static str,
    /// Best first.
    patterns: Vec<Pattern>,
    best_practices: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Pattern {
    /// Id for `read_document`.
    document: String,
    title: String,
    summary: String,
    services: Vec<String>,
    /// Requirements it answers that are like yours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<String>,
    /// Conditions of yours that it does not meet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unmet: Vec<String>,
    /// When it is the wrong choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    avoid: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rto: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpo: Option<String>,
    /// To run.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<String>,
    /// To build and operate.
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<String>,
    /// Pages it rests on.
    sources: Vec<String>,
    score: f32,
}

impl Tool for RecommendPattern {
    const INFO: ToolInfo = ToolInfo {
        name: "recommend_pattern",
        title: "Recommend architecture patterns",
        description: "Recommends architecture patterns and best practices for requirements, offline: why each fits, what \
                      it does not meet, when to avoid it, RTO, RPO, cost, and sources. Read the pattern with \
                      `read_document` before designing.",
        toolset: Toolset::Knowledge,
        effect: Effect::ReadOnly,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let text = input.requirements.trim();
        if text.is_empty() {
            return Err(ToolError::input("`requirements` is empty").hint("Say in a few words what is needed."));
        }
        let limit = input.limit.map_or(DEFAULT_LIMIT, |limit| limit as usize);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ToolError::input(format!("`limit` is {limit}, it must be 1 to {MAX_LIMIT}")));
        }
        let span = |name: &str, text: Option<String>| match text {
            Some(text) => seconds(&text).map(Some).ok_or_else(|| {
                ToolError::input(format!("`{name}` is `{text}`")).hint("Write `30s`, `15m`, `4h` or `1d`.")
            }),
            None => Ok(None),
        };
        if let Some(cost) = input.max_cost.as_deref().filter(|cost| !matches!(*cost, "low" | "medium" | "high")) {
            return Err(ToolError::input(format!("`max_cost` is `{cost}`")).hint("It is `low`, `medium` or `high`."));
        }
        let word = |text: Option<String>| text.map(|text| text.trim().to_lowercase().replace([' ', '_'], "-"));
        let wanted = Requirements {
            text: text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned(),
            workload: word(input.workload),
            industry: word(input.industry),
            rto: span("rto", input.rto)?,
            rpo: span("rpo", input.rpo)?,
            cost: input.max_cost,
            services: input.service.iter().map(|service| service.to_lowercase()).collect(),
        };
        let experience = app.experience()?;
        let find = |kind, limit| -> anyhow::Result<Vec<Pattern>> {
            Ok(experience.library.recommend(&wanted, kind, limit)?.iter().map(Pattern::of).collect())
        };
        Ok(Output {
            notice: NOTICE,
            patterns: find(Kind::Pattern, limit)?,
            best_practices: find(Kind::BestPractice, PRACTICES)?,
        })
    }

    fn text(output: &Output) -> String {
        let mut blocks = Blocks::new();
        for pattern in &output.patterns {
            blocks.data("Pattern:", &pattern.lines());
        }
        for practice in &output.best_practices {
            blocks.data("Best practice:", &practice.lines());
        }
        if output.patterns.is_empty() {
            blocks.say("\nNo pattern is indexed that has anything to do with it.");
        }
        blocks.finish()
    }

    fn links(output: &Output) -> Vec<Link> {
        let all = output.patterns.iter().chain(&output.best_practices);
        let link = |pattern: &Pattern| Link {
            uri: document_uri(&pattern.document),
            title: one_line(&pattern.title),
            description: None,
        };
        all.map(link).collect()
    }
}

impl Pattern {
    fn of(found: &Recommended<'_>) -> Self {
        let advice = found.advice;
        Self {
            document: advice.document.clone(),
            title: advice.title.clone(),
            summary: prefix(&advice.summary, SUMMARY_BYTES).to_owned(),
            services: advice.services.iter().take(12).cloned().collect(),
            because: found.because.iter().map(|because| prefix(because, 200).to_owned()).collect(),
            unmet: found.unmet.clone(),
            avoid: advice.avoid.iter().take(4).map(|avoid| prefix(avoid, 200).to_owned()).collect(),
            rto: advice.rto.map(duration),
            rpo: advice.rpo.map(duration),
            cost: advice.cost.clone(),
            effort: advice.effort.clone(),
            sources: advice.sources.iter().take(4).map(|(_, url)| url.clone()).collect(),
            score: (found.score * 1_000.0).round() / 1_000.0,
        }
    }

    fn lines(&self) -> String {
        let mut text =
            format!("{} ({})\n{}\nservices: {}\n", self.title, self.document, self.summary, self.services.join(", "));
        for (name, list) in [("fits", &self.because), ("does not meet", &self.unmet), ("avoid", &self.avoid)] {
            for item in list {
                text.push_str(&format!("{name}: {item}\n"));
            }
        }
        for (name, value) in [("RTO", &self.rto), ("RPO", &self.rpo), ("cost", &self.cost), ("effort", &self.effort)] {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        for source in &self.sources {
            text.push_str(&format!("source: {source}\n"));
        }
        text
    }
}
