//! Where the environment says that ONNX Runtime may be.

use std::path::PathBuf;

use cloudops_models::runtime::Search;

/// The variable that names the library itself. It is that of the binding, and known to others who use the runtime.
pub(crate) const LIBRARY: &str = "ORT_DYLIB_PATH";

/// Looks where the user's shared libraries and Pythons are.
#[expect(clippy::disallowed_methods, reason = "these belong to other programs, and are read here only")]
pub(crate) fn search(models_dir: PathBuf) -> Search {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let list = |name: &str| variable(name).map(|list| std::env::split_paths(&list).collect()).unwrap_or_default();
    let mut python_prefixes: Vec<PathBuf> =
        ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(|name| variable(name)).map(PathBuf::from).collect();
    // `~/.local` is where a user without rights installs packages.
    python_prefixes.extend(variable("HOME").map(|home| PathBuf::from(home).join(".local")));
    // Where a program is found, its prefix has the libraries: `/usr/bin` and `/usr/lib`.
    let programs: Vec<PathBuf> = list("PATH");
    python_prefixes.extend(programs.iter().filter_map(|bin| bin.parent()).map(PathBuf::from));
    let mut seen = Vec::new();
    python_prefixes.retain(|prefix| {
        let new = !seen.contains(prefix);
        seen.push(prefix.clone());
        new
    });
    Search {
        explicit: variable(LIBRARY).map(PathBuf::from),
        models_dir,
        library_dirs: list("LD_LIBRARY_PATH"),
        python_prefixes,
    }
}
