//! What is indexed, and how fresh it is.

use std::collections::BTreeMap;

use cloudops_indexes::model::Timestamp;
use cloudops_indexes::store::IndexSummary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Effect, Tool, ToolError, ToolInfo, Toolset};
use crate::app::App;
use crate::report::{count, one_line, time};

const MAX_SOURCES: usize = 50;
const MAX_SERVICES: usize = 60;

pub(super) struct ListSources;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    documents: u64,
    passages: u64,
    sources: Vec<SourceRow>,
    /// Most documents first.
    services: Vec<String>,
    vectors: Vec<VectorRow>,
    /// Some sources are left out.
    truncated: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct SourceRow {
    name: String,
    documents: u64,
    guides: u64,
    kinds: BTreeMap<String, u64>,
    /// Date of the last ingestion.
    ingested: String,
    /// Date of the newest document.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct VectorRow {
    name: String,
    /// `passages` or `documents`.
    of: &'static str,
    filled: usize,
    total: usize,
}

impl Tool for ListSources {
    const INFO: ToolInfo = ToolInfo {
        name: "list_sources",
        title: "List indexed sources",
        description: "Lists what is indexed: sources with their size, kinds and age, AWS services, and the state of \
                      the vectors. Use it to choose filters or to judge how current an answer is.",
        toolset: Toolset::Knowledge,
        effect: Effect::ReadOnly,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, Input {}: Input) -> Result<Output, ToolError> {
        let index = app.index()?;
        index.refresh()?;
        Ok(output(&index.summary()?))
    }

    fn text(output: &Output) -> String {
        let mut text = format!("{}, {}.\n", count(output.documents, "document"), count(output.passages, "passage"));
        for source in &output.sources {
            let kinds: Vec<_> = source.kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
            text.push_str(&format!("- {}: {}", source.name, kinds.join(", ")));
            if source.guides > 0 {
                text.push_str(&format!(", {}", count(source.guides, "guide")));
            }
            text.push_str(&format!("; ingested {}", source.ingested));
            if let Some(newest) = &source.newest {
                text.push_str(&format!("; newest document {newest}"));
            }
            text.push('\n');
        }
        if output.truncated {
            text.push_str("- and more\n");
        }
        text.push_str(&format!("Services, most documents first: {}\n", output.services.join(", ")));
        for set in &output.vectors {
            text.push_str(&format!("Vectors `{}`: {} of {} {}\n", set.name, set.filled, set.total, set.of));
        }
        text
    }
}

fn output(summary: &IndexSummary) -> Output {
    let date = |moment: Timestamp| time::date(moment);
    let sources = summary.sources.iter().take(MAX_SOURCES).map(|source| SourceRow {
        name: one_line(&source.name),
        documents: source.documents,
        guides: source.guides,
        kinds: source.kinds.iter().map(|(kind, n)| (kind.to_string(), *n)).collect(),
        ingested: date(source.ingested),
        newest: source.newest.map(date),
    });
    let services = summary.services.iter().take(MAX_SERVICES);
    Output {
        documents: summary.documents,
        passages: summary.passages,
        sources: sources.collect(),
        services: services.map(|(name, _)| one_line(name)).collect(),
        vectors: summary
            .vectors
            .iter()
            .map(|set| VectorRow {
                name: set.name.clone(),
                of: set.granularity.as_str(),
                filled: set.filled,
                total: set.total,
            })
            .collect(),
        truncated: summary.sources.len() > MAX_SOURCES,
    }
}
