use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn one_form(href: &str) -> Option<String> {
    let base = url("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/concepts.html?x=1#top");
    canonical(href, Some(&base)).map(String::from)
}

#[test]
fn one_form_for_each_page() {
    let guide = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/";
    for (href, expected) in [
        ("ebs.html", "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs.html"),
        ("./ebs.html#volumes", "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs.html"),
        ("../../../lambda/latest/dg/", "https://docs.aws.amazon.com/lambda/latest/dg/"),
        ("//docs.aws.amazon.com/x", "https://docs.aws.amazon.com/x"),
        ("/a//b", "https://docs.aws.amazon.com/a//b"),
        ("HTTPS://DOCS.AWS.Amazon.COM:443/a", "https://docs.aws.amazon.com/a"),
        ("http://docs.aws.amazon.com:80/a", "http://docs.aws.amazon.com/a"),
        ("https://user:secret@docs.aws.amazon.com/a", "https://docs.aws.amazon.com/a"),
        ("https://docs.aws.amazon.com./a", "https://docs.aws.amazon.com/a"),
        (r"\\docs.aws.amazon.com\a\b", "https://docs.aws.amazon.com/a/b"),
        ("  \n/a\tb\n ", "https://docs.aws.amazon.com/ab"),
        ("/%7euser/%2fa%c3%a4", "https://docs.aws.amazon.com/~user/%2Fa%C3%A4"),
        ("/ä b", "https://docs.aws.amazon.com/%C3%A4%20b"),
        ("/100%", "https://docs.aws.amazon.com/100%25"),
        ("/%%37E", "https://docs.aws.amazon.com/%257E"),
        ("/%2e%2E/a/%2e/b", "https://docs.aws.amazon.com/a/b"),
        ("/a?utm_source=x&b=2&icmpid=docs&a=1", "https://docs.aws.amazon.com/a?b=2&a=1"),
        ("/a?", "https://docs.aws.amazon.com/a"),
        ("/a?&&", "https://docs.aws.amazon.com/a"),
        ("/a?utm%5Fsource=x", "https://docs.aws.amazon.com/a"),
        ("/a?sc_channel=ba&p=1", "https://docs.aws.amazon.com/a?p=1"),
        ("https://example.com/a?sc_channel=ba", "https://example.com/a?sc_channel=ba"),
        ("https://aws.amazon.com/a/?nc1=h_ls&p=2", "https://aws.amazon.com/a/?p=2"),
        ("/a/index.html", "https://docs.aws.amazon.com/a/index.html"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ] {
        assert_eq!(one_form(href).as_deref(), Some(expected), "{href}");
    }
    assert_eq!(one_form("").as_deref(), Some("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/concepts.html?x=1"));
    assert!(one_form("?page=2").is_some_and(|url| url.starts_with(guide)));
}

#[test]
fn no_address_of_the_web() {
    let long_host = format!("https://{}.com/", "a".repeat(3000));
    let long = format!("/{}", "ä".repeat(4000));
    for href in [
        "javascript:alert(1)",
        "JavaScript\n:alert(1)",
        "mailto:a@example.com",
        "data:text/html,<p>x",
        "ftp://example.com/",
        "file:///etc/passwd",
        "about:blank",
        "https://",
        "https://exa mple.com/",
        "https://[::1/",
        "https://example.com:99999/",
        "https://%00/",
        "tel:+49",
        &long_host,
        &long,
    ] {
        assert_eq!(one_form(href), None, "{href}");
    }
    assert_eq!(canonical("page.html", None), None, "relative to nothing");
}

#[test]
fn languages() {
    for (address, language, plain) in [
        ("https://docs.aws.amazon.com/de_de/lambda/x.html", Some("de_de"), "https://docs.aws.amazon.com/lambda/x.html"),
        ("https://docs.aws.amazon.com/lambda/x.html", None, "https://docs.aws.amazon.com/lambda/x.html"),
        ("https://docs.aws.amazon.com/ar/lambda/", Some("ar"), "https://docs.aws.amazon.com/lambda/"),
        ("https://docs.aws.amazon.com/zh_cn", Some("zh_cn"), "https://docs.aws.amazon.com/"),
        ("https://docs.aws.amazon.com/ja_jp//x", Some("ja_jp"), "https://docs.aws.amazon.com//x"),
        ("https://aws.amazon.com/jp/ec2/", Some("ja"), "https://aws.amazon.com/ec2/"),
        ("https://aws.amazon.com/tw/ec2/", Some("zh_tw"), "https://aws.amazon.com/ec2/"),
        ("https://aws.amazon.com/ec2/", None, "https://aws.amazon.com/ec2/"),
        ("https://repost.aws/ko/knowledge-center/x", Some("ko"), "https://repost.aws/knowledge-center/x"),
        ("https://repost.aws/zh-Hans/x", Some("zh-Hans"), "https://repost.aws/x"),
        ("https://repost.aws/knowledge-center/x", None, "https://repost.aws/knowledge-center/x"),
        ("https://example.com/pt-br/x", Some("pt-br"), "https://example.com/x"),
        ("https://example.com/go-to/x", None, "https://example.com/go-to/x"),
        ("https://example.com/it/x", None, "https://example.com/it/x"),
        ("https://example.com/", None, "https://example.com/"),
    ] {
        let address = url(address);
        assert_eq!(locale(&address), language, "{address}");
        assert_eq!(without_locale(&address).as_str(), plain, "{address}");
    }
    assert!(is_english("en_us") && is_english("EN") && !is_english("de_de") && !is_english(""));
}

fn scope(prefixes: &[&str], exclude: &[&str]) -> Scope {
    let exclude: Vec<String> = exclude.iter().map(ToString::to_string).collect();
    Scope::new(prefixes.iter().map(|prefix| url(prefix)).collect(), &exclude).unwrap()
}

#[test]
fn under_a_prefix() {
    let scope = scope(
        &["https://host.example/a/b/", "http://plain.example/x", "http://127.0.0.1:8080/", "https://host.example/c"],
        &["/a/b/old/*", "draft-*.html", "https://host.example/c/*?print=1", "*/notes*"],
    );
    for (address, inside) in [
        ("https://host.example/a/b/", true),
        ("https://host.example/a/b", true),
        ("https://host.example/a/b/c/d.html?x=1", true),
        ("https://host.example/a/b?x=1", true),
        ("https://host.example/a/bc", false),
        ("https://host.example/a/", false),
        ("https://host.example/A/b/", false),
        ("https://www.host.example/a/b/", false),
        ("https://host.example.evil.example/a/b/", false),
        ("https://host.example:8443/a/b/", false),
        ("http://host.example/a/b/", false),
        ("http://plain.example/x/y", true),
        ("https://plain.example/x/y", true),
        ("https://plain.example:8443/x/y", false),
        ("http://127.0.0.1:8080/any/thing", true),
        ("https://127.0.0.1/any/thing", false),
        ("http://127.0.0.1:8081/", false),
        ("https://host.example/c", true),
        ("https://host.example/a/b/old/x.html", false),
        ("https://host.example/a/b/older.html", true),
        ("https://host.example/a/b/q/draft-1.html", false),
        ("https://host.example/c/x?print=1", false),
        ("https://host.example/c/x?print=2", true),
        ("https://host.example/c/release/notes-3", false),
        ("ftp://host.example/a/b/", false),
    ] {
        assert_eq!(scope.contains(&url(address)), inside, "{address}");
    }
    let mut hosts: Vec<_> = scope.hosts().collect();
    hosts.sort_unstable();
    assert_eq!(hosts, ["127.0.0.1", "host.example", "plain.example"]);
}

#[test]
fn old_links_are_admitted_with_https() {
    let scope = scope(&["https://host.example/a/"], &[]);
    let admit = |address: &str| scope.admit(url(address)).map(String::from);
    assert_eq!(admit("http://host.example/a/x").as_deref(), Some("https://host.example/a/x"));
    assert_eq!(admit("https://host.example/a/x").as_deref(), Some("https://host.example/a/x"));
    assert_eq!(admit("http://host.example:8080/a/x"), None);
    assert_eq!(admit("http://host.example/b"), None);
}

#[test]
fn traps() {
    let scope = scope(&["https://host.example/"], &[]);
    let deep = format!("https://host.example/{}", (0..30).map(|at| format!("d{at}")).collect::<Vec<_>>().join("/"));
    for (address, inside) in [
        ("https://host.example/a/b/a/b", true),
        ("https://host.example/a/b/a/b/a/b", false),
        ("https://host.example/x?a=1&b=2&c=3&d=4&e=5&f=6", true),
        ("https://host.example/x?a=1&b=2&c=3&d=4&e=5&f=6&g=7", false),
        (&format!("https://host.example/{}", "x".repeat(399)), true),
        (&format!("https://host.example/{}", "x".repeat(400)), false),
        (&format!("https://host.example/?q={}", "x".repeat(400)), false),
        (&deep, false),
    ] {
        assert_eq!(scope.contains(&url(address)), inside, "{address}");
    }
}

#[test]
fn languages_of_a_scope() {
    let of_root = scope(&["https://docs.aws.amazon.com/"], &[]);
    assert!(of_root.contains(&url("https://docs.aws.amazon.com/lambda/")));
    assert!(of_root.contains(&url("https://docs.aws.amazon.com/en_us/lambda/")));
    assert!(!of_root.contains(&url("https://docs.aws.amazon.com/de_de/lambda/")));
    assert!(of_root.with_locales(Locales::Any).contains(&url("https://docs.aws.amazon.com/de_de/lambda/")));
    let german = scope(&["https://docs.aws.amazon.com/de_de/lambda/"], &[]);
    assert!(german.contains(&url("https://docs.aws.amazon.com/de_de/lambda/x")));
}

#[test]
fn what_is_no_scope() {
    assert_eq!(Scope::new(Vec::new(), &[]).unwrap_err(), ScopeError::Empty);
    let file = url("file:///etc/");
    assert_eq!(Scope::new(vec![file], &[]).unwrap_err(), ScopeError::NotWeb("file:///etc/".to_owned()));
    let bad = Scope::new(vec![url("https://a.example/")], &["a[".to_owned()]).unwrap_err();
    assert!(matches!(bad, ScopeError::BadPattern { ref pattern, .. } if pattern == "a["), "{bad}");
}

#[test]
fn assets() {
    for (address, asset) in [
        ("https://a.example/x.PNG", true),
        ("https://a.example/x.tar.gz?x=y", true),
        ("https://a.example/x.html", false),
        ("https://a.example/x.png/y", false),
        ("https://a.example/Node.js", false),
        ("https://a.example/", false),
        ("https://a.example/v1.2", false),
    ] {
        assert_eq!(is_asset(&url(address)), asset, "{address}");
    }
}

proptest! {
    #[test]
    fn canonical_is_canonical(href in "(https?:)?[/\\\\]{0,3}[a-zäß.@:%\\[\\]0-9]{0,12}[/\\\\?#&=%a-fA-F0-9._~ä \\t;-]{0,40}") {
        let base = url("https://docs.aws.amazon.com/a/b.html");
        if let Some(once) = canonical(&href, Some(&base)) {
            prop_assert_eq!(canonical(once.as_str(), None), Some(once.clone()));
            prop_assert!(once.fragment().is_none() && once.username().is_empty() && once.password().is_none());
        }
    }

    #[test]
    fn anything_at_all(href in any::<String>()) {
        let base = url("https://docs.aws.amazon.com/a/b.html");
        if let Some(once) = canonical(&href, Some(&base)) {
            prop_assert_eq!(canonical(once.as_str(), Some(&base)), Some(once.clone()));
            let plain = without_locale(&once);
            prop_assert_eq!(plain.host_str(), once.host_str());
            let scope = scope(&["https://docs.aws.amazon.com/a/", "http://x.example/"], &["*b*"]);
            scope.contains(&once);
        }
    }

    #[test]
    fn a_scope_holds_what_is_below_its_prefix(folders in prop::collection::vec("[a-c]{1,2}", 0..4), page in "[a-z]{3,8}") {
        let prefix = format!("https://host.example/{}", folders.iter().flat_map(|folder| [folder, "/"]).collect::<String>());
        let page = url(&prefix).join(&page).unwrap();
        prop_assume!(!is_trap_by_repetition(&page));
        prop_assert!(scope(&[&prefix], &[]).contains(&page));
    }
}

fn is_trap_by_repetition(url: &Url) -> bool {
    let segments: Vec<&str> = url.path().split('/').collect();
    segments.iter().any(|segment| segments.iter().filter(|other| *other == segment).count() > 2)
}
