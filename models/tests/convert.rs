//! What the converter writes, and what it says about files it cannot convert.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a report")]

use std::path::{Path, PathBuf};

use cloudops_models::convert::onnx::{DataType, Graph, Model, Node, Tensor, ValueInfo};
use cloudops_models::convert::{ConvertError, Precision, Report, convert};
use prost::Message;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

const ENCODER: &str = "tiny-bert";
const CLASSIFIER: &str = "tiny-classifier";

/// A copy of one of the committed models, to be damaged.
struct Copy(TempDir);

impl Copy {
    fn of(model: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(model);
        let copy = Self(TempDir::new().unwrap());
        for file in ["config.json", "model.safetensors", "tokenizer.json"] {
            fs_err::copy(from.join(file), copy.path(file)).unwrap();
        }
        copy
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn with_config(self, name: &str, value: Value) -> Self {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
        config[name] = value;
        fs_err::write(path, config.to_string()).unwrap();
        self
    }

    /// Writes the tensors anew, each as the function says.
    fn with_tensors(self, change: impl Fn(&str, Dtype, &[usize], &[u8]) -> Option<Changed>) -> Self {
        let path = self.path("model.safetensors");
        let bytes = fs_err::read(&path).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let changed: Vec<_> =
            tensors.iter().filter_map(|(name, view)| change(name, view.dtype(), view.shape(), view.data())).collect();
        let views = changed
            .iter()
            .map(|(name, dtype, shape, data)| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
        fs_err::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
        self
    }

    fn convert(&self, precision: Precision) -> Result<(Report, Model), ConvertError> {
        let out = self.path("model.onnx");
        let report = convert(self.0.path(), &out, precision)?;
        let bytes = fs_err::read(out).unwrap();
        assert_eq!(report.bytes, bytes.len() as u64);
        Ok((report, Model::decode(&*bytes).unwrap()))
    }

    /// The error's text, without the directory.
    #[track_caller]
    fn refused(&self) -> String {
        let before = self.files();
        let error = self.convert(Precision::Float32).unwrap_err();
        assert_eq!(self.files(), before, "nothing half done is left");
        error.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs_err::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

type Changed = (String, Dtype, Vec<usize>, Vec<u8>);

fn same(name: &str, dtype: Dtype, shape: &[usize], data: &[u8]) -> Changed {
    (name.to_owned(), dtype, shape.to_vec(), data.to_vec())
}

fn described(value: &ValueInfo) -> String {
    let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
    let sizes = tensor
        .shape
        .as_ref()
        .unwrap()
        .dim
        .iter()
        .map(|dimension| dimension.dim_param.clone().unwrap_or_else(|| dimension.dim_value.unwrap().to_string()));
    let sizes: Vec<_> = sizes.collect();
    format!("{} {:?} [{}]", value.name, tensor.elem_type(), sizes.join(", "))
}

fn tensor<'a>(graph: &'a Graph, name: &str) -> &'a Tensor {
    let found = graph.initializer.iter().find(|tensor| tensor.name == name);
    found.unwrap_or_else(|| panic!("no tensor {name}"))
}

fn operators<'a>(graph: &'a Graph, operator: &'a str) -> impl Iterator<Item = &'a Node> {
    graph.node.iter().filter(move |node| node.op_type == operator)
}

/// What must be so in every graph.
fn check(model: &Model) -> &Graph {
    assert_eq!(model.ir_version, 8);
    let versions: Vec<_> = model.opset_import.iter().map(|set| (&*set.domain, set.version)).collect();
    assert_eq!(versions, [("", 17), ("com.microsoft", 1)]);
    let graph = model.graph.as_ref().unwrap();
    let inputs: Vec<_> = graph.input.iter().map(described).collect();
    assert_eq!(
        inputs,
        [
            "input_ids Int64 [batch, sequence]",
            "attention_mask Int64 [batch, sequence]",
            "token_type_ids Int64 [batch, sequence]",
        ]
    );
    for tensor in &graph.initializer {
        let width = match tensor.data_type() {
            DataType::Float | DataType::Int32 => 4,
            DataType::Int8 => 1,
            DataType::Int64 => 8,
            DataType::Undefined => panic!("{} has no type", tensor.name),
        };
        let values: i64 = tensor.dims.iter().product();
        assert_eq!(tensor.raw_data.len() as i64, values * width, "{}", tensor.name);
    }
    assert_eq!(graph.undefined(), None);
    let mut names: Vec<_> = graph.node.iter().flat_map(|node| &node.output).collect();
    names.extend(graph.initializer.iter().map(|tensor| &tensor.name));
    names.sort();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name stands for two values");
    graph
}

#[test]
fn floats_stay_floats() {
    let (report, model) = Copy::of(ENCODER).convert(Precision::Float32).unwrap();
    let Report { output, hidden, layers, positions, labels, .. } = report;
    assert_eq!((output, hidden, layers, positions, labels), ("last_hidden_state", 32, 2, 48, 0));
    let graph = check(&model);
    assert_eq!(described(&graph.output[0]), "last_hidden_state Float [batch, sequence, 32]");
    assert_eq!(tensor(graph, "embeddings.words.weight").dims, [100, 32]);
    assert_eq!(tensor(graph, "embeddings.positions.weight").dims, [48, 32]);
    assert_eq!(tensor(graph, "layer.0.qkv.weight").dims, [32, 96]);
    assert_eq!(tensor(graph, "layer.1.inner.weight").dims, [32, 64]);
    assert_eq!(tensor(graph, "layer.1.outer.weight").dims, [64, 32]);
    assert!(graph.initializer.iter().all(|tensor| tensor.data_type() != DataType::Int8));
    let heads: Vec<_> = operators(graph, "Attention").flat_map(|node| &node.attribute).map(|one| one.i).collect();
    assert_eq!(heads, [Some(4), Some(4)]);
    assert_eq!(operators(graph, "LayerNormalization").count(), 5);
}

#[test]
fn weights_become_bytes() {
    let copy = Copy::of(ENCODER);
    let (report, model) = copy.convert(Precision::Int8).unwrap();
    let (floats, _) = copy.convert(Precision::Float32).unwrap();
    assert!(report.bytes * 2 < floats.bytes, "{} bytes are not much less than {}", report.bytes, floats.bytes);
    let graph = check(&model);
    assert_eq!(described(&graph.output[0]), "last_hidden_state Float [batch, sequence, 32]");
    for (name, dims) in [
        ("embeddings.words", [100, 32]),
        ("layer.0.qkv", [32, 96]),
        ("layer.0.attended", [32, 32]),
        ("layer.1.inner", [32, 64]),
        ("layer.1.outer", [64, 32]),
    ] {
        let weight = tensor(graph, &format!("{name}.weight"));
        assert_eq!((&*weight.dims, weight.data_type()), (&dims[..], DataType::Int8), "{name}");
        // More than seven bits clip on processors without VNNI.
        let largest = weight.raw_data.iter().map(|byte| byte.cast_signed().unsigned_abs()).max().unwrap();
        assert_eq!(largest, if name == "embeddings.words" { 127 } else { 64 }, "{name}");
    }
    assert_eq!(operators(graph, "QAttention").count(), 2);
    assert_eq!(operators(graph, "DynamicQuantizeMatMul").count(), 6);
}

/// The tiny model's weights make component 5 of every state large; it is divided before it becomes a byte.
#[test]
fn large_components_are_divided() {
    let (_, model) = Copy::of(ENCODER).convert(Precision::Int8).unwrap();
    let graph = check(&model);
    for name in ["embeddings.norm", "layer.0.attended.norm", "layer.0.outer.norm", "layer.1.attended.norm"] {
        let factors = tensor(graph, &format!("{name}.whole.by"));
        let factors: Vec<_> = factors.raw_data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert!(factors[5] >= 2.0, "{name}: {factors:?}");
        assert!(factors.iter().filter(|factor| (*factor - 1.0).abs() < 1e-6).count() >= 30, "{name}: {factors:?}");
    }
}

#[test]
fn the_same_model_gives_the_same_file() {
    for precision in [Precision::Float32, Precision::Int8] {
        let (_, first) = Copy::of(ENCODER).convert(precision).unwrap();
        let (_, second) = Copy::of(ENCODER).convert(precision).unwrap();
        assert!(first == second, "{precision:?}");
    }
}

#[test]
fn a_classifier_has_logits() {
    for precision in [Precision::Float32, Precision::Int8] {
        let (report, model) = Copy::of(CLASSIFIER).convert(precision).unwrap();
        assert_eq!((report.output, report.labels), ("logits", 1));
        let graph = check(&model);
        assert_eq!(described(&graph.output[0]), "logits Float [batch, 1]");
        assert_eq!(tensor(graph, "pooler.weight").dims, [32, 32]);
    }
}

#[test]
fn names_with_a_prefix_and_old_names_are_found() {
    let (_, model) = Copy::of(ENCODER).convert(Precision::Float32).unwrap();
    let renamed = Copy::of(ENCODER).with_tensors(|name, dtype, shape, data| {
        let old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
        Some(same(&format!("bert.{old}"), dtype, shape, data))
    });
    let (_, other) = renamed.convert(Precision::Float32).unwrap();
    assert!(model == other);
}

#[test]
fn other_models_are_refused() {
    let supported = "; supported are BertModel and BertForSequenceClassification with gelu and absolute positions";
    for (name, value, found) in [
        ("model_type", json!("mpnet"), "its `model_type` is `mpnet`"),
        ("model_type", Value::Null, "it has no `model_type`"),
        ("hidden_act", json!("gelu_new"), "its `hidden_act` is `gelu_new`"),
        ("position_embedding_type", json!("relative_key"), "its `position_embedding_type` is `relative_key`"),
        ("is_decoder", json!(true), "it is a decoder"),
        ("architectures", json!(["BertForMaskedLM"]), "its architecture is BertForMaskedLM"),
    ] {
        let said = Copy::of(ENCODER).with_config(name, value).refused();
        assert_eq!(said, format!("the model of `config.json` cannot be converted: {found}{supported}"));
    }
}

#[test]
fn impossible_sizes_are_refused() {
    for (name, value, reason) in [
        ("hidden_size", json!(0), "`hidden_size` is 0"),
        ("num_attention_heads", json!(5), "`hidden_size` 32 is not a multiple of `num_attention_heads` 5"),
        ("layer_norm_eps", json!(0.0), "`layer_norm_eps` is 0"),
    ] {
        let said = Copy::of(ENCODER).with_config(name, value).refused();
        assert_eq!(said, format!("`config.json` cannot be read: {reason}"));
    }
    let said = Copy::of(ENCODER).with_config("vocab_size", json!("many")).refused();
    assert!(said.starts_with("`config.json` cannot be read: invalid type: string"), "{said}");
}

#[test]
fn missing_files_are_named() {
    for file in ["config.json", "model.safetensors"] {
        let copy = Copy::of(ENCODER);
        fs_err::remove_file(copy.path(file)).unwrap();
        assert!(copy.refused().contains(&format!("`{file}`")), "{}", copy.refused());
    }
}

#[test]
fn special_tokens_are_needed_for_bytes() {
    let copy = Copy::of(ENCODER);
    fs_err::write(copy.path("tokenizer.json"), r#"{"added_tokens": [{"id": 2, "content": "[CLS]"}]}"#).unwrap();
    let said = copy.convert(Precision::Int8).unwrap_err().to_string();
    assert!(said.ends_with("tokenizer.json` cannot be read: it has no token `[SEP]`"), "{said}");
    let many = json!({"added_tokens": [{"id": 2, "content": "[CLS]"}, {"id": 100, "content": "[SEP]"}]});
    fs_err::write(copy.path("tokenizer.json"), many.to_string()).unwrap();
    let said = copy.convert(Precision::Int8).unwrap_err().to_string();
    assert!(said.ends_with("its token `[SEP]` is number 100 of a vocabulary of 100"), "{said}");
}

#[test]
fn damaged_weights_are_refused() {
    let copy = Copy::of(ENCODER);
    let path = copy.path("model.safetensors");
    let whole = fs_err::read(&path).unwrap();
    let said = |bytes: &[u8]| {
        fs_err::write(&path, bytes).unwrap();
        copy.refused()
    };
    let start = "`model.safetensors` cannot be read:";
    assert_eq!(said(&[]), format!("{start} it has only 0 bytes"));
    assert_eq!(said(&whole[..1000]), format!("{start} it is cut off, or no safetensors file"));
    assert_eq!(said(b"<!DOCTYPE html><html></html>"), format!("{start} it is cut off, or no safetensors file"));
    let short = whole.len() - 1;
    assert_eq!(
        said(&whole[..short]),
        format!("{start} it has {short} bytes instead of {}: cut off, or damaged", whole.len())
    );
    let mut broken = whole.clone();
    broken[8] = b'[';
    assert!(said(&broken).starts_with(start), "{}", said(&broken));
}

#[test]
fn tensors_are_named_that_are_not_right() {
    const NAME: &str = "encoder.layer.1.output.dense.weight";
    let with = |change: fn(&str, Dtype, &[usize], &[u8]) -> Option<Changed>| {
        let copy = Copy::of(ENCODER).with_tensors(|name, dtype, shape, data| {
            if name == NAME { change(name, dtype, shape, data) } else { Some(same(name, dtype, shape, data)) }
        });
        copy.refused()
    };
    assert_eq!(with(|_, _, _, _| None), format!("`model.safetensors` has no tensor `{NAME}`"));
    assert_eq!(
        with(|name, dtype, shape, data| Some(same(name, dtype, &[shape[1], shape[0]], data))),
        format!("the tensor `{NAME}` in `model.safetensors` has the shape [64, 32]; `config.json` makes it [32, 64]")
    );
    assert_eq!(
        with(|name, _, shape, data| Some(same(name, Dtype::I32, shape, data))),
        format!("the tensor `{NAME}` in `model.safetensors` is I32, not F32, F16 or BF16")
    );
    assert_eq!(
        with(|name, dtype, shape, data| {
            let mut data = data.to_vec();
            data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
            Some(same(name, dtype, shape, &data))
        }),
        format!("the tensor `{NAME}` in `model.safetensors` has values that are not finite")
    );
}

#[test]
fn a_file_that_was_there_is_replaced() {
    let copy = Copy::of(ENCODER);
    fs_err::write(copy.path("model.onnx"), "old").unwrap();
    copy.convert(Precision::Float32).unwrap();
    let names: Vec<_> = copy.files().iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["config.json", "model.onnx", "model.safetensors", "tokenizer.json"]);
}

#[test]
fn the_output_is_named_when_it_cannot_be_written() {
    let copy = Copy::of(ENCODER);
    let error = convert(copy.0.path(), &copy.path("no/such/model.onnx"), Precision::Float32).unwrap_err();
    assert!(error.to_string().contains("no/such/model.onnx"), "{error}");
}
