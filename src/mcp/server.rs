//! The MCP server over standard input and output.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, DiscoverResult, Implementation, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, ResourceContents, ResourceTemplate, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, ServerInitializeError};
use rmcp::{ErrorData, RoleServer, ServiceExt};

use super::{adapter, instructions};
use crate::app::App;
use crate::embedding;
use crate::recorded;
use crate::scheduling;
use crate::tools::{AnyTool, Effect, ToolError, View};

/// How long the tool list of a running server may be kept: for its life, in practice.
const LIST_TTL_MS: u64 = 24 * 60 * 60 * 1_000;
/// How long what an index says may be kept.
const DATA_TTL_MS: u64 = 60 * 1_000;
/// How long the first answer waits for the index to be opened before it speaks in general terms.
const PATIENCE: Duration = Duration::from_millis(250);
/// What is said of sources that are out of date may be so old.
const STALE_TTL: Duration = Duration::from_secs(30);
/// How long a source that is being run when the server ends has to stop. The index survives either way.
const GOODBYE: Duration = Duration::from_secs(5);
/// Calls that run at the same time; further ones wait.
const MAX_CALLS: usize = 16;
/// Bytes of a document that `resources/read` returns: a person asked for it, or a client that can hold it.
const RESOURCE_BYTES: usize = 200_000;

/// Serves tools until the input ends, and finishes the calls that are running then.
pub(crate) fn serve(app: App, tools: Vec<&'static AnyTool>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(MAX_CALLS)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    let server = Server::new(app, tools);
    let scheduling = start_scheduling(&server.app)?;
    let served = runtime.block_on(run(server));
    if let Some((stop, thread)) = scheduling {
        stop.store(true, Ordering::Relaxed);
        let end = Instant::now() + GOODBYE;
        while !thread.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    // A read of standard input that cannot be cancelled must not keep the process.
    runtime.shutdown_background();
    served
}

/// Runs sources when they are due, if the configuration says so.
fn start_scheduling(app: &Arc<App>) -> anyhow::Result<Option<(Arc<AtomicBool>, JoinHandle<()>)>> {
    if !app.settings().schedule.in_server {
        return Ok(None);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let thread = scheduling::in_background(Arc::clone(app), Arc::clone(&stop)).context("failed to start a thread")?;
    Ok(Some((stop, thread)))
}

async fn run(server: Server) -> anyhow::Result<()> {
    let service = match server.serve(rmcp::transport::io::stdio_pipes()).await {
        Ok(service) => service,
        // A client that leaves before it has said anything is no error of ours.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error).context("failed to agree on the protocol with the client"),
    };
    let cancel = service.cancellation_token();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
    });
    let reason = service.waiting().await.context("the server stopped")?;
    tracing::info!(?reason, "the client is gone");
    Ok(())
}

/// The registry as a server.
struct Server {
    app: Arc<App>,
    tools: Vec<&'static AnyTool>,
    /// Made once: the list is fixed for the life of the server.
    list: Vec<rmcp::model::Tool>,
    instructions: Arc<Instructions>,
}

/// The instructions, once the index is open.
#[derive(Default)]
struct Instructions {
    said: Mutex<Option<Said>>,
    ready: Condvar,
}

/// What was said, and what it was said of.
struct Said {
    text: String,
    /// The generation of the index; none has the number `u64::MAX`.
    generation: u64,
    /// What is out of date.
    stale: Option<String>,
    /// When that was looked for.
    looked: Instant,
}

impl Instructions {
    fn set(&self, said: Said) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
        self.ready.notify_all();
    }

    /// The instructions for what is indexed now, or general ones if the index is not open in time.
    fn get(&self, app: &App) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ready.wait_timeout_while(said, PATIENCE, |said| said.is_none());
        let (mut said, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let Some(said) = said.as_mut() else { return instructions::general() };
        // It is open: this costs the reading of a small file, and more only when something has changed.
        if let Ok(Some(newer)) = describe(app, Some(said)) {
            *said = newer;
        }
        said.text.clone()
    }
}

/// Instructions for the index as it is now, if they are not those that were said.
fn describe(app: &App, said: Option<&mut Said>) -> anyhow::Result<Option<Said>> {
    let index = app.index()?;
    index.refresh()?;
    let stale = match &said {
        Some(said) if said.looked.elapsed() < STALE_TTL => said.stale.clone(),
        _ => scheduling::out_of_date(app),
    };
    if let Some(said) = said
        && said.generation == index.generation()
        && said.stale == stale
    {
        if said.looked.elapsed() >= STALE_TTL {
            said.looked = Instant::now();
        }
        return Ok(None);
    }
    let summary = index.summary()?;
    let status = embedding::status(app, &summary)?;
    let text = instructions::of(&summary, &status, stale.as_deref());
    Ok(Some(Said { text, generation: summary.generation, stale, looked: Instant::now() }))
}

/// Opens the index, says what is in it, and sees to it that it becomes better.
fn prepare(app: &App, says: &Instructions) {
    match describe(app, None) {
        Ok(Some(said)) => says.set(said),
        Ok(None) => {}
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the index cannot be opened");
            let text = instructions::general();
            says.set(Said { text, generation: u64::MAX, stale: None, looked: Instant::now() });
            return;
        }
    }
    if let Ok(index) = app.index() {
        index.warm_up();
    }
    embedding::keep_filling(app);
}

impl Server {
    fn new(app: App, tools: Vec<&'static AnyTool>) -> Self {
        let app = Arc::new(app);
        let instructions = Arc::new(Instructions::default());
        // In the background: a client asks for the tools first, and they do not depend on the index.
        let (opening, says) = (Arc::clone(&app), Arc::clone(&instructions));
        std::thread::spawn(move || prepare(&opening, &says));
        let list = tools.iter().map(|tool| adapter::describe(tool)).collect();
        Self { app, tools, list, instructions }
    }

    /// Runs blocking work beside the protocol. A panic in it is a failure of the call, not of the server.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, ToolError> + Send + 'static,
    ) -> Result<T, ToolError> {
        let app = Arc::clone(&self.app);
        match tokio::task::spawn_blocking(move || work(&app)).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "a call panicked");
                Err(ToolError::internal("the tool failed in a way that it should not")
                    .hint("This is a mistake in cloudops; its log on standard error has the details."))
            }
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let implementation = Implementation::new("cloudops", env!("CARGO_PKG_VERSION")).with_title("cloudops");
        // Also asked for between calls, where it costs a lock and a copy once the index is open.
        ServerConfig::new(capabilities)
            .with_server_info(implementation)
            .with_instructions(self.instructions.get(&self.app))
    }

    async fn discover(&self, _context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(DATA_TTL_MS)
            .with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.list.clone())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Private))
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        self.list.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = *self.tools.iter().find(|tool| tool.info.name == request.name).ok_or_else(|| {
            let names: Vec<_> = self.tools.iter().map(|tool| tool.info.name).collect();
            ErrorData::invalid_params(
                format!("there is no tool `{}` (there are {})", request.name, names.join(", ")),
                None,
            )
        })?;
        let arguments = request.arguments.unwrap_or_default();
        let called = self.blocking(move |app| {
            let called = tool.call(app, arguments);
            if tool.info.effect == Effect::Records && called.is_ok() {
                recorded::publish_soon(app);
            }
            called
        });
        let called = called.await;
        Ok(adapter::result(called).into())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        // Tens of thousands of documents are found by searching, not by listing.
        Ok(ListResourcesResult::default().with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = ResourceTemplate::new("cloudops://document/{+id}", "document")
            .with_title("Indexed document")
            .with_description("A document by the `document` id of a search result, as Markdown.")
            .with_mime_type("text/markdown");
        Ok(ListResourceTemplatesResult::with_all_items(vec![template])
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri;
        let wanted = uri.clone();
        let read = self.blocking(move |app| {
            if !wanted.starts_with("cloudops://document/") {
                return Err(ToolError::not_found("addresses look like `cloudops://document/<id>`"));
            }
            let view = View::open(&*app.index()?, &wanted, None)?;
            let first = view.pages(RESOURCE_BYTES).swap_remove(0);
            let text = &view.stored.document.text;
            let rest = text.len() - first.len();
            let mut shown = text[first].to_owned();
            if rest > 0 {
                shown.push_str(&format!("\n\n[{rest} bytes follow: use the tool `read_document`]\n"));
            }
            Ok(shown)
        });
        match read.await {
            Ok(text) => {
                let contents = ResourceContents::text(text, uri).with_mime_type("text/markdown");
                let result = ReadResourceResult::new(vec![contents]);
                Ok(result.with_ttl_ms(DATA_TTL_MS).with_cache_scope(CacheScope::Private).into())
            }
            Err(error) if error.is_input() => Err(ErrorData::resource_not_found(error.text(), None)),
            Err(error) => Err(ErrorData::internal_error(error.text(), None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Flags};
    use crate::tools::TOOLS;

    #[test]
    fn a_panic_is_a_failure_of_its_call_only() {
        let dir = tempfile::tempdir().unwrap();
        let flags = Flags { data_dir: Some(dir.path().to_owned()), ..Flags::default() };
        let server = Server::new(App::new(config::load(&flags, &[]).unwrap()), TOOLS.iter().collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let error = runtime.block_on(server.blocking::<()>(|_| panic!("on purpose"))).unwrap_err();
        assert!(!error.is_input() && error.text().contains("hint: This is a mistake in cloudops"));
        let documents = runtime.block_on(server.blocking(|app| Ok(app.index()?.summary()?.documents))).unwrap();
        assert_eq!(documents as usize, crate::corpus::len());
        assert!(server.instructions.get(&server.app).contains("- corpus: "));
    }
}
