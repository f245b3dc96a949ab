//! What is left after every step at which an installation can be killed.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;

fn manifest(name: &str) -> Manifest {
    Manifest {
        name: name.into(),
        kind: Kind::Embedder,
        source: "a folder".into(),
        model: "model.onnx".into(),
        precision: "as-is".into(),
        dimensions: 3,
        pooling: Pooling::Mean,
        max_tokens: 128,
        query_prefix: String::new(),
        installed: 1,
        files: BTreeMap::new(),
    }
}

fn stage(store: &Store, lock: &Lock, name: &str, content: &str) -> Staging {
    let mut staging = store.stage(name, lock).unwrap();
    fs_err::write(staging.dir().join("model.onnx"), content).unwrap();
    staging.add("model.onnx", Checked::Received);
    let files = staging.records().unwrap();
    staging.describe(&Manifest { files, ..manifest(name) }).unwrap();
    staging
}

fn install(store: &Store, name: &str, content: &str) {
    let lock = store.lock().unwrap();
    stage(store, &lock, name, content).publish().unwrap();
}

fn content(store: &Store, name: &str) -> String {
    fs_err::read_to_string(store.get(name).unwrap().model_file()).unwrap()
}

#[test]
fn models_come_go_and_one_is_in_use() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path().join("models"));
    assert!(store.list().unwrap().is_empty());
    assert_eq!(store.in_use().unwrap(), None);
    install(&store, "b", "one");
    install(&store, "a", "two");
    install(&store, "b", "three");
    assert_eq!(store.names().unwrap(), ["a", "b"]);
    assert_eq!(content(&store, "b"), "three");
    store.use_model("b").unwrap();
    assert_eq!(store.in_use().unwrap().as_deref(), Some("b"));
    assert!(matches!(store.remove("b", false), Err(ModelError::InUse(_))));
    assert!(matches!(store.use_model("c"), Err(ModelError::NotInstalled(_))));
    assert!(store.remove("b", true).unwrap() > 5);
    assert_eq!(store.in_use().unwrap(), None);
    assert_eq!(store.names().unwrap(), ["a"]);
    assert!(matches!(store.remove("b", false), Err(ModelError::NotInstalled(_))));
}

#[test]
fn an_installation_killed_while_it_fills_leaves_the_old_one() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    install(&store, "m", "old");
    let lock = store.lock().unwrap();
    // As if killed: nothing is dropped.
    std::mem::forget(stage(&store, &lock, "m", "half"));
    fs_err::write(dir.path().join("m.partial/rubbish"), "x").unwrap();
    drop(lock);
    assert_eq!(content(&store, "m"), "old");
    assert_eq!(store.names().unwrap(), ["m"]);
    install(&store, "m", "new");
    assert_eq!(content(&store, "m"), "new");
    assert!(!dir.path().join("m/rubbish").exists() && !dir.path().join("m.partial").exists());
}

#[test]
fn what_a_killed_installation_filled_is_deleted_by_whoever_changes_something_next() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    install(&store, "m", "old");
    let lock = store.lock().unwrap();
    std::mem::forget(stage(&store, &lock, "other", "half"));
    drop(lock);
    assert!(dir.path().join("other.partial").exists());
    store.use_model("m").unwrap();
    assert!(!dir.path().join("other.partial").exists());
    assert_eq!(content(&store, "m"), "old");
}

#[test]
fn an_installation_killed_between_its_renames_leaves_the_old_one() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    install(&store, "m", "old");
    store.use_model("m").unwrap();
    fs_err::rename(dir.path().join("m"), dir.path().join("m.old")).unwrap();
    assert_eq!(content(&store, "m"), "old", "a reader without a lock");
    assert_eq!(store.names().unwrap(), ["m"]);
    drop(store.lock().unwrap());
    assert!(dir.path().join("m").is_dir() && !dir.path().join("m.old").exists());
    assert_eq!(content(&store, "m"), "old");
}

#[test]
fn an_installation_killed_before_it_deletes_the_old_one_leaves_the_new_one() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    install(&store, "m", "old");
    fs_err::rename(dir.path().join("m"), dir.path().join("kept")).unwrap();
    install(&store, "m", "new");
    fs_err::rename(dir.path().join("kept"), dir.path().join("m.old")).unwrap();
    assert_eq!(content(&store, "m"), "new");
    drop(store.lock().unwrap());
    assert!(!dir.path().join("m.old").exists());
    assert_eq!(content(&store, "m"), "new");
}

#[test]
fn a_removal_killed_half_way_leaves_no_model() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    install(&store, "m", "old");
    fs_err::remove_file(dir.path().join("m").join(MANIFEST)).unwrap();
    assert!(store.names().unwrap().is_empty());
    assert!(matches!(store.get("m"), Err(ModelError::NotInstalled(_))));
    install(&store, "m", "new");
    assert_eq!(content(&store, "m"), "new");
}

#[test]
fn an_abandoned_installation_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    drop(stage(&store, &lock, "m", "half"));
    assert!(!dir.path().join("m.partial").exists());
    assert!(store.names().unwrap().is_empty());
}

#[test]
fn changed_files_are_found() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    install(&store, "m", "content");
    assert!(store.verify("m").unwrap().is_empty());
    let file = dir.path().join("m/model.onnx");
    fs_err::write(&file, "CONTENT").unwrap();
    assert!(store.get("m").is_ok(), "the same size");
    assert!(store.verify("m").unwrap()[0].contains("SHA-256"));
    fs_err::write(&file, "short").unwrap();
    assert!(matches!(store.get("m"), Err(ModelError::Damaged { .. })));
    fs_err::remove_file(&file).unwrap();
    assert!(store.get("m").unwrap_err().to_string().contains("missing"));
    assert_eq!(store.verify("m").unwrap().len(), 1);
    fs_err::write(dir.path().join("m/model.json"), "{").unwrap();
    assert!(matches!(store.get("m"), Err(ModelError::Damaged { .. })));
    assert!(store.list().unwrap().is_empty());
    assert_eq!(store.verify("m").unwrap().len(), 1);
}

#[test]
fn only_one_changes_models_at_a_time() {
    let dir = TempDir::new().unwrap();
    let store = Store::new(dir.path());
    let lock = store.lock().unwrap();
    assert!(matches!(store.lock(), Err(ModelError::Locked(_))));
    drop(lock);
    assert!(store.lock().is_ok());
}

#[test]
fn names_stay_inside_the_directory() {
    for name in ["", ".", "..", ".x", "a/b", "a\\b", "runtime", "downloads", "IN_USE", "m.partial", "m.old", "ü"] {
        assert!(check_name(name).is_err(), "{name}");
    }
    for name in ["all-minilm-l6-v2", "bge_small.en", "M"] {
        assert!(check_name(name).is_ok(), "{name}");
    }
}

#[test]
fn the_version_follows_what_changes_vectors() {
    let record = |sum: &str| FileRecord { bytes: 1, sha256: sum.into(), checked: Checked::Received };
    let base = Manifest { files: [("model.onnx".to_owned(), record("a"))].into(), ..manifest("m") };
    let mut same = base.clone();
    same.installed = 99;
    same.source = "elsewhere".into();
    same.files.insert("config.json".into(), record("c"));
    assert_eq!(base.version(), same.version());
    let mut graph = base.clone();
    graph.files.insert("model.onnx".into(), record("b"));
    let mut tokens = base.clone();
    tokens.files.insert("tokenizer.json".into(), record("b"));
    let pooling = Manifest { pooling: Pooling::Cls, ..base.clone() };
    let prefix = Manifest { query_prefix: "q: ".into(), ..base.clone() };
    for other in [graph, tokens, pooling, prefix] {
        assert_ne!(base.version(), other.version());
    }
}
