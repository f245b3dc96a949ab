//! Cases for folders: what is found, what is skipped and why.

use std::os::unix::fs::symlink;

use cloudops_indexes::model::Kind;
use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &[u8])]) -> (TempDir, FolderOptions) {
    let root = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = root.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }
    let options = FolderOptions::new(root.path(), "notes");
    (root, options)
}

fn names(walk: &Walk) -> Vec<&str> {
    walk.files.iter().map(|found| found.relative.as_str()).collect()
}

#[test]
fn finds_texts_and_nothing_else() {
    let (_root, mut options) = folder(&[
        ("b.md", b"b"),
        ("a/x.rst", b"x"),
        ("a/y.log", b"y"),
        (".git/c.md", b"c"),
        (".hidden.md", b"h"),
        ("node_modules/p/readme.md", b"p"),
        ("ignored.md", b"i"),
        (".gitignore", b"ignored.md"),
        ("z.HTML", b"<p>z"),
    ]);
    let walk_ = walk(&options).unwrap();
    assert_eq!(names(&walk_), ["a/x.rst", "b.md", "ignored.md", "z.HTML"]);
    assert!(walk_.failures.is_empty() && walk_.unreadable_dirs.is_empty());
    assert!(walk_.files.iter().all(|found| found.modified_ns > 0 && found.size > 0));
    assert_eq!(walk(&options).unwrap(), walk_, "the same every time");
    options.include_hidden = true;
    assert_eq!(names(&walk(&options).unwrap()), [".hidden.md", "a/x.rst", "b.md", "ignored.md", "z.HTML"]);
}

#[test]
fn patterns() {
    let (_root, options) = folder(&[("a/b/c.md", b"x"), ("a/d.md", b"x"), ("drafts/e.md", b"x"), ("f.txt", b"x")]);
    let cases: [(&[&str], &[&str], &[&str]); 7] = [
        (&["*.md"], &[], &["a/b/c.md", "a/d.md", "drafts/e.md"]),
        (&["a/*.md"], &[], &["a/d.md"]),
        (&["a/**"], &["b"], &["a/d.md"]),
        (&["a/"], &[], &["a/b/c.md", "a/d.md"]),
        (&[], &["drafts/", "*.txt"], &["a/b/c.md", "a/d.md"]),
        (&[], &["**/c.md"], &["a/d.md", "drafts/e.md", "f.txt"]),
        (&["/f.txt"], &[], &["f.txt"]),
    ];
    for (include, exclude, expected) in cases {
        let mut options = options.clone();
        options.include = include.iter().map(|glob| (*glob).to_owned()).collect();
        options.exclude = exclude.iter().map(|glob| (*glob).to_owned()).collect();
        assert_eq!(names(&walk(&options).unwrap()), expected, "{include:?} {exclude:?}");
    }
    let bad = FolderOptions { include: vec!["[".to_owned()], ..options };
    assert!(matches!(walk(&bad), Err(Error::BadPattern { .. })));
}

#[test]
fn a_missing_root_is_an_error_and_a_single_file_a_folder() {
    let (root, mut options) = folder(&[("one.md", b"# One\n")]);
    options.root = root.path().join("missing");
    assert!(matches!(walk(&options), Err(Error::Unreadable { .. })));
    options.root = root.path().join("one.md");
    let walk = walk(&options).unwrap();
    assert_eq!(names(&walk), ["one.md"]);
    let bytes = read(&walk.files[0], &options).unwrap();
    assert_eq!(prepare(&walk.files[0], &bytes, &options).unwrap().document.id, "notes/one.md");
}

#[test]
fn links() {
    let (root, mut options) = folder(&[("a/x.md", b"x")]);
    symlink(root.path(), root.path().join("a/loop")).unwrap();
    symlink(root.path().join("a/x.md"), root.path().join("y.md")).unwrap();
    symlink(root.path().join("gone.md"), root.path().join("z.md")).unwrap();
    assert_eq!(names(&walk(&options).unwrap()), ["a/x.md"]);
    options.follow_symlinks = true;
    let walk = walk(&options).unwrap();
    assert_eq!(names(&walk), ["a/x.md", "y.md"]);
    let failures: Vec<_> = walk.failures.iter().map(|f| (f.path.as_str(), f.reason.to_string())).collect();
    let expected =
        [("a/loop", "it links to a folder that was already read".to_owned()), ("z.md", "it does not exist".to_owned())];
    assert_eq!(failures, expected);
}

#[test]
fn what_cannot_be_read_is_reported() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    let (root, mut options) =
        folder(&[("big.md", &[b'x'; 100]), ("bin.md", b"PK\0\0"), ("ok.md", b"ok"), ("shut/in.md", b"x")]);
    options.max_file_bytes = 99;
    let odd = root.path().join(std::ffi::OsStr::from_bytes(b"odd\xff.md"));
    fs_err::write(odd, "odd").unwrap();
    fs_err::set_permissions(root.path().join("shut"), PermissionsExt::from_mode(0o000)).unwrap();
    let walk = walk(&options).unwrap();
    // Root may list any folder, so the closed one is only reported to others.
    if fs_err::read_dir(root.path().join("shut")).is_err() {
        assert_eq!(walk.unreadable_dirs, ["shut"]);
    }
    fs_err::set_permissions(root.path().join("shut"), PermissionsExt::from_mode(0o755)).unwrap();
    let reasons: Vec<_> = walk.failures.iter().map(|failure| &failure.reason).collect();
    assert_eq!(reasons, [&Reason::TooLarge { size: 100, limit: 99 }, &Reason::NameNotUtf8]);
    let found = |name: &str| walk.files.iter().find(|found| found.relative == name).unwrap().clone();
    let binary = found("bin.md");
    let bytes = read(&binary, &options).unwrap();
    assert_eq!(prepare(&binary, &bytes, &options).unwrap_err().reason, Reason::NotText);
    // A file that grew or went away after the walk.
    let ok = found("ok.md");
    fs_err::write(&ok.path, [b'y'; 200]).unwrap();
    assert!(matches!(read(&ok, &options).unwrap_err().reason, Reason::TooLarge { .. }));
    fs_err::remove_file(&ok.path).unwrap();
    let gone = read(&ok, &options).unwrap_err();
    assert_eq!((gone.path.as_str(), gone.reason.keeps_last_version()), ("ok.md", true));
}

fn found(relative: &str) -> Found {
    let path = PathBuf::from("/data").join(relative);
    Found { path, relative: relative.to_owned(), size: 0, modified_ns: 0, committed: None }
}

#[test]
fn documents_of_the_aws_documentation() {
    let options = FolderOptions::new("/data", "aws-docs");
    let page = found("amazon-ec2-user-guide/doc_source/make-widgets.md");
    let text = b"# Make widgets<a name=\"make-widgets\"></a>\n\nWith care\\.\n";
    let Prepared { document, passages, .. } = prepare(&page, text, &options).unwrap();
    assert_eq!(document.id, "aws-docs/amazon-ec2-user-guide/doc_source/make-widgets.md");
    assert_eq!(document.url.as_deref(), Some("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/make-widgets.html"));
    assert_eq!((document.kind, document.guide.as_deref()), (Kind::Documentation, Some("amazon-ec2-user-guide")));
    assert_eq!(document.services[0], "ec2");
    assert_eq!(document.title, "Make widgets");
    assert_eq!((passages.len(), passages[0].anchor.as_deref()), (1, Some("make-widgets")));
}

#[test]
fn documents_of_plain_folders() {
    let mut options = FolderOptions::new("/data", "team");
    options.tags = vec!["Ours".to_owned()];
    options.url_base = Some("https://wiki.example.org/".to_owned());
    let plain = prepare(&found("runbooks/restart-cache.md"), b"Do it.", &options).unwrap().document;
    assert_eq!(
        (plain.kind, plain.title.as_str(), plain.guide.as_deref()),
        (Kind::Troubleshooting, "restart cache", Some("runbooks"))
    );
    assert_eq!(plain.url.as_deref(), Some("https://wiki.example.org/runbooks/restart-cache.md"));
    assert_eq!((plain.services.len(), &plain.tags[..]), (0, &["ours".to_owned()][..]));
    options.kind = Some(Kind::Note);
    let text = b"---\nkind: incident\nservices: RDS, ec2\ndate: 2020-01-01\nurl: https://e.org/x\n---\n# Outage\ntext";
    let own = prepare(&found("a.md"), text, &options).unwrap().document;
    assert_eq!((own.kind, own.services.join(" "), own.guide), (Kind::Incident, "rds ec2".to_owned(), None));
    assert_eq!((own.updated, own.url.as_deref()), (Some(1_577_836_800), Some("https://e.org/x")));
    let committed = Found { committed: Some(7), ..found("a.md") };
    assert_eq!(
        prepare(&committed, text, &options).unwrap().document.updated,
        Some(1_577_836_800),
        "its own word counts"
    );
    assert_eq!(prepare(&committed, b"text", &options).unwrap().document.updated, Some(7));
    assert_eq!(prepare(&found("b.md"), b" \n\n", &options).unwrap_err().reason, Reason::Empty);
    assert_eq!(prepare(&found("b.exe"), b"x", &options).unwrap_err().reason, Reason::UnknownFormat);
}

#[test]
fn the_hash_covers_what_decides_the_document() {
    let options = FolderOptions::new("/data", "team");
    let hash = content_hash(&found("a.md"), b"text", &options);
    assert_eq!(hash, content_hash(&found("a.md"), b"text", &options));
    let tagged = FolderOptions { tags: vec!["x".to_owned()], ..options.clone() };
    let kinded = FolderOptions { kind: Some(Kind::Pattern), ..options.clone() };
    for other in [
        content_hash(&found("a.md"), b"texts", &options),
        content_hash(&found("b.md"), b"text", &options),
        content_hash(&found("a.md"), b"text", &tagged),
        content_hash(&found("a.md"), b"text", &kinded),
        content_hash(&Found { committed: Some(1), ..found("a.md") }, b"text", &options),
    ] {
        assert_ne!(hash, other);
    }
}

#[test]
fn notes_are_masked_and_documentation_is_not() {
    use crate::mask::{Masked, Secret};

    let text = "---\ntitle: Ask bob@example.com\nkind: incident\ncause: password=hunter22\n---\n# Key AKIA1234567890ABCDEF leaked\n\n\
        ## Login `Pa55word!`: password is `Pa55word!`\n\nRotated.\n";
    let options = FolderOptions::new("/data", "team");
    let Prepared { document, passages, masked } = prepare(&found("a.md"), text.as_bytes(), &options).unwrap();
    let kinds: Vec<_> = masked.iter().map(|Masked { kind, line }| (*kind, *line)).collect();
    let shown = serde_json::to_string(&(&document, &passages)).unwrap();
    for secret in ["bob@example.com", "hunter22", "Pa55word!", "AKIA1234567890ABCDEF"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    // The title is none of the text's; the cause is a line of its last section.
    let expected = [
        (Secret::Email, 1),
        (Secret::AwsAccessKeyId, 1),
        (Secret::Password, 3),
        (Secret::Password, 3),
        (Secret::Password, 9),
    ];
    assert_eq!(kinds, expected);
    assert!(passages.iter().all(|passage| document.text.get(passage.range.clone()).is_some()));
    assert!(passages[0].heading_path.iter().chain([&document.title]).any(|heading| heading.contains('[')));

    let guide = text.replace("incident", "troubleshooting");
    let Prepared { document, masked, .. } = prepare(&found("a.md"), guide.as_bytes(), &options).unwrap();
    assert!(masked.is_empty() && document.text.contains("hunter22"));
}
