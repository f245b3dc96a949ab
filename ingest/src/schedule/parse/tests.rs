//! What can be written, what it means, and what is said about mistakes.

use super::*;

const FULL: &str = r#"
[defaults]
every = "24h"
jitter = "10m"
time_zone = "Europe/Berlin"
max_pages = 5_000

[[source]]
name = "aws"
kind = "aws-docs"
guides = ["ec2", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"]
cron = "0 3 * * MON"
catch_up = false
per_second = 2.5
tags = "AWS"

[[source]]
name = "site"
kind = "website"
start = ["https://docs.example.com/intro.html"]
exclude = ["*/archive/*"]
max_pages = 10
timeout = "20s"
allow_private = true
every = "never"

[[source]]
name = "runbooks"
kind = "folder"
path = "~/runbooks"
enabled = false
kind_of_documents = "troubleshooting"
services = ["EC2"]
every = "5m"
include = ["*.md"]

[[source]]
name = "tickets"
kind = "export"
path = "tickets.csv"
fields = { title = "Summary", text = "Description" }
"#;

#[test]
fn everything_can_be_said() {
    let sources = parse(FULL).unwrap();
    let [aws, site, runbooks, tickets] = sources.list.as_slice() else { panic!("{sources:?}") };

    let What::AwsDocs(docs) = &aws.what else { panic!("{aws:?}") };
    assert_eq!((docs.guides.len(), docs.limits.max_pages, docs.limits.per_second), (2, Some(5_000), Some(2.5)));
    let schedule = aws.schedule.as_ref().unwrap();
    let When::Cron(cron) = &schedule.when else { panic!("{schedule:?}") };
    assert_eq!((cron.text(), cron.zone_name(), schedule.catch_up), ("0 3 * * MON", "Europe/Berlin", false));
    assert_eq!((schedule.jitter, aws.tags.as_slice()), (Duration::from_mins(10), &["aws".to_owned()][..]));

    let What::Website(page) = &site.what else { panic!("{site:?}") };
    assert_eq!((page.limits.max_pages, page.limits.timeout), (Some(10), Some(Duration::from_secs(20))));
    assert!(page.limits.allow_private && site.schedule.is_none());

    assert!(!runbooks.enabled && runbooks.services == ["ec2"]);
    assert_eq!(runbooks.kind_of_documents, Some(Kind::Troubleshooting));
    // A jitter for all gives way to a short interval.
    assert_eq!(runbooks.schedule.as_ref().unwrap().jitter, Duration::from_secs(150));
    assert!(
        matches!(&runbooks.what, What::Folder(folder) if folder.path == "~/runbooks" && folder.include == ["*.md"])
    );

    assert!(matches!(&tickets.what, What::Export(export) if export.fields["title"] == "Summary"));
    assert_eq!(tickets.schedule.as_ref().unwrap().when, When::Every(Duration::from_hours(24)));
    assert_eq!(parse("").unwrap(), Sources::default());
    assert_eq!(parse("# nothing yet\n").unwrap(), Sources::default());
}

#[test]
fn the_list_may_be_written_inline() {
    let sources = parse("source = [{ name = 'a', kind = 'folder', path = '/a' }]").unwrap();
    assert_eq!(sources.list.len(), 1);
}

#[test]
fn mistakes_have_a_line_and_a_hint() {
    let folder = "[[source]]\nname = 'a'\nkind = 'folder'\npath = '/a'\n";
    let cases: &[(String, usize, &str, &str)] = &[
        ("[[source]]\nname = 'a'\nkind = 'folder\n".into(), 3, "", "TOML"),
        (format!("{folder}evry = '1h'\n"), 5, "unknown key `evry`", "Did you mean `every`?"),
        (format!("{folder}guides = ['ec2']\n"), 5, "unknown key `guides`", "kind `aws-docs`"),
        (format!("{folder}max_pages = 3\n"), 5, "unknown key `max_pages`", "`aws-docs` or `website`"),
        (format!("{folder}every = 5\n"), 5, "`every` is a whole number", ""),
        (format!("{folder}every = 'often'\n"), 5, "`often` is not a length of time", ""),
        (format!("{folder}every = '0s'\n"), 5, "at least a second", ""),
        (format!("{folder}every = '1h'\njitter = '1h'\n"), 6, "not shorter than every 1h", ""),
        (format!("{folder}every = '1h'\ncron = '0 3 * * *'\n"), 6, "both `every` and `cron`", "Leave one"),
        (format!("{folder}cron = '0 25 * * *'\n"), 5, "cron expression", "minute, hour"),
        (format!("{folder}time_zone = 'Mars'\n"), 5, "`Mars` is not a time zone", ""),
        (format!("{folder}enabled = 'yes'\n"), 5, "`enabled` is a text", ""),
        (format!("{folder}include = ['[']\n"), 5, "not a valid pattern", "Globs"),
        (format!("{folder}tags = [1]\n"), 5, "`tags` is a list", ""),
        (format!("{folder}kind_of_documents = 'poem'\n"), 5, "`poem` is not a kind of document", "troubleshooting"),
        (format!("{folder}\n{folder}"), 7, "two sources `a`", ""),
        ("\n[[source]]\nname = 'a b'\n".into(), 3, "cannot be the name", "letters"),
        ("\n[[source]]\nkind = 'folder'\n".into(), 2, "`name` is missing", ""),
        ("[[source]]\nname = 'a'\nkind = 'git'\n".into(), 3, "`git` is not a kind", "a `folder`"),
        ("[[source]]\nname = 'a'\nkind = 'folder'\n".into(), 1, "`path` is missing", ""),
        ("[[source]]\nname = 'a'\nkind = 'aws-docs'\nguides = []\n".into(), 4, "`guides` is empty", ""),
        ("[[source]]\nname = 'a'\nkind = 'website'\n".into(), 1, "no address", "start"),
        ("[[source]]\nname = 'a'\nkind = 'website'\nstart = 'ftp://x'\n".into(), 4, "not the address", "https"),
        (
            "[[source]]\nname = 'a'\nkind = 'aws-docs'\nguides = 'ec2'\nconcurrency = 100\n".into(),
            5,
            "from 1 to 64",
            "",
        ),
        ("[[source]]\nname='a'\nkind='aws-docs'\nguides='ec2'\nper_second=-1\n".into(), 5, "0 or more", ""),
        ("[source]\nname = 'a'\n".into(), 1, "must be a list", "[[source]]"),
        ("[[sources]]\nname = 'a'\n".into(), 1, "unknown key `sources`", "[[source]]"),
        ("[defaults]\nevery = '1h'\ntags = ['a']\n".into(), 3, "unknown key `tags`", "every source"),
        ("[defaults]\ncron = 'x'\n".into(), 2, "five fields", ""),
    ];
    for (text, line, message, hint) in cases {
        let mistake = parse(text).unwrap_err();
        assert_eq!(mistake.line, *line, "{mistake}\n{text}");
        assert!(mistake.message.contains(message), "{mistake}\n{text}");
        assert!(mistake.hint.as_deref().unwrap_or("").contains(hint), "{mistake:?}\n{text}");
        assert!(!mistake.message.contains('\n'), "{mistake}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_ends_the_program(text in "(?s).{0,200}") {
        drop(parse(&text));
    }

    #[test]
    fn no_value_ends_the_program(
        key in "(every|cron|jitter|timeout|guides|start|max_pages|per_second|fields|time_zone|path|include)",
        value in "('[^'\n]{0,20}'|-?[0-9]{1,20}|\\[[0-9, ]{0,5}\\]|true|[0-9]e[0-9]{1,3}|\\{ a = 1 \\}|1979-05-27)",
        kind in "(folder|website|aws-docs|export)",
    ) {
        drop(parse(&format!("[[source]]\nname = 'a'\nkind = '{kind}'\n{key} = {value}\n")));
    }
}
