//! The tools: the unit of the product. One file each; one registry serves MCP and the command line.
//!
//! A [`Tool`] is typed. [`AnyTool`] is the same with its types erased, as the registry holds it: JSON in, a [`Reply`]
//! out. To add one, copy a neighbour and add it to [`TOOLS`].

mod cursor;
mod error;
mod find_similar_incidents;
mod incident;
mod input;
mod list_sources;
mod read_document;
mod recommend_pattern;
mod record_incident;
mod resolve_incident;
mod schema;
mod search_knowledge;
mod text;
mod troubleshoot;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::app::App;

pub(crate) use error::ToolError;
pub(crate) use read_document::{PAGE_BYTES, View};
pub(crate) use text::NOTICE;

/// Every tool, by name.
pub(crate) static TOOLS: &[AnyTool] = &[
    AnyTool::of::<find_similar_incidents::FindSimilarIncidents>(),
    AnyTool::of::<list_sources::ListSources>(),
    AnyTool::of::<read_document::ReadDocument>(),
    AnyTool::of::<recommend_pattern::RecommendPattern>(),
    AnyTool::of::<record_incident::RecordIncident>(),
    AnyTool::of::<resolve_incident::ResolveIncident>(),
    AnyTool::of::<search_knowledge::SearchKnowledge>(),
    AnyTool::of::<troubleshoot::Troubleshoot>(),
];

/// Bytes that a reply may take by default, all its forms together: about 6,000 tokens.
pub(crate) const REPLY_BYTES: usize = 20_000;

/// What a group of tools is for. Users choose what is served by these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Toolset {
    /// Searching and reading what is indexed.
    Knowledge,
}

impl Toolset {
    pub(crate) const ALL: [Self; 1] = [Self::Knowledge];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Knowledge => "knowledge",
        }
    }
}

/// What a tool does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// Nothing.
    ReadOnly,
    /// It adds to what is recorded on this machine, and to nothing else.
    Records,
    /// It stores a plan, which changes nothing by itself.
    #[allow(dead_code, reason = "the tools of the next toolsets plan and change")]
    Plans,
    /// It changes things.
    #[allow(dead_code, reason = "the tools of the next toolsets plan and change")]
    Changes,
}

impl Effect {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Records => "records",
            Self::Plans => "plans",
            Self::Changes => "changes",
        }
    }
}

/// What is known of a tool without calling it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct ToolInfo {
    /// `snake_case`, unique.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) title: &'static str,
    /// For the model that chooses a tool: under 1,000 characters.
    pub(crate) description: &'static str,
    pub(crate) toolset: Toolset,
    pub(crate) effect: Effect,
    /// AWS permissions that it takes.
    pub(crate) permissions: &'static [&'static str],
}

/// A tool with its types.
pub(crate) trait Tool: 'static {
    const INFO: ToolInfo;
    type Input: DeserializeOwned + JsonSchema;
    type Output: Serialize + JsonSchema;

    fn call(app: &App, input: Self::Input) -> Result<Self::Output, ToolError>;

    /// The output for a model that reads only text, and for people.
    fn text(output: &Self::Output) -> String;

    /// Links that a client can offer to open.
    fn links(_output: &Self::Output) -> Vec<Link> {
        Vec::new()
    }
}

/// Something that a client can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) uri: String,
    pub(crate) title: String,
    /// Where the same is on the web, if it is.
    pub(crate) description: Option<String>,
}

/// What a call came to, in every form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) structured: Value,
    pub(crate) text: String,
    pub(crate) links: Vec<Link>,
}

/// A tool without its types.
pub(crate) struct AnyTool {
    pub(crate) info: &'static ToolInfo,
    input_schema: fn() -> Map<String, Value>,
    output_schema: fn() -> Map<String, Value>,
    call: fn(&App, Map<String, Value>) -> Result<Reply, ToolError>,
}

impl std::fmt::Debug for AnyTool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AnyTool").field(&self.info.name).finish()
    }
}

impl AnyTool {
    const fn of<T: Tool>() -> Self {
        Self {
            info: &T::INFO,
            input_schema: schema::of_input::<T::Input>,
            output_schema: schema::of_output::<T::Output>,
            call: call::<T>,
        }
    }

    pub(crate) fn input_schema(&self) -> Map<String, Value> {
        (self.input_schema)()
    }

    pub(crate) fn output_schema(&self) -> Map<String, Value> {
        (self.output_schema)()
    }

    pub(crate) fn call(&self, app: &App, arguments: Map<String, Value>) -> Result<Reply, ToolError> {
        let _span = tracing::info_span!("tool", name = self.info.name).entered();
        (self.call)(app, arguments)
    }
}

fn call<T: Tool>(app: &App, arguments: Map<String, Value>) -> Result<Reply, ToolError> {
    let input = serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        let fields = schema::of_input::<T::Input>();
        let names = fields.get("properties").and_then(Value::as_object);
        let names = names.into_iter().flat_map(Map::keys).map(|name| format!("`{name}`")).collect::<Vec<_>>();
        ToolError::input(format!("the arguments of `{}` are not valid: {error}", T::INFO.name)).hint(
            if names.is_empty() {
                "It takes no arguments.".to_owned()
            } else {
                format!("It takes {}.", names.join(", "))
            },
        )
    })?;
    let output = T::call(app, input)?;
    let structured = serde_json::to_value(&output).map_err(anyhow::Error::new)?;
    Ok(Reply { structured, text: T::text(&output), links: T::links(&output) })
}

/// The tool of a name.
pub(crate) fn find(name: &str) -> Option<&'static AnyTool> {
    TOOLS.iter().find(|tool| tool.info.name == name)
}

/// What tools may do, as the user says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Nothing but looking, whatever else is allowed.
    pub(crate) read_only: bool,
    /// Recording incidents on this machine.
    pub(crate) record: bool,
}

impl Allowed {
    fn allows(self, effect: Effect) -> bool {
        match effect {
            Effect::ReadOnly => true,
            Effect::Records => self.record && !self.read_only,
            Effect::Plans | Effect::Changes => !self.read_only,
        }
    }
}

/// The tools that were chosen: of these toolsets (empty: all), and with an effect that is allowed.
pub(crate) fn select(toolsets: &[String], allowed: Allowed) -> Result<Vec<&'static AnyTool>, String> {
    let known = Toolset::ALL.map(Toolset::as_str);
    if let Some(unknown) = toolsets.iter().find(|name| name.as_str() != "all" && !known.contains(&name.as_str())) {
        return Err(format!("unknown toolset `{unknown}` (one of all, {})", known.join(", ")));
    }
    let chosen =
        |toolset: Toolset| toolsets.is_empty() || toolsets.iter().any(|name| name == "all" || name == toolset.as_str());
    let tools = TOOLS.iter().filter(|tool| chosen(tool.info.toolset));
    Ok(tools.filter(|tool| allowed.allows(tool.info.effect)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_sorted_and_well_named() {
        assert!(TOOLS.is_sorted_by(|a, b| a.info.name < b.info.name));
        for tool in TOOLS {
            let name = tool.info.name;
            let snake = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(snake && "mcp__cloudops__".len() + name.len() <= 64, "{name}");
            assert!(!tool.info.title.is_empty() && !tool.info.title.ends_with('.'), "{name}");
            let description = tool.info.description;
            assert!((40..1000).contains(&description.len()) && description.ends_with('.'), "{name}");
            let is_local = tool.info.toolset == Toolset::Knowledge;
            let effects = [Effect::ReadOnly, Effect::Records];
            assert!(!is_local || (effects.contains(&tool.info.effect) && tool.info.permissions.is_empty()), "{name}");
        }
    }

    #[test]
    fn every_tool_file_is_registered() {
        let files = fs_err::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tools")).unwrap();
        let helpers = ["mod", "cursor", "error", "incident", "input", "schema", "text"];
        for file in files {
            let name = file.unwrap().file_name().into_string().unwrap();
            let Some(stem) = name.strip_suffix(".rs") else { continue };
            assert!(helpers.contains(&stem) || find(stem).is_some(), "{stem} is not in TOOLS");
        }
    }

    #[test]
    fn schemas_describe_every_argument_and_have_an_object_at_the_root() {
        for tool in TOOLS {
            let (input, output) = (tool.input_schema(), tool.output_schema());
            assert_eq!(input["type"], "object");
            assert_eq!(input["additionalProperties"], false, "{}", tool.info.name);
            assert_eq!(output["type"], "object");
            for (name, property) in input.get("properties").and_then(Value::as_object).into_iter().flatten() {
                assert!(property.get("description").is_some(), "{} {name}", tool.info.name);
            }
            let text = serde_json::to_string(&(input, output)).unwrap();
            assert!(!text.contains("$ref") && !text.contains("$schema"), "{text}");
        }
    }

    #[test]
    fn what_models_see_changes_only_on_purpose() {
        let tools: Vec<_> = TOOLS
            .iter()
            .map(|tool| {
                serde_json::json!({
                    "info": tool.info,
                    "input": tool.input_schema(),
                    "output": tool.output_schema(),
                })
            })
            .collect();
        insta::assert_json_snapshot!("tools", tools);
    }

    #[test]
    fn toolsets_are_chosen_by_name() {
        let read_only = select(&[], Allowed { read_only: true, record: true }).unwrap();
        assert!(read_only.iter().all(|tool| tool.info.effect == Effect::ReadOnly));
        assert_eq!(select(&["knowledge".into()], Allowed::default()).unwrap().len(), read_only.len());
        let recording = select(&[], Allowed { record: true, ..Allowed::default() }).unwrap();
        assert_eq!(recording.len(), TOOLS.len());
        assert!(select(&["knowlege".into()], Allowed::default()).unwrap_err().contains("knowledge"));
    }
}
