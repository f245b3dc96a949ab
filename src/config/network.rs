//! What the environment says about downloading.

use cloudops_models::install::Network;

/// The variable that names the model hub. It is that of the hub's own tools.
pub(crate) const HUB: &str = "HF_ENDPOINT";
/// The variable that names the package index. It is that of `pip`.
pub(crate) const INDEX: &str = "PIP_INDEX_URL";

/// Downloads from where the user's other tools do. Proxies are the HTTP client's own business.
#[expect(clippy::disallowed_methods, reason = "these belong to other programs, and are read here only")]
pub(crate) fn network(offline: bool) -> Network {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let defaults = Network::default();
    Network {
        offline,
        hub: variable(HUB).unwrap_or(defaults.hub),
        index: variable(INDEX).unwrap_or(defaults.index),
        ..Network::default()
    }
}
