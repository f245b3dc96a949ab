//! Hybrid search over everything that is indexed.

use cloudops_indexes::hybrid::{Filters, Hit, MAX_PHRASINGS, Mode, PassageHit, SearchRequest};
use cloudops_indexes::model::Kind;
use cloudops_indexes::store::Index;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cursor::{self, Key};
use super::text::{Blocks, NOTICE, Source, document_uri, prefix};
use super::{Effect, Link, REPLY_BYTES, Tool, ToolError, ToolInfo, Toolset, input};
use crate::app::App;
use crate::report::{one_line, time};

const DEFAULT_LIMIT: usize = 5;
const MAX_LIMIT: usize = 20;
/// Bytes of a passage in a reply of the default size.
const PASSAGE_BYTES: usize = 2_400;
/// What a result takes beside its passage, in all forms together.
const RESULT_BYTES: usize = 1_300;
/// Longer queries are not questions; the index would only read the front of them.
const MAX_QUERY_BYTES: usize = 8_192;

pub(super) struct SearchKnowledge;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// A question, error message, or name of an API, resource or setting, in plain words. No query syntax.
    query: String,
    /// Up to 4 other wordings, in AWS's own terms.
    #[serde(default, deserialize_with = "input::list")]
    phrasings: Vec<String>,
    /// Results to return (default 5).
    #[schemars(range(min = 1, max = 20))]
    limit: Option<u64>,
    /// AWS services, e.g. `ec2`.
    #[serde(default, deserialize_with = "input::list")]
    service: Vec<String>,
    /// Kinds of text.
    #[serde(default, deserialize_with = "input::list")]
    kind: Vec<Kind>,
    /// Sources, as `list_sources` names them.
    #[serde(default, deserialize_with = "input::list")]
    source: Vec<String>,
    /// Guides.
    #[serde(default, deserialize_with = "input::list")]
    guide: Vec<String>,
    /// Tags.
    #[serde(default, deserialize_with = "input::list")]
    tag: Vec<String>,
    /// Only documents changed since: `2026-01-31` or `90d`.
    updated_since: Option<String>,
    /// How to rank; leave out for hybrid.
    mode: Option<Mode>,
    /// Look closer at the best results; takes a second.
    rerank: Option<bool>,
    /// `next_cursor` of the reply that this call continues; repeat the other arguments.
    cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(super) struct Output {
    notice: &'static str,
    /// Best first.
    results: Vec<Found>,
    /// What really ranked.
    #[schemars(with = "String")]
    mode: Mode,
    /// There is more: pass `next_cursor`.
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Found {
    rank: usize,
    citation: Source,
    /// Markdown.
    text: String,
    /// `text` is only the part that answers best.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shortened: bool,
    /// 0 to 1, comparable within this reply.
    score: f32,
    /// Documents that say the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    same_as: Vec<String>,
}

impl Tool for SearchKnowledge {
    const INFO: ToolInfo = ToolInfo {
        name: "search_knowledge",
        title: "Search AWS operations knowledge",
        description: "Searches indexed AWS documentation, best practices, architecture patterns, troubleshooting \
                      guides and incidents, offline. Returns the passages that answer best, each with a citation. \
                      Ask as the user does, and add `phrasings` in the words of AWS documentation (\"box\": EC2 instance, \
                      \"max\": quota). For an error, quote its code. \
                      Use `read_document` for the rest of a page. Cite the `url`, or the `document` if it has none.",
        toolset: Toolset::Knowledge,
        effect: Effect::ReadOnly,
        permissions: &[],
    };
    type Input = Input;
    type Output = Output;

    fn call(app: &App, input: Input) -> Result<Output, ToolError> {
        let index = app.index()?;
        search(&index, input)
    }

    fn text(output: &Output) -> String {
        let mut blocks = Blocks::new();
        for found in &output.results {
            blocks.retrieved(Some(found.rank), &found.citation, &found.text);
            if !found.same_as.is_empty() {
                let same: Vec<_> = found.same_as.iter().map(|id| one_line(id)).collect();
                blocks.say(&format!("The same text is in: {}", same.join(", ")));
            }
        }
        if let Some(cursor) = &output.next_cursor {
            blocks.say(&format!("\nThere is more: repeat the call with \"cursor\": \"{cursor}\"."));
        }
        if let Some(hint) = &output.hint {
            blocks.say(&format!("\n{hint}"));
        }
        blocks.finish()
    }

    fn links(output: &Output) -> Vec<Link> {
        let link = |found: &Found| Link {
            uri: document_uri(&found.citation.document),
            title: one_line(&found.citation.title),
            description: found.citation.url.clone(),
        };
        output.results.iter().map(link).collect()
    }
}

fn search(index: &Index, input: Input) -> Result<Output, ToolError> {
    let limit = input.limit.map_or(DEFAULT_LIMIT, |limit| limit as usize);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ToolError::input(format!("`limit` is {limit}, it must be 1 to {MAX_LIMIT}"))
            .hint("For more results, follow `next_cursor`."));
    }
    let query = input.query.trim();
    if query.is_empty() {
        return Err(ToolError::input("`query` is empty").hint("Say in a few words what to look for."));
    }
    let query = &query[..query.floor_char_boundary(MAX_QUERY_BYTES)];
    if input.phrasings.len() > MAX_PHRASINGS {
        let error = format!("`phrasings` has {}, at most {MAX_PHRASINGS} are read", input.phrasings.len());
        return Err(ToolError::input(error).hint("Keep those that differ most."));
    }
    let cut = |text: String| text[..text.floor_char_boundary(MAX_QUERY_BYTES)].to_owned();
    let phrasings: Vec<String> = input.phrasings.into_iter().map(cut).collect();
    let since = input.updated_since.as_deref().map(|since| time::parse_since(since, time::now())).transpose();
    let since = since.map_err(|error| ToolError::input(format!("`updated_since`: {error}")))?;
    let mut request = SearchRequest::new(query);
    request.phrasings = phrasings;
    request.rerank = input.rerank.unwrap_or(false);
    request.mode = input.mode.unwrap_or_default();
    request.limit = limit;
    request.filters = Filters {
        services: input.service,
        kinds: input.kind,
        sources: input.source,
        guides: input.guide,
        tags: input.tag,
        updated_since: since,
    };

    // A time ago moves on between two calls; its words do not.
    let question = (
        query,
        &request.phrasings,
        request.rerank,
        request.mode,
        Filters { updated_since: None, ..request.filters.clone() },
        &input.updated_since,
    );
    let key = Key::of(SearchKnowledge::INFO.name, &question);
    if let Some(cursor) = &input.cursor {
        index.refresh()?;
        request.offset = cursor::decode(cursor, index.generation(), key)?;
    }
    let response = index.search(&request)?;

    let passage_bytes = (PASSAGE_BYTES * DEFAULT_LIMIT / limit).clamp(600, PASSAGE_BYTES);
    let mut left = REPLY_BYTES;
    let mut results = Vec::new();
    for (place, hit) in response.hits.iter().enumerate() {
        let found = found(hit, request.offset + place + 1, passage_bytes);
        let size = 2 * found.text.len() + RESULT_BYTES;
        if size > left && place > 0 {
            break;
        }
        left = left.saturating_sub(size);
        results.push(found);
    }

    let truncated = response.more || results.len() < response.hits.len();
    let next = request.offset + results.len();
    Ok(Output {
        notice: NOTICE,
        truncated,
        next_cursor: truncated.then(|| cursor::encode(next, response.generation, key)),
        hint: if results.is_empty() { Some(why_nothing(index, &request)?) } else { None },
        results,
        mode: response.mode,
    })
}

fn found(hit: &Hit, rank: usize, limit: usize) -> Found {
    let (text, shortened) = excerpt(&hit.best, limit);
    Found {
        rank,
        citation: Source::from(&hit.best.citation),
        text,
        shortened,
        score: (hit.best.score * 1_000.0).round() / 1_000.0,
        same_as: hit.twins.iter().take(3).map(|twin| twin.document.clone()).collect(),
    }
}

/// The passage, or at most `limit` bytes of it around its best part.
fn excerpt(passage: &PassageHit, limit: usize) -> (String, bool) {
    let text = &passage.text;
    if text.len() <= limit {
        return (text.clone(), false);
    }
    let start = if passage.snippet.end <= limit { 0 } else { passage.snippet.start.saturating_sub(limit / 4) };
    let start = text.floor_char_boundary(start);
    (prefix(&text[start..], limit).to_owned(), true)
}

/// What to try when nothing was found: names the filter value that no document has.
fn why_nothing(index: &Index, request: &SearchRequest) -> Result<String, ToolError> {
    if request.offset > 0 {
        return Ok("There are no further results.".to_owned());
    }
    let summary = index.summary()?;
    let filters = &request.filters;
    let services: Vec<&str> = summary.services.iter().map(|(name, _)| name.as_str()).collect();
    let sources: Vec<&str> = summary.sources.iter().map(|source| source.name.as_str()).collect();
    for (what, wanted, known) in [("service", &filters.services, &services), ("source", &filters.sources, &sources)] {
        let missing = wanted.iter().find(|name| !known.iter().any(|known| known.eq_ignore_ascii_case(name)));
        if let Some(missing) = missing {
            let known: Vec<_> = known.iter().take(30).map(|name| one_line(name)).collect();
            return Ok(format!("No document has the {what} `{}`. There are: {}.", one_line(missing), known.join(", ")));
        }
    }
    Ok(if filters.is_empty() {
        "Nothing matches. Use other words for the same thing, or fewer.".to_owned()
    } else {
        "Nothing matches. Drop a filter, or use other words for the same thing.".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(text: &str, snippet: std::ops::Range<usize>) -> PassageHit {
        PassageHit {
            passage: 1,
            position: 0,
            citation: cloudops_indexes::model::Citation {
                document: "docs/a.md".into(),
                title: "A".into(),
                heading_path: vec![],
                url: None,
                source: "docs".into(),
                kind: Kind::Note,
                services: vec![],
                updated: Some(0),
            },
            text: text.into(),
            snippet,
            highlights: vec![],
            score: 0.123_456,
            explanation: None,
        }
    }

    #[test]
    fn long_passages_are_cut_around_the_best_part() {
        let text = format!("{}\nANSWER\n{}", "x".repeat(3_000), "y".repeat(3_000));
        let (cut, shortened) = excerpt(&passage(&text, 3_001..3_007), 1_000);
        assert!(shortened && cut.contains("ANSWER") && cut.len() <= 1_000);
        let (cut, shortened) = excerpt(&passage("short", 0..5), 1_000);
        assert_eq!((cut.as_str(), shortened), ("short", false));
    }

    #[test]
    fn optional_parts_are_left_out() {
        let hit = Hit { best: passage("text", 0..4), more: vec![], twins: vec![] };
        let value = serde_json::to_value(found(&hit, 1, 100)).unwrap();
        let expected = serde_json::json!({
            "rank": 1, "text": "text", "score": 0.123_f32,
            "citation": {"document": "docs/a.md", "title": "A", "source": "docs", "kind": "note", "updated": "1970-01-01"},
        });
        assert_eq!(value, expected);
    }
}
