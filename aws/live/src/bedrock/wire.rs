//! Requests and answers as the models write them.

use serde::{Deserialize, Serialize};

use super::error::BedrockError;
use super::model::{Family, Model};

/// What a text is for. Some models tell questions from what is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Query,
    Document,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanRequest<'a> {
    input_text: &'a str,
    dimensions: usize,
    normalize: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TitanAnswer {
    embedding: Vec<f32>,
    input_text_token_count: Option<u64>,
}

#[derive(Serialize)]
struct CohereRequest<'a> {
    texts: &'a [String],
    input_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_types: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<usize>,
}

#[derive(Deserialize)]
struct CohereAnswer {
    embeddings: CohereVectors,
}

/// By type where a request names types, bare otherwise.
#[derive(Deserialize)]
#[serde(untagged)]
enum CohereVectors {
    Bare(Vec<Vec<f32>>),
    ByType { float: Vec<Vec<f32>> },
}

/// What came back.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    /// Of unit length, in the order of the texts.
    pub(super) vectors: Vec<Vec<f32>>,
    /// Tokens of the texts, if the answer says.
    pub(super) tokens: Option<u64>,
}

/// The body of a request for some texts, no more than the model takes at once.
pub(super) fn request(model: &Model, texts: &[String], input: Input) -> Result<Vec<u8>, BedrockError> {
    let cohere = |truncate, embedding_types, output_dimension| CohereRequest {
        texts,
        input_type: match input {
            Input::Query => "search_query",
            Input::Document => "search_document",
        },
        truncate,
        embedding_types,
        output_dimension,
    };
    let body = match model.spec.family {
        Family::Titan => serde_json::to_vec(&TitanRequest {
            input_text: texts.first().map_or("", String::as_str),
            dimensions: model.dimensions(),
            normalize: true,
        }),
        Family::CohereV3 => serde_json::to_vec(&cohere(Some("END"), None, None)),
        // No text is long enough for this one to truncate anything.
        Family::CohereV4 => serde_json::to_vec(&cohere(None, Some(["float"]), Some(model.dimensions()))),
    };
    body.map_err(|error| BedrockError::Answer(format!("the request could not be written: {error}")))
}

/// Reads what a model answered to a request with so many texts.
pub(super) fn answer(model: &Model, body: &[u8], texts: usize) -> Result<Answer, BedrockError> {
    let (vectors, tokens) = match model.spec.family {
        Family::Titan => {
            let answer: TitanAnswer = parse(body)?;
            (vec![answer.embedding], answer.input_text_token_count)
        }
        Family::CohereV3 | Family::CohereV4 => match parse::<CohereAnswer>(body)?.embeddings {
            CohereVectors::Bare(vectors) | CohereVectors::ByType { float: vectors } => (vectors, None),
        },
    };
    if vectors.len() != texts {
        return Err(BedrockError::Answer(format!("{} vectors for {texts} texts", vectors.len())));
    }
    let vectors = vectors.into_iter().map(|vector| unit(vector, model.dimensions())).collect::<Result<_, _>>()?;
    Ok(Answer { vectors, tokens })
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BedrockError> {
    serde_json::from_slice(body).map_err(|error| {
        // Not its message: it may quote the texts, which some answers repeat.
        let (line, column) = (error.line(), error.column());
        BedrockError::Answer(format!(
            "{} bytes that are not the expected JSON (line {line}, column {column})",
            body.len()
        ))
    })
}

/// The vector at length one. Not every model normalizes, and JSON rounds.
fn unit(mut vector: Vec<f32>, dimensions: usize) -> Result<Vec<f32>, BedrockError> {
    if vector.len() != dimensions {
        return Err(BedrockError::Answer(format!("{} components instead of {dimensions}", vector.len())));
    }
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length < f64::from(f32::MIN_POSITIVE) {
        return Err(BedrockError::Answer(format!("a vector of length {length}")));
    }
    for component in &mut vector {
        *component = (f64::from(*component) / length) as f32;
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn model(id: &str, dimensions: usize) -> Model {
        Model::new(id, Some(dimensions)).unwrap()
    }

    fn body(model: &Model, texts: &[&str], input: Input) -> Value {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        serde_json::from_slice(&request(model, &texts, input).unwrap()).unwrap()
    }

    #[test]
    fn requests_are_as_documented() {
        let titan = model("amazon.titan-embed-text-v2:0", 256);
        let expected = json!({"inputText": "why", "dimensions": 256, "normalize": true});
        assert_eq!(body(&titan, &["why"], Input::Query), expected);
        assert_eq!(body(&titan, &["why"], Input::Document), expected, "it does not tell them apart");

        let v3 = model("cohere.embed-english-v3", 1024);
        let expected = json!({"texts": ["a", "b"], "input_type": "search_document", "truncate": "END"});
        assert_eq!(body(&v3, &["a", "b"], Input::Document), expected);
        assert_eq!(body(&v3, &["a"], Input::Query)["input_type"], "search_query");

        let expected = json!({
            "texts": ["a"],
            "input_type": "search_query",
            "embedding_types": ["float"],
            "output_dimension": 512,
        });
        assert_eq!(body(&model("us.cohere.embed-v4:0", 512), &["a"], Input::Query), expected);
    }

    #[test]
    fn vectors_become_unit_vectors() {
        let titan = model("amazon.titan-embed-text-v2:0", 256);
        let mut components = vec![0.0; 256];
        (components[0], components[1]) = (3.0, -4.0);
        let text =
            json!({"embedding": components, "inputTextTokenCount": 7, "embeddingsByType": {"float": components}});
        let answer = answer(&titan, text.to_string().as_bytes(), 1).unwrap();
        assert_eq!((answer.vectors[0][0], answer.vectors[0][1], answer.tokens), (0.6, -0.8, Some(7)));
    }

    #[test]
    fn both_forms_of_cohere_are_read() {
        let v4 = model("cohere.embed-v4:0", 256);
        let vector = |at: usize| (0..256).map(|i| f32::from(u8::from(i == at))).collect::<Vec<_>>();
        let vectors = [vector(3), vector(5)];
        for embeddings in [json!(vectors), json!({"float": vectors})] {
            let text = json!({"id": "x", "embeddings": embeddings, "texts": ["a", "b"]}).to_string();
            assert_eq!(answer(&v4, text.as_bytes(), 2).unwrap(), Answer { vectors: vectors.to_vec(), tokens: None });
        }
    }

    #[test]
    fn nonsense_is_refused_without_quoting_it() {
        let titan = model("amazon.titan-embed-text-v2:0", 256);
        let zeros = json!({"embedding": vec![0.0; 256]}).to_string();
        let short = json!({"embedding": [1.0]}).to_string();
        let secret = json!({"embedding": "a secret text"}).to_string();
        for (text, says) in [
            (zeros.as_str(), "a vector of length 0"),
            (&short, "1 components instead of 256"),
            (&secret, "line 1"),
            ("<html>a secret text", "line 1"),
            ("", "0 bytes"),
        ] {
            let error = answer(&titan, text.as_bytes(), 1).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
        let v3 = model("cohere.embed-english-v3", 1024);
        let two = json!({"embeddings": vec![vec![1.0; 1024]; 2]}).to_string();
        let error = answer(&v3, two.as_bytes(), 3).unwrap_err().to_string();
        assert!(error.contains("2 vectors for 3 texts"), "{error}");
    }
}
