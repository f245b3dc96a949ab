//! Properties and cases of chunking.

use proptest::prelude::*;

use super::*;
use crate::extract::{Format, decode, extract};

fn passages(markdown: &str) -> (String, Vec<Passage>) {
    let extracted = extract(Format::Markdown, markdown);
    let passages = chunk(&extracted);
    check(&extracted, &passages);
    (extracted.text, passages)
}

/// What must hold for every text.
fn check(extracted: &Extracted, passages: &[Passage]) {
    let text = &extracted.text;
    let mut end = 0;
    for (position, passage) in passages.iter().enumerate() {
        assert_eq!(passage.position as usize, position);
        assert!(passage.range.start >= end, "ranges overlap: {passage:?}");
        assert!(text[end..passage.range.start].trim().is_empty(), "lost {:?}", &text[end..passage.range.start]);
        let body = &text[passage.range.clone()];
        assert!(!body.trim().is_empty() && !body.ends_with(char::is_whitespace), "{body:?}");
        let chars = body.chars().count();
        assert!(chars <= HARD_MAX_CHARS + SOFT_MAX_CHARS, "{chars} characters: {body}");
        assert!(passage.heading_path.len() <= 6);
        end = passage.range.end;
    }
    assert!(text[end..].trim().is_empty(), "lost the end {:?}", &text[end..]);
}

fn paths(passages: &[Passage]) -> Vec<String> {
    passages.iter().map(|passage| passage.heading_path.join(" > ")).collect()
}

const SENTENCE: &str = "The quick brown widget jumps over the lazy gadget and lands on its feet again. ";

#[test]
fn sections_are_passages() {
    let long = SENTENCE.repeat(5);
    let text =
        format!("# Title\n\n{long}\n\n## One<a name=\"one\"></a>\n\n{long}\n\n### Deep\n\n{long}\n\n## Two\n\n{long}");
    let (_, passages) = passages(&text);
    assert_eq!(paths(&passages), ["", "One", "One > Deep", "Two"]);
    assert_eq!(passages[1].anchor.as_deref(), Some("one"));
}

#[test]
fn small_neighbours_are_joined_under_what_they_share() {
    let long = SENTENCE.repeat(6);
    let text = format!(
        "# Title\n\n{long}\n\n## Part\n\n### A\n\nshort\n\n### B\n\nshort\n\n### C\n\nshort\n\n## Next\n\n{long}"
    );
    let (clean, passages) = passages(&text);
    assert_eq!(paths(&passages), ["", "Part", "Next"]);
    let joined = &clean[passages[1].range.clone()];
    assert!(joined.starts_with("## Part") && joined.ends_with("### C\n\nshort"), "{joined}");
}

#[test]
fn a_bare_heading_goes_with_what_follows() {
    let long = SENTENCE.repeat(6);
    let (clean, passages) = passages(&format!("# Title\n\n## Part\n\n### A<a name=\"a\"></a>\n\n{long}"));
    assert_eq!(paths(&passages), ["Part > A"]);
    assert_eq!(passages[0].anchor.as_deref(), Some("a"));
    assert!(clean[passages[0].range.clone()].starts_with("# Title"));
}

#[test]
fn tables_are_split_between_rows_and_repeat_their_header() {
    let row = |row: u32| format!("| Widgets of type {row} per Region | {row},000 |\n");
    let rows = (0..100).map(row).collect::<Vec<_>>().concat();
    let (clean, passages) =
        passages(&format!("# Quotas\n\nThese are the quotas.\n\n| Name | Default |\n| --- | --- |\n{rows}"));
    assert!(passages.len() > 3);
    assert!(passages[0].context.is_empty());
    for passage in &passages[1..] {
        assert_eq!(passage.context, "| Name | Default |\n| --- | --- |\n");
        let body = &clean[passage.range.clone()];
        assert!(body.lines().all(|line| line.starts_with("| Widgets") && line.ends_with('|')), "{body}");
        assert!(passage.text(&clean).chars().count() <= ROWS_CHARS);
    }
}

#[test]
fn rows_of_a_long_table_are_few_together_and_a_long_row_is_alone() {
    let header = "| Limit | Description |\n| --- | --- |\n";
    let row = |name: &str| format!("| {name} | {} |\n", "How many of these one account may have. ".repeat(6).trim());
    let rows = ["Flows", "Sources", "Outputs", "Tags"].map(row).concat();
    let (clean, passages) = passages(&format!("# Limits\n\nThese are the limits.\n\n{header}{rows}\nAsk for more.\n"));
    let bodies: Vec<&str> = passages.iter().map(|passage| &clean[passage.range.clone()]).collect();
    assert_eq!(passages.len(), 4, "{bodies:#?}");
    assert!(bodies[0].starts_with("# Limits") && bodies[0].contains("| Limit |") && bodies[0].contains("| Flows |"));
    assert!(bodies[1].starts_with("| Sources |") && bodies[2].starts_with("| Outputs |"));
    assert!(bodies[3].starts_with("| Tags |") && bodies[3].ends_with("Ask for more."));
    assert!(passages[1..].iter().all(|passage| passage.context == header));
}

#[test]
fn a_short_table_stays_with_its_section() {
    let rows = "| Flows | 20 |\n".repeat(20);
    let (_, passages) =
        passages(&format!("# Limits\n\nThese are the limits.\n\n| Limit | Default |\n| --- | --- |\n{rows}"));
    assert_eq!(passages.len(), 1);
}

#[test]
fn items_of_a_long_list_of_values_are_few_together_with_what_introduces_them() {
    let lead = "The service has the following limits per account:\n";
    let item = |name: &str| {
        format!("- {name}: 1,000 an account and Region, {}\n", "which we can raise for you. ".repeat(8).trim())
    };
    let list = ["Flows", "Sources", "Outputs", "Tags"].map(item).concat();
    let (clean, passages) = passages(&format!("# Limits\n\nThese are the limits.\n\n{lead}{list}\nAsk for more.\n"));
    let bodies: Vec<&str> = passages.iter().map(|passage| &clean[passage.range.clone()]).collect();
    assert_eq!(passages.len(), 4, "{bodies:#?}");
    assert!(bodies[0].starts_with("# Limits") && bodies[0].contains(lead) && bodies[0].contains("- Flows"));
    assert!(
        bodies[1].starts_with("- Sources") && bodies[2].starts_with("- Outputs") && bodies[3].starts_with("- Tags")
    );
    assert!(bodies[3].ends_with("Ask for more."));
    assert!(passages[1..].iter().all(|passage| passage.context == lead), "{passages:#?}");

    let (_, short) = self::passages(&format!("# Limits\n\n{lead}- 1,000 flows\n- 2,000 sources\n"));
    assert_eq!(short.len(), 1);
}

#[test]
fn code_is_whole_up_to_the_maximum_and_reopened_beyond() {
    let code = |lines: usize| format!("```json\n{}```\n", "  \"widget\": \"value\",\n".repeat(lines));
    let (clean, whole) = passages(&format!("# Title\n\n{}\n\n{}", SENTENCE.repeat(12), code(150)));
    let fence = whole.iter().find(|passage| clean[passage.range.clone()].contains("```json")).unwrap();
    assert!(clean[fence.range.clone()].ends_with("```"));
    let (clean, parts) = passages(&code(1_000));
    assert!(parts.len() > 5);
    for part in &parts[1..] {
        assert_eq!(part.context, "```json\n");
        assert!(clean[part.range.clone()].lines().all(|line| line.starts_with("  \"widget\"") || line == "```"));
    }
}

#[test]
fn a_heading_never_ends_a_passage() {
    let text = format!(
        "# T\n\n{}\n\n## A\n\nx\n\n{}\n\n**To do it**\n\n{}",
        SENTENCE.repeat(11),
        SENTENCE.repeat(11),
        SENTENCE.repeat(4)
    );
    let (clean, passages) = passages(&text);
    for passage in passages {
        let body = &clean[passage.range.clone()];
        let last = body.lines().last().unwrap();
        assert!(!last.starts_with('#') && !last.ends_with("it**"), "{body}");
    }
}

#[test]
fn hostile_texts_are_cut_in_linear_time() {
    let line = "x".repeat(5_000_000);
    let words = "word ".repeat(1_000_000);
    let texts = [
        line.clone(),
        words,
        format!("# {line}"),
        format!("```\n{line}"),
        format!("| a |\n| --- |\n| {line} |"),
        format!("| {} |\n| --- |\n{}", "wide ".repeat(100_000), "| row |\n".repeat(10_000)),
        "# heading\n".repeat(100_000),
        "###### six\n".repeat(100_000),
        "\n\n\n".repeat(500_000),
        "a\n\n".repeat(300_000),
        "- item\n".repeat(300_000),
        "| a | b |\n| --- | --- |\n".repeat(50_000),
        "```\n".repeat(300_000),
        "ä".repeat(500_000),
    ];
    for text in texts {
        let started = std::time::Instant::now();
        passages(&text);
        assert!(started.elapsed().as_secs() < 30, "{:?}… took {:?}", &text[..20], started.elapsed());
    }
    passages("");
}

/// Texts made of the pieces that documents are made of.
fn markdown() -> impl Strategy<Value = String> {
    let block = prop_oneof![
        "[a-z .:*`]{0,200}",
        (1..7_usize, "[A-Za-z `*]{0,40}").prop_map(|(level, heading)| format!("{} {heading}", "#".repeat(level))),
        (1..80_usize)
            .prop_map(|rows| format!("| a | b |\n| --- | --- |\n{}", "| one cell | another cell |\n".repeat(rows))),
        (0..300_usize, "[a-z]{0,5}")
            .prop_map(|(lines, info)| format!("```{info}\n{}```", "let x = \"some code\";\n".repeat(lines))),
        (1..60_usize).prop_map(|count| "A sentence about widgets and gadgets. ".repeat(count)),
        (1..40_usize).prop_map(|count| "1. a step to take\n".repeat(count)),
        (1..40_usize)
            .prop_map(|count| format!("These are the limits:\n{}", "- 50 widgets\n  - 5 gadgets\n".repeat(count))),
        Just("```".to_owned()),
        Just("**Note**\ntext".to_owned()),
        "\\PC{0,300}",
    ];
    prop::collection::vec(block, 0..25).prop_map(|blocks| blocks.join("\n\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_lost(text in markdown()) {
        let (clean, passages) = passages(&text);
        for passage in &passages {
            // A passage that starts inside a table has its header. (A fence that is never closed takes tables in.)
            let starts_row = clean[passage.range.clone()].starts_with("| one cell");
            prop_assert!(!starts_row || passage.context.starts_with("| a | b |") || passage.context.starts_with("```"));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok(text) = decode(&bytes) {
            for format in [Format::Markdown, Format::Html, Format::Plain, Format::Rst] {
                let extracted = extract(format, &text);
                check(&extracted, &chunk(&extracted));
            }
        }
    }

    #[test]
    fn no_markup_makes_it_panic(text in "[-#*`~|<>\\[\\]()!&;:=_./ \\\\\na-c0-2äß€\t\"'+{}^]{0,400}") {
        for format in [Format::Markdown, Format::Html, Format::Plain, Format::Rst] {
            let extracted = extract(format, &text);
            check(&extracted, &chunk(&extracted));
        }
    }
}
