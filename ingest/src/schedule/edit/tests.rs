//! Edits of files that people wrote by hand.

use super::*;

const FILE: &str = r#"# What we read, and when. Ask Ada before you change it.

# Everything at night.
[defaults]
every = "24h"   # unless it says otherwise

# The guides of the platform team.
[[source]]
kind = "aws-docs"
name = "aws"      # do not rename: links point here
guides = [
    "ec2",  # theirs
    "rds",
]

# --- ours ---

# Runbooks.
[[source]]
  name = "runbooks"
  kind = "folder"
  path = "/srv/runbooks"
  # enabled = true

[[source]]
name = "tickets"
kind = "export"
path = "tickets.csv"
[source.fields]
title = "Summary" # the short one

# The end.
"#;

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment.trim()).collect()
}

#[test]
fn adding_appends() {
    let new = NewSource::new("site", "website")
        .with_list("start", &["https://docs.example.com/a \"b\"".to_owned()])
        .with("every", "1h")
        .with_some("max_pages", Some(10_i64))
        .with_some("per_second", None::<f64>)
        .with_table("ignored", &[]);
    let edited = add(FILE, &new).unwrap();
    let added = edited.strip_prefix(FILE).unwrap();
    let expected = "\n[[source]]\nname = \"site\"\nkind = \"website\"\nstart = ['https://docs.example.com/a \"b\"']\n\
                    every = \"1h\"\nmax_pages = 10\n";
    assert_eq!(added, expected);
    let first = add("", &NewSource::new("a", "folder").with("path", "C:\\docs")).unwrap();
    assert_eq!(first, "[[source]]\nname = \"a\"\nkind = \"folder\"\npath = 'C:\\docs'\n");
    assert!(
        add("# no newline", &NewSource::new("a", "folder").with("path", "/a"))
            .unwrap()
            .starts_with("# no newline\n\n[")
    );
    assert!(matches!(add(FILE, &NewSource::new("aws", "folder").with("path", "/a")), Err(EditError::Exists(_))));
    let refused = add(FILE, &NewSource::new("a", "folder").with("path", "/a").with("every", "often")).unwrap_err();
    assert!(refused.to_string().contains("`often` is not a length"), "{refused}");
}

#[test]
fn removing_takes_the_source_and_its_own_comment_only() {
    let edited = remove(FILE, "aws").unwrap();
    let expected: Vec<_> = comments(FILE)
        .into_iter()
        .filter(|comment| {
            !["The guides of the platform team.", "do not rename: links point here", "theirs"].contains(comment)
        })
        .collect();
    assert_eq!(comments(&edited), expected);
    assert!(edited.contains("otherwise\n\n# --- ours ---\n\n# Runbooks.\n[[source]]\n  name"), "{edited}");

    let edited = remove(&edited, "tickets").unwrap();
    assert!(edited.ends_with("  # enabled = true\n\n# The end.\n"), "{edited}");
    assert!(!edited.contains("Summary"));

    let edited = remove(&edited, "runbooks").unwrap();
    assert_eq!(
        edited,
        "# What we read, and when. Ask Ada before you change it.\n\n# Everything at night.\n[defaults]\n\
         every = \"24h\"   # unless it says otherwise\n\n# --- ours ---\n\n  # enabled = true\n\n# The end.\n"
    );
    let error = remove(FILE, "nothing").unwrap_err();
    assert!(matches!(error, EditError::Missing { known, .. } if known == ["aws", "runbooks", "tickets"]));
}

#[test]
fn what_is_added_and_removed_again_leaves_no_trace() {
    for text in [FILE, "", "# mine\n", "[defaults]\nevery = \"1h\"\n"] {
        let added = add(text, &NewSource::new("new", "folder").with("path", "/new")).unwrap();
        assert_eq!(remove(&added, "new").unwrap(), text);
    }
}

#[test]
fn switching_changes_one_word_or_adds_one_line() {
    let off = set_enabled(FILE, "aws", false).unwrap();
    assert_eq!(off, FILE.replace("points here\n", "").replace("here\n", "here\nenabled = false\n"));
    let on = set_enabled(&off, "aws", true).unwrap();
    assert_eq!(on, off.replace("enabled = false", "enabled = true"));
    assert!(set_enabled(FILE, "runbooks", false).unwrap().contains("\"runbooks\"\n  enabled = false\n  kind"));
    assert_eq!(set_enabled(FILE, "aws", true).unwrap(), FILE, "it is on already");
    let inline = "source = [{ name = 'a', kind = 'folder', path = '/a' }] # all\n";
    let off = set_enabled(inline, "a", false).unwrap();
    assert_eq!(off, "source = [{ name = 'a', enabled = false, kind = 'folder', path = '/a' }] # all\n");
}

#[test]
fn windows_line_ends_stay() {
    let text = FILE.replace('\n', "\r\n");
    let only = |text: &str| text.matches('\n').count() == text.matches("\r\n").count();
    for edited in [
        add(&text, &NewSource::new("new", "folder").with("path", "/new")).unwrap(),
        remove(&text, "aws").unwrap(),
        set_enabled(&text, "aws", false).unwrap(),
    ] {
        assert!(only(&edited), "{edited:?}");
    }
}

#[test]
fn what_cannot_be_changed_safely_is_refused() {
    let inline = "source = [{ name = 'a', kind = 'folder', path = '/a' }]\n";
    assert!(matches!(add(inline, &NewSource::new("b", "folder").with("path", "/b")), Err(EditError::Unusual(_))));
    assert!(matches!(remove(inline, "a"), Err(EditError::Unusual(_))));
    // A table of the source comes after one that is not its own.
    let scattered =
        "[[source]]\nname = 'a'\nkind = 'export'\npath = '/a'\n[defaults]\nevery = '1h'\n[source.fields]\na = 'b'\n";
    assert!(matches!(remove(scattered, "a"), Err(EditError::Unusual(_))));
    assert!(matches!(remove("[[source]]\nname = 1\n", "a"), Err(EditError::Before(_))));
}
