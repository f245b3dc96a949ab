//! The models that can be asked, and what each takes.

use cloudops_indexes::embed::EmbedderId;

use super::cost::Price;
use super::error::BedrockError;
use super::text;

/// How requests and answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>
    Titan,
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html>
    CohereV3,
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html>
    CohereV4,
}

/// What is known of a model.
#[derive(Debug, PartialEq)]
pub(super) struct Spec {
    /// Its identifier at Bedrock.
    pub(super) id: &'static str,
    /// The name of its vector sets.
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// Lengths of vector that it makes, its own default first.
    pub(super) dimensions: &'static [usize],
    /// Texts that one request may carry.
    pub(super) batch: usize,
    /// UTF-16 units of a text that are sent.
    pub(super) most_units: usize,
    /// What is charged, unless the caller knows better.
    pub(super) price: Price,
}

/// Titan takes 8,192 tokens, and a token is a byte at least: a text of so many bytes is never refused.
const TITAN_UNITS: usize = 8_000;
/// The limit of Cohere's third generation, per text.
const COHERE_V3_UNITS: usize = 2_048;
/// Texts in one request to a model of Cohere.
const COHERE_BATCH: usize = 96;

/// Every model, the cheapest first.
static SPECS: &[Spec] = &[
    Spec {
        id: "amazon.titan-embed-text-v2:0",
        name: "titan-embed-text-v2",
        family: Family::Titan,
        dimensions: &[1024, 512, 256],
        batch: 1,
        most_units: TITAN_UNITS,
        price: Price::TITAN_V2,
    },
    Spec {
        id: "cohere.embed-english-v3",
        name: "cohere-embed-english-v3",
        family: Family::CohereV3,
        dimensions: &[1024],
        batch: COHERE_BATCH,
        most_units: COHERE_V3_UNITS,
        price: Price::COHERE_V3,
    },
    Spec {
        id: "cohere.embed-multilingual-v3",
        name: "cohere-embed-multilingual-v3",
        family: Family::CohereV3,
        dimensions: &[1024],
        batch: COHERE_BATCH,
        most_units: COHERE_V3_UNITS,
        price: Price::COHERE_V3,
    },
    Spec {
        id: "cohere.embed-v4:0",
        name: "cohere-embed-v4",
        family: Family::CohereV4,
        dimensions: &[1536, 1024, 512, 256],
        batch: COHERE_BATCH,
        most_units: TITAN_UNITS,
        price: Price::COHERE_V4,
    },
];

/// A model and the vectors wanted of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) spec: &'static Spec,
    /// What requests name: the model, or an inference profile of it.
    pub(super) invoked: String,
    dimensions: usize,
}

impl Model {
    /// The model with this identifier: as it is, as an ARN, or as an inference profile (`us.cohere.embed-v4:0`), which
    /// some models and regions need. `dimensions` is the length of the vectors; `None` for the model's own.
    pub fn new(id: &str, dimensions: Option<usize>) -> Result<Self, BedrockError> {
        let plain = id.rsplit('/').next().unwrap_or(id);
        let is = |spec: &&Spec| plain == spec.id || plain.split_once('.').is_some_and(|(_, rest)| rest == spec.id);
        let spec = SPECS.iter().find(is).ok_or_else(|| BedrockError::NoSuchModel(id.to_owned()))?;
        let dimensions = dimensions.unwrap_or(spec.dimensions[0]);
        if !spec.dimensions.contains(&dimensions) {
            return Err(BedrockError::Dimensions { model: spec.id, wanted: dimensions, possible: spec.dimensions });
        }
        Ok(Self { spec, invoked: id.to_owned(), dimensions })
    }

    /// The model that vectors were made by; `None` if it was none of Bedrock's. Whether it still makes the same
    /// vectors is for the caller to compare.
    pub fn of(id: &EmbedderId) -> Option<Self> {
        let spec = SPECS.iter().find(|spec| spec.name == id.name)?;
        Self::new(spec.id, Some(id.dimensions)).ok()
    }

    /// Identifiers of every model that can be asked.
    pub fn known() -> impl Iterator<Item = &'static str> {
        SPECS.iter().map(|spec| spec.id)
    }

    /// The model's identifier, without the name of an inference profile.
    pub fn id(&self) -> &'static str {
        self.spec.id
    }

    /// What its list price is.
    pub fn price(&self) -> Price {
        self.spec.price
    }

    /// What its vectors are known by. The same for every way to invoke it.
    pub fn embedder_id(&self) -> EmbedderId {
        EmbedderId {
            name: self.spec.name.to_owned(),
            version: format!("{}, {} dimensions, text {}", self.spec.id, self.dimensions, text::VERSION),
            dimensions: self.dimensions,
        }
    }

    /// The same model by the way that `other` names, if that is this model.
    #[must_use]
    pub fn invoked_as(self, other: &Self) -> Self {
        if self.spec == other.spec { Self { invoked: other.invoked.clone(), ..self } } else { self }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_every_name_it_is_invoked_by() {
        let names = [
            ("amazon.titan-embed-text-v2:0", "titan-embed-text-v2"),
            ("us.cohere.embed-v4:0", "cohere-embed-v4"),
            ("arn:aws:bedrock:eu-west-1::foundation-model/cohere.embed-english-v3", "cohere-embed-english-v3"),
            ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.cohere.embed-v4:0", "cohere-embed-v4"),
        ];
        for (id, name) in names {
            let model = Model::new(id, None).unwrap();
            assert_eq!((model.invoked.as_str(), model.embedder_id().name.as_str()), (id, name));
        }
        let error = Model::new("anthropic.claude-3-haiku-20240307-v1:0", None).unwrap_err();
        let hint = error.hint().unwrap();
        assert!(
            error.to_string().contains("claude-3-haiku") && hint.contains("amazon.titan-embed-text-v2:0"),
            "{hint}"
        );
    }

    #[test]
    fn only_lengths_that_a_model_makes_are_taken() {
        for dimensions in [256, 512, 1024] {
            let model = Model::new("amazon.titan-embed-text-v2:0", Some(dimensions)).unwrap();
            assert_eq!(model.embedder_id().dimensions, dimensions);
        }
        let error = Model::new("amazon.titan-embed-text-v2:0", Some(384)).unwrap_err().to_string();
        assert!(error.contains("384") && error.contains("1024, 512, 256"), "{error}");
        assert!(Model::new("cohere.embed-multilingual-v3", Some(512)).is_err());
    }

    #[test]
    fn vectors_of_another_length_have_another_version() {
        let of = |id, dimensions| Model::new(id, Some(dimensions)).unwrap().embedder_id();
        let long = of("cohere.embed-v4:0", 1536);
        assert_ne!(long.version, of("cohere.embed-v4:0", 512).version);
        assert_eq!(long, of("eu.cohere.embed-v4:0", 1536), "the profile that routes a request changes no vector");
        assert_eq!(Model::of(&long).unwrap().embedder_id(), long);
        assert!(Model::of(&EmbedderId { name: "all-minilm-l6-v2".into(), ..long }).is_none());
    }

    #[test]
    fn questions_take_the_way_that_was_configured() {
        let configured = Model::new("us.cohere.embed-v4:0", Some(256)).unwrap();
        let stored = Model::new("cohere.embed-v4:0", Some(512)).unwrap();
        let asked = stored.clone().invoked_as(&configured);
        assert_eq!((asked.invoked.as_str(), asked.dimensions()), ("us.cohere.embed-v4:0", 512));
        let titan = Model::new("amazon.titan-embed-text-v2:0", None).unwrap();
        assert_eq!(stored.clone().invoked_as(&titan), stored);
    }
}
