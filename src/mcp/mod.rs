//! The registry over MCP: the only part that knows rmcp.

mod adapter;
mod instructions;
mod server;

pub(crate) use server::serve;
