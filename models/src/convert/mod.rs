//! Weights as they are published (safetensors) made into a graph that ONNX Runtime runs.
//!
//! What is made is the fastest graph measured, not the most general: the fused operators of ONNX Runtime
//! (`com.microsoft`) where they win, and plain ones where those are faster. `Int8` multiplies bytes instead of
//! floats: the file is a quarter of the size, and texts take about half the time.

mod bert;
mod calibrate;
mod config;
mod encoder;
mod error;
mod float32;
mod graph;
mod int8;
mod matrix;
pub mod onnx;
mod quantize;
mod random;
mod vocabulary;
mod weights;

use std::io::Write;
use std::path::Path;

use prost::Message;

pub use error::ConvertError;

use bert::Bert;
use config::{Config, Head};
use weights::Weights;

/// The names of the graph's inputs, all int64 of `[batch, sequence]`.
pub const INPUTS: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];

/// A protobuf message may not be longer.
const MOST_BYTES: usize = i32::MAX as usize;

/// What the graph computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Floats of 32 bits, as published: the same vectors as everywhere else.
    Float32,
    /// Bytes for weights, and for what they are multiplied with. Vectors deviate: cosines to those of `Float32` of
    /// all-MiniLM-L6-v2 are 0.995 on average and 0.99 at worst. What an input becomes depends a little on what else
    /// is in its batch.
    Int8,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name of the graph's output: `last_hidden_state`, float of `[batch, sequence, hidden]`, or for a classifier
    /// (a cross-encoder) `logits`, float of `[batch, labels]`.
    pub output: &'static str,
    /// Components of a hidden state.
    pub hidden: usize,
    /// Layers of the encoder.
    pub layers: usize,
    /// Tokens of a text, at most.
    pub positions: usize,
    /// Labels of a classifier; 0 without one.
    pub labels: usize,
    /// Length of the written file in bytes.
    pub bytes: u64,
}

/// Converts the model in a directory (`model.safetensors`, `config.json`, `tokenizer.json`) and writes the graph to
/// `out`, which appears whole or not at all.
pub fn convert(model_dir: &Path, out: &Path, precision: Precision) -> Result<Report, ConvertError> {
    let config = Config::read(&model_dir.join("config.json"))?;
    let mut weights = Weights::open(&model_dir.join("model.safetensors"))?;
    let bert = Bert::read(&mut weights, &config)?;
    let graph = match precision {
        Precision::Float32 => float32::graph(&bert, &config),
        Precision::Int8 => {
            let special = vocabulary::special(&model_dir.join("tokenizer.json"), config.vocabulary)?;
            let ranges = calibrate::ranges(&bert, &config, special);
            int8::graph(&bert, &config, &ranges)
        }
    };
    let bytes = write(&graph, out)?;
    let (output, labels) = match config.head {
        Head::None => ("last_hidden_state", 0),
        Head::Classifier { labels } => ("logits", labels),
    };
    let Config { hidden, layers, positions, .. } = config;
    Ok(Report { output, hidden, layers, positions, labels, bytes })
}

/// Writes to a temporary file beside `out`, which takes its place when it is whole and on disk.
fn write(model: &onnx::Model, out: &Path) -> Result<u64, ConvertError> {
    let bytes = model.encoded_len();
    if bytes > MOST_BYTES {
        return Err(ConvertError::TooLarge { bytes });
    }
    let directory = match out.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = Part(directory.join(name));
    let mut file = fs_err::File::create(&part.0)?;
    file.write_all(&model.encode_to_vec())?;
    file.sync_all()?;
    drop(file);
    fs_err::rename(&part.0, out)?;
    Ok(bytes as u64)
}

/// A file that is removed when it was not given another name.
struct Part(std::path::PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Gone after the renaming; after a failure that one is reported, not this.
        fs_err::remove_file(&self.0).ok();
    }
}
