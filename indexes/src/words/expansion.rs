//! Other words for words of a question.

use rustc_hash::{FxHashMap, FxHashSet};

/// More alternatives than this are no longer about the question; the weightiest are kept.
const MAX_ALTERNATIVES: usize = 24;

/// One thing that may be meant as well. All of its terms score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alternative {
    pub(crate) terms: Vec<String>,
    /// What it counts beside a word of the question. 0 .. 1.
    pub(crate) weight: f32,
}

/// Alternatives of one word or phrase. Only the best of them scores in a passage, so that a word with many does not
/// count more than one with few.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Expansion {
    /// Terms of the question that they stand beside; none where it has only stop words there.
    pub(crate) of: Vec<String>,
    pub(crate) alternatives: Vec<Alternative>,
}

/// Takes out what the question says itself and what is said twice, keeping the weightier, and bounds the rest.
pub(crate) fn tidy(expansions: Vec<Expansion>, said: &FxHashSet<&str>) -> Vec<Expansion> {
    let mut best: FxHashMap<String, f32> = FxHashMap::default();
    for alternative in expansions.iter().flat_map(|expansion| &expansion.alternatives) {
        for term in &alternative.terms {
            let weight = best.entry(term.clone()).or_default();
            *weight = weight.max(alternative.weight);
        }
    }
    let mut weights: Vec<f32> =
        expansions.iter().flat_map(|expansion| expansion.alternatives.iter().map(|a| a.weight)).collect();
    weights.sort_by(|a, b| b.total_cmp(a));
    let least = weights.get(MAX_ALTERNATIVES - 1).copied().unwrap_or(0.0);
    let mut left = MAX_ALTERNATIVES;
    let mut tidied = Vec::new();
    for mut expansion in expansions {
        for alternative in &mut expansion.alternatives {
            let weight = alternative.weight;
            alternative.terms.retain(|term| !said.contains(term.as_str()) && best.get(term) == Some(&weight));
        }
        // A term that two expansions of the same weight have stays in the first; inside of one it may come again.
        for term in expansion.alternatives.iter().flat_map(|alternative| &alternative.terms) {
            best.insert(term.clone(), f32::NAN);
        }
        expansion.alternatives.retain(|alternative| {
            let kept = !alternative.terms.is_empty() && alternative.weight >= least && left > 0;
            left -= usize::from(kept);
            kept
        });
        if !expansion.alternatives.is_empty() {
            tidied.push(expansion);
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expansion(of: &str, alternatives: &[(&str, f32)]) -> Expansion {
        let alternatives = alternatives
            .iter()
            .map(|(terms, weight)| Alternative {
                terms: terms.split(' ').map(str::to_owned).collect(),
                weight: *weight,
            })
            .collect();
        Expansion { of: vec![of.to_owned()], alternatives }
    }

    #[test]
    fn what_was_said_and_what_is_said_twice_goes() {
        let said = FxHashSet::from_iter(["group", "box"]);
        let found = tidy(
            vec![
                expansion("sg", &[("secur group", 0.5), ("box", 0.9)]),
                expansion("firewall", &[("secur group", 0.3), ("acl", 0.3)]),
                expansion("box", &[("group", 0.3)]),
            ],
            &said,
        );
        assert_eq!(found, [expansion("sg", &[("secur", 0.5)]), expansion("firewall", &[("acl", 0.3)])]);
    }

    #[test]
    fn one_expansion_may_use_a_term_again_and_another_of_the_same_weight_not() {
        let twice = expansion("elb", &[("load balanc", 0.5), ("elast load", 0.5)]);
        let found = tidy(vec![twice.clone(), expansion("lb", &[("load", 0.5)])], &FxHashSet::default());
        assert_eq!(found, [twice]);
    }

    #[test]
    fn only_so_many_are_kept_and_these_are_the_weightiest() {
        let many: Vec<_> = (0..100)
            .map(|at| expansion(&format!("w{at}"), &[(format!("t{at}").as_str(), at as f32 / 100.0)]))
            .collect();
        let found = tidy(many, &FxHashSet::default());
        assert_eq!(found.len(), MAX_ALTERNATIVES);
        assert!(found.iter().all(|e| e.alternatives[0].weight > 0.75));
    }
}
