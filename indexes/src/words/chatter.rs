//! Words with which people speak about their trouble without saying what it is.
//!
//! Left out of questions only: the index keeps them, so that its format does not depend on this list.

/// Sorted. Contractions are written without their apostrophe, as many people do.
#[rustfmt::skip]
const CHATTER: &[&str] = &[
    "absolutely", "actual", "actually", "again", "ain", "aint", "already", "always", "anybody", "anymore", "anyone",
    "anything", "anyway", "apparently", "appreciate", "aren", "arent", "basically", "bit", "came", "cant", "clue",
    "come", "comes", "coming", "couldn", "couldnt", "couple", "damn", "definitely", "didn", "didnt", "doesn",
    "doesnt", "don", "dont", "dude", "even", "ever", "everybody", "everyone", "everything", "exactly", "fine",
    "folks", "funny", "go", "goes", "going", "gone", "gonna", "good", "got", "gotta", "gotten", "guess", "guy",
    "guys", "hadn", "hadnt", "happen", "happened", "happening", "happens", "hasn", "hasnt", "haven", "havent",
    "heck", "hello", "help", "hey", "hi", "hopefully", "huh", "idea", "im", "isn", "isnt", "ive", "keep", "keeping",
    "keeps", "kept", "kind", "kinda", "know", "knows", "let", "lets", "literally", "little", "lot", "lots", "mean",
    "means", "mine", "myself", "need", "needed", "needs", "nobody", "nothing", "ok", "okay", "ought", "ourselves",
    "perhaps", "pretty", "probably", "quite", "really", "right", "said", "saw", "say", "saying", "says", "see",
    "seem", "seemed", "seems", "shouldn", "shouldnt", "simply", "somebody", "somehow", "someone", "something",
    "sometimes", "somewhere", "sorry", "sort", "still", "stuff", "stupid", "suddenly", "supposed", "sure", "tell",
    "telling", "tells", "thank", "thanks", "thats", "theres", "theyre", "thing", "things", "think", "thought",
    "told", "totally", "tried", "tries", "try", "trying", "wanna", "want", "wanted", "wants", "wasn", "wasnt", "way",
    "ways", "weird", "went", "weren", "werent", "weve", "whatever", "whats", "whenever", "wherever", "wonder",
    "wondering", "wont", "wouldn", "wouldnt", "yeah", "yes", "yet", "youre",
];

/// Whether a lower-case word is chatter.
pub(super) fn is_chatter(word: &str) -> bool {
    CHATTER.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chatter_is_sorted_for_binary_search() {
        assert!(CHATTER.is_sorted());
        assert!(is_chatter("suddenly") && !is_chatter("instance"));
    }
}
