//! What is around the text of a page: the shape of docs.aws.amazon.com as it was in 2025, in words of our own.
//!
//! Every piece that must never be taken for content has a word of [`MARKERS`] in it.

use std::fmt::Write as _;

use crate::settings::Settings;

/// Words that stand in menus, banners, feedback forms and scripts of every page and in no text: an index that has one of
/// them took something in that is not content.
pub const MARKERS: [&str; 12] = [
    "qzmenu",
    "qzbreadcrumb",
    "qzpagetoc",
    "qzbanner",
    "qznoscript",
    "qzconventions",
    "qzneighbour",
    "qzfeedback",
    "qzcookie",
    "qzscript",
    "qzbuild",
    "qzlanguage",
];

/// Locales that a page says it exists in. Which it does exist in is a setting.
const ALTERNATES: [&str; 6] = ["de_de", "es_es", "fr_fr", "ja_jp", "pt_br", "zh_cn"];

/// What a page is wrapped with.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) settings: &'a Settings,
    /// Scheme and host.
    pub(crate) base: &'a str,
    pub(crate) title: &'a str,
    pub(crate) guide: &'a str,
    /// Path of the guide, without a locale.
    pub(crate) prefix: &'a str,
    /// Path of the page, without a locale.
    pub(crate) path: &'a str,
    /// `None` is English.
    pub(crate) locale: Option<&'a str>,
    pub(crate) build: u64,
    /// Names of the pages before and after.
    pub(crate) previous: Option<&'a str>,
    pub(crate) next: Option<&'a str>,
    /// Anchors and texts of the sections.
    pub(crate) sections: &'a [(String, String)],
}

impl Frame<'_> {
    /// The whole page around `body`, which starts with its `<h1>`.
    pub(crate) fn wrap(&self, body: &str) -> String {
        let mut page = String::with_capacity(body.len() + 9_000);
        self.head(&mut page);
        self.before(&mut page);
        match body.split_once("</h1>") {
            Some((heading, rest)) => {
                page.push_str(heading);
                page.push_str(
                    "</h1><div class=\"awsdocs-page-header-container\"><awsdocs-page-header></awsdocs-page-header>\
                     <awsdocs-filter-selector id=\"awsdocs-filter-selector\"></awsdocs-filter-selector></div>",
                );
                page.push_str(rest);
            }
            None => page.push_str(body),
        }
        self.after(&mut page);
        page
    }

    fn head(&self, page: &mut String) {
        let Self { base, path, build, .. } = self;
        let (title, guide) = (escape(self.title), escape(self.guide));
        let (lang, region) = match self.locale {
            Some(locale) => (locale.replace('_', "-"), locale),
            None => ("en-US".to_owned(), "en_us"),
        };
        let here = self.locale.map(|locale| format!("/{locale}")).unwrap_or_default();
        let target = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".html");
        add(
            page,
            format_args!(
                "<!DOCTYPE html>\n    <html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"{lang}\"><head>\
             <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" /><title>{title} - {guide}</title>\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\" /><meta name=\"assets_root\" content=\"/assets\" />\
             <meta name=\"target_state\" content=\"{target}\" /><meta name=\"default_state\" content=\"{target}\" />\
             <link rel=\"icon\" type=\"image/ico\" href=\"/assets/images/favicon.ico\" />\
             <link rel=\"canonical\" href=\"{base}{here}{path}\" />\
             <meta name=\"description\" content=\"{title}: a page of {guide}.\" /><meta name=\"deployment_region\" content=\"IAD\" />\
             <meta name=\"product\" content=\"{product}\" /><meta name=\"guide\" content=\"{guide}\" />\
             <meta name=\"guide-locale\" content=\"{region}\" /><meta name=\"tocs\" content=\"toc-contents.json\" />\
             <link rel=\"canonical\" href=\"{base}{here}{path}\" />",
                product = escape(product(self.guide)),
            ),
        );
        for locale in ALTERNATES {
            let language = &locale[..2];
            let full = locale.replace('_', "-");
            for hreflang in [full.as_str(), language] {
                add(
                    page,
                    format_args!("<link rel=\"alternative\" href=\"{base}/{locale}{path}\" hreflang=\"{hreflang}\" />"),
                );
            }
        }
        for hreflang in ["en-us", "en", "x-default"] {
            add(page, format_args!("<link rel=\"alternative\" href=\"{base}{path}\" hreflang=\"{hreflang}\" />"));
        }
        if self.settings.markdown {
            let twin = path.trim_end_matches(".html");
            add(page, format_args!("<link rel=\"alternate\" type=\"text/markdown\" href=\"{base}{here}{twin}.md\" />"));
        }
        add(
            page,
            format_args!(
                "<meta name=\"this_doc_product\" content=\"{product}\" /><meta name=\"this_doc_guide\" content=\"{guide}\" />\
             <meta name=\"build\" content=\"qzbuild-{build}\" />\
             <script defer=\"\" src=\"/assets/r/vendor4.js?version={build}\"></script>\
             <script defer=\"\" src=\"/assets/r/awsdocs-doc-page.js?version={build}\"></script>\
             <link href=\"/assets/r/awsdocs-doc-page.css?version={build}\" rel=\"stylesheet\" />\
             <script>var qzscript = {{\"locale\": \"{region}\", \"text\": \"a script qzscript\"}};</script>\
             <style>.qzscript {{ color: #16191f }}</style></head>",
                product = escape(product(self.guide)),
            ),
        );
    }

    fn before(&self, page: &mut String) {
        let guide = escape(self.guide);
        add(
            page,
            format_args!(
                "<body class=\"awsdocs awsui\"><div class=\"awsdocs-container\"><awsdocs-header>\
             <nav><a href=\"/\">All guides qzmenu</a><a href=\"/about-aws/whats-new/recent/feed/\">News qzmenu</a></nav></awsdocs-header>\
             <awsui-app-layout id=\"app-layout\" class=\"awsui-util-no-gutters\" ng-controller=\"ContentController as $ctrl\" \
             header-selector=\"awsdocs-header\" navigation-hide=\"false\">\
             <div id=\"guide-toc\" dom-region=\"navigation\"><awsdocs-toc><ul><li>Menu of the guide qzmenu</li>\
             <li><a href=\"{prefix}index.html\">{guide} qzmenu</a></li></ul></awsdocs-toc></div>\
             <div id=\"main-column\" dom-region=\"content\" tabindex=\"-1\"><awsdocs-view class=\"awsdocs-view\">\
             <div id=\"awsdocs-content\"><head><title>{title} - {guide}</title>\
             <script type=\"application/ld+json\">\n{ld}\n</script></head><body><div id=\"main\">\
             <div style=\"display: none\"><a href=\"/pdfs{prefix}guide.pdf\" target=\"_blank\" title=\"Open PDF\"></a></div>\
             <div id=\"breadcrumbs\" class=\"breadcrumb\"><a href=\"/index.html\">Documentation<span hidden=\"\"> qzbreadcrumb</span></a>\
             <a href=\"{prefix}index.html\">{product}</a><a href=\"index.html\">{guide}</a></div><div id=\"page-toc-src\">",
                prefix = self.prefix,
                title = escape(self.title),
                product = escape(product(self.guide)),
                ld = self.breadcrumbs(),
            ),
        );
        for (anchor, text) in self.sections {
            add(page, format_args!("<a href=\"#{}\">{} qzpagetoc</a>", escape(anchor), escape(text)));
        }
        page.push_str(
            "</div><div id=\"main-content\" class=\"awsui-util-container\"><div id=\"main-col-body\">\
             <awsdocs-language-banner data-service=\"$ctrl.pageService\">This page can be read in more languages qzbanner\
             </awsdocs-language-banner>",
        );
        if let Some(locale) = self.locale {
            let sentence = match &locale[..2] {
                "de" => "Diese Seite wurde übersetzt; im Zweifel gilt die englische Fassung.",
                "ja" => "このページは翻訳されたものです。",
                _ => "This page stands for a translation.",
            };
            add(page, format_args!("<p class=\"translated\">{sentence}</p>"));
        }
    }

    fn breadcrumbs(&self) -> String {
        let crumb = |position: usize, name: &str, item: String| serde_json::json!({ "@type": "ListItem", "position": position, "name": name, "item": item });
        let list = serde_json::json!({
            "@context": "https://schema.org",
            "@type": "BreadcrumbList",
            "itemListElement": [
                crumb(1, "AWS", self.base.to_owned()),
                crumb(2, product(self.guide), format!("{}/", self.base)),
                crumb(3, self.guide, format!("{}{}", self.base, self.prefix)),
                crumb(4, self.title, format!("{}{}", self.base, self.path)),
            ],
        });
        // A title with `</script>` must not end the script.
        list.to_string().replace("</", "<\\/")
    }

    fn after(&self, page: &mut String) {
        let Self { prefix, path, build, .. } = self;
        if self.settings.calendar {
            add(page, format_args!("<p><a href=\"{prefix}calendar/1/1.html\">Calendar of changes</a></p>"));
        }
        page.push_str(
            "<awsdocs-copyright class=\"copyright-print\"></awsdocs-copyright>\
             <awsdocs-thumb-feedback right-edge=\"{{$ctrl.thumbFeedbackRightEdge}}\">Was this of use? qzfeedback</awsdocs-thumb-feedback></div>\
             <noscript><div><div id=\"js_error_message\"><p><strong>Scripts are off qznoscript.</strong></p>\
             <p>Turn them on to read more comfortably qznoscript.</p></div></div></noscript>\
             <div id=\"main-col-footer\" class=\"awsui-util-font-size-0\"><div id=\"doc-conventions\">\
             <a target=\"_top\" href=\"/general/latest/gr/docconventions.html\">How to read this qzconventions</a></div><div class=\"prev-next\">",
        );
        if let Some(name) = self.previous {
            add(
                page,
                format_args!(
                    "<div id=\"previous\" class=\"prev-link\" accesskey=\"p\" href=\"{prefix}{0}.html\">{0} qzneighbour</div>",
                    escape(name)
                ),
            );
        }
        if let Some(name) = self.next {
            add(
                page,
                format_args!(
                    "<div id=\"next\" class=\"next-link\" accesskey=\"n\" href=\"{prefix}{0}.html\">{0} qzneighbour</div>",
                    escape(name)
                ),
            );
        }
        add(
            page,
            format_args!(
                "</div></div><awsdocs-page-utilities></awsdocs-page-utilities></div>\
             <div id=\"quick-feedback-yes\" style=\"display: none;\"><div class=\"title\">Of use: yes qzfeedback</div>\
             <div class=\"content\"><p>Glad to hear it qzfeedback.</p><p><awsui-button id=\"fblink\" text=\"Write to us qzfeedback\" \
             href=\"/forms/feedback?topic_url={path}\"></awsui-button></p></div></div>\
             <div id=\"quick-feedback-no\" style=\"display: none;\"><div class=\"title\">Of use: no qzfeedback</div>\
             <div class=\"content\"><p>Tell us what was missing qzfeedback.</p></div></div></div></body></div></awsdocs-view>\
             <div class=\"page-loading-indicator\" id=\"page-loading-indicator\"><awsui-spinner size=\"large\"></awsui-spinner></div></div>\
             <div id=\"tools-panel\" dom-region=\"tools\"><awsdocs-tools-panel id=\"awsdocs-tools-panel\"></awsdocs-tools-panel></div>\
             </awsui-app-layout><div class=\"awsdocs-page-footer\" data-build=\"qzbuild-{build}\"><p>Built as number {build} qzbuild</p><ul>",
            ),
        );
        for locale in &self.settings.locales {
            add(page, format_args!("<li><a href=\"/{locale}{path}\">{locale} qzlanguage</a></li>"));
        }
        page.push_str(
            "</ul></div><awsdocs-cookie-banner class=\"doc-cookie-banner\"><p>This stand-in bakes no cookies, but asks anyway qzcookie.</p>\
             <button>Accept all qzcookie</button></awsdocs-cookie-banner></div></body></html>",
        );
    }
}

/// The name of a guide without the words for what kind of guide it is.
fn product(guide: &str) -> &str {
    ["User Guide", "Developer Guide", "Operator Guide", "Guide"]
        .iter()
        .find_map(|suffix| guide.strip_suffix(suffix))
        .unwrap_or(guide)
        .trim_end()
}

/// Writes into a string, without the `Result` that `write!` has.
pub(crate) fn add(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string takes everything");
}

/// Text for HTML and XML, in elements and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}
