//! The binary in an environment of its own: no variable, home or data directory of the machine reaches it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cloudops"))
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Documents that were written for the tests.
fn fixtures() -> PathBuf {
    repository().join("tests/fixtures/docs")
}

/// A home directory that lasts as long as the test.
pub(crate) struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("cloudops-it-").tempdir().unwrap();
        for dir in ["home", "files"] {
            fs_err::create_dir(root.path().join(dir)).unwrap();
        }
        Self { root }
    }

    /// A place for files of the test.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("files")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Where the index is unless a test says otherwise.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home().join("data/cloudops")
    }

    /// A folder with a copy of the fixtures, to be changed at will.
    pub(crate) fn docs(&self) -> PathBuf {
        let target = self.work().join("docs");
        copy_tree(&fixtures(), &target);
        target
    }

    /// The variables that a program is started with.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let home = self.home();
        let place = |name: &str| home.join(name).display().to_string();
        let mut variables = vec![
            ("HOME".to_owned(), home.display().to_string()),
            ("XDG_DATA_HOME".to_owned(), place("data")),
            ("XDG_CONFIG_HOME".to_owned(), place("config")),
            ("XDG_CACHE_HOME".to_owned(), place("cache")),
            ("NO_COLOR".to_owned(), "1".to_owned()),
            ("TZ".to_owned(), "UTC".to_owned()),
            ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ];
        variables.extend(super::variable("PATH").map(|path| ("PATH".to_owned(), path)));
        variables
    }

    /// The binary with arguments, ready to be started.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).env_clear().envs(self.environment()).current_dir(self.work()).stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Finished {
        self.finish(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub(crate) fn finish(&self, command: &mut Command) -> Finished {
        let output = command.output().unwrap();
        Finished { root: self.root.path().to_owned(), output }
    }

    /// Runs the binary, which must succeed, and reads the JSON that it prints.
    pub(crate) fn json<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Value {
        self.run(arguments).json()
    }

    /// Ingests a folder, which must succeed, and returns what became of it.
    pub(crate) fn ingest(&self, folder: &Path) -> Value {
        let report = self.json(["ingest", "--json", folder.to_str().unwrap()]);
        report["sources"][0].clone()
    }
}

/// What came of a run.
#[must_use]
pub(crate) struct Finished {
    root: PathBuf,
    pub(crate) output: Output,
}

impl Finished {
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("standard output is UTF-8")
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code(), Some(0), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn fails_with(&self, code: i32) -> &Self {
        assert_eq!(self.code(), Some(code), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        self.succeeds();
        serde_json::from_slice(&self.output.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

/// Everything that a person would see, with what differs between runs left out.
impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code().map_or("killed".to_owned(), |code| code.to_string());
        let text = format!("exit code: {code}\n--- stdout\n{}--- stderr\n{}", self.stdout(), self.stderr());
        let roots = [fs_err::canonicalize(&self.root).unwrap_or_default(), self.root.clone()];
        let text = roots.iter().fold(text, |text, root| text.replace(root.to_str().unwrap(), "[ROOT]"));
        f.write_str(&text.replace(repository().to_str().unwrap(), "[REPOSITORY]"))
    }
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}
