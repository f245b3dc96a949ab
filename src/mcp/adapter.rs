//! Any tool of the registry as rmcp sees it.

use std::sync::Arc;

use rmcp::model::{CallToolResult, ContentBlock, Resource, ToolAnnotations};

use crate::tools::{AnyTool, Effect, Link, Reply, ToolError};

/// What `tools/list` says of a tool.
pub(super) fn describe(tool: &AnyTool) -> rmcp::model::Tool {
    let info = tool.info;
    let reads_only = info.effect == Effect::ReadOnly;
    let mut annotations = ToolAnnotations::new().read_only(reads_only).idempotent(reads_only).open_world(false);
    if !reads_only {
        annotations = annotations.destructive(info.effect == Effect::Changes);
    }
    rmcp::model::Tool::new(info.name, info.description, Arc::new(tool.input_schema()))
        .with_title(info.title)
        .with_raw_output_schema(Arc::new(tool.output_schema()))
        .with_annotations(annotations)
}

/// What a call came to. A tool that could not do its work says so in a result that the model can read.
pub(super) fn result(called: Result<Reply, ToolError>) -> CallToolResult {
    match called {
        Ok(reply) => {
            let links = reply.links.iter().map(|link| ContentBlock::resource_link(resource(link)));
            let content = std::iter::once(ContentBlock::text(reply.text)).chain(links).collect();
            let mut result = CallToolResult::success(content);
            result.structured_content = Some(reply.structured);
            result
        }
        Err(error) => {
            tracing::debug!(error = error.text(), "the tool could not do its work");
            CallToolResult::error(vec![ContentBlock::text(error.text())])
        }
    }
}

fn resource(link: &Link) -> Resource {
    let name = link.uri.rsplit('/').next().unwrap_or(&link.uri);
    let resource = Resource::new(&link.uri, name).with_title(&link.title).with_mime_type("text/markdown");
    match &link.description {
        Some(description) => resource.with_description(description),
        None => resource,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tools::TOOLS;

    #[test]
    fn the_tool_list_is_small() {
        let tools: Vec<_> = TOOLS.iter().map(describe).collect();
        let size = serde_json::to_string(&tools).unwrap().len();
        // About four characters are a token: under 6,000 tokens with those that record.
        assert!(size < 24_000, "{size} characters");
    }

    #[test]
    fn a_reply_has_text_structure_and_links() {
        let link = Link { uri: "cloudops://document/a/b.md".into(), title: "B".into(), description: None };
        let reply = Reply { structured: json!({"a": 1}), text: "words".into(), links: vec![link] };
        let value = serde_json::to_value(result(Ok(reply))).unwrap();
        assert_eq!(value["structuredContent"], json!({"a": 1}));
        assert_eq!(value["content"][0]["text"], "words");
        assert_eq!(value["content"][1]["type"], "resource_link");
        assert_eq!(value["content"][1]["name"], "b.md");
        assert_eq!(value["isError"], false);
    }

    #[test]
    fn an_error_is_a_result_with_its_hints() {
        let error = ToolError::input("`limit` is 0").hint("Use 1 to 20.");
        let value = serde_json::to_value(result(Err(error))).unwrap();
        assert_eq!(value["isError"], true);
        assert_eq!(value["content"][0]["text"], "`limit` is 0\nhint: Use 1 to 20.");
    }
}
