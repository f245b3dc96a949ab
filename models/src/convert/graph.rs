//! Putting a graph together.

use super::matrix::Matrix;
use super::onnx::{
    Attribute, DataType, Dimension, FLOAT_ATTRIBUTE, Graph, INT_ATTRIBUTE, Model, Node, OperatorSet, Shape, Tensor,
    TensorType, Type, ValueInfo,
};

/// Of the format: the one that came with opset 17.
const IR_VERSION: i64 = 8;
/// Of ONNX's own operators: the first that has `LayerNormalization`.
const OPSET: i64 = 17;
/// Operators that only ONNX Runtime has.
const MICROSOFT: &str = "com.microsoft";

/// The name of a value in the graph.
pub(super) type Value = String;

/// A graph that is being put together.
#[derive(Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    initializers: Vec<Tensor>,
}

/// What a node is told beside its inputs.
pub(super) enum Setting {
    Int(&'static str, i64),
    Float(&'static str, f32),
}

impl Builder {
    /// An operator of ONNX; its one result is named like the node.
    pub(super) fn node(&mut self, name: &str, operator: &str, inputs: &[&str], settings: &[Setting]) -> Value {
        self.add(name, "", operator, inputs, &[name], settings);
        name.to_owned()
    }

    /// An operator of ONNX Runtime.
    pub(super) fn fused(&mut self, name: &str, operator: &str, inputs: &[&str], settings: &[Setting]) -> Value {
        self.add(name, MICROSOFT, operator, inputs, &[name], settings);
        name.to_owned()
    }

    /// `DynamicQuantizeLinear`: bytes from 0 to 255, their scale, and which of them stands for 0.
    pub(super) fn quantized(&mut self, name: &str, input: &str) -> [Value; 3] {
        let outputs = ["bytes", "scale", "zero"].map(|part| format!("{name}.{part}"));
        self.add(name, "", "DynamicQuantizeLinear", &[input], &outputs.each_ref().map(|output| &**output), &[]);
        outputs
    }

    fn add(&mut self, name: &str, domain: &str, op: &str, inputs: &[&str], outputs: &[&str], settings: &[Setting]) {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let attribute = settings
            .iter()
            .map(|setting| match *setting {
                Setting::Int(name, value) => {
                    Attribute { name: name.to_owned(), f: None, i: Some(value), r#type: INT_ATTRIBUTE }
                }
                Setting::Float(name, value) => {
                    Attribute { name: name.to_owned(), f: Some(value), i: None, r#type: FLOAT_ATTRIBUTE }
                }
            })
            .collect();
        self.nodes.push(Node {
            input: owned(inputs),
            output: owned(outputs),
            name: name.to_owned(),
            op_type: op.to_owned(),
            attribute,
            domain: domain.to_owned(),
        });
    }

    pub(super) fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> Value {
        self.constant(name, DataType::Float, dims, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub(super) fn vector(&mut self, name: &str, values: &[f32]) -> Value {
        self.floats(name, &[values.len()], values)
    }

    pub(super) fn matrix(&mut self, name: &str, matrix: &Matrix) -> Value {
        self.floats(name, &[matrix.rows(), matrix.columns], &matrix.values)
    }

    pub(super) fn signed_bytes(&mut self, name: &str, dims: &[usize], values: &[i8]) -> Value {
        self.constant(name, DataType::Int8, dims, values.iter().map(|value| value.cast_unsigned()).collect())
    }

    pub(super) fn integers(&mut self, name: &str, values: &[i64]) -> Value {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, DataType::Int64, &[values.len()], bytes)
    }

    /// A single whole number, without dimensions.
    pub(super) fn scalar(&mut self, name: &str, value: i64) -> Value {
        self.constant(name, DataType::Int64, &[], value.to_le_bytes().to_vec())
    }

    fn constant(&mut self, name: &str, data_type: DataType, dims: &[usize], raw_data: Vec<u8>) -> Value {
        let dims = dims.iter().map(|&size| size as i64).collect();
        self.initializers.push(Tensor { dims, data_type: data_type.into(), name: name.to_owned(), raw_data });
        name.to_owned()
    }

    /// The file: inputs of `[batch, sequence]` token numbers, one output of floats.
    pub(super) fn finish(self, inputs: &[&str], output: &str, dims: Vec<Dimension>) -> Model {
        let tokens = || vec![named("batch"), named("sequence")];
        let graph = Graph {
            node: self.nodes,
            name: "bert".to_owned(),
            initializer: self.initializers,
            input: inputs.iter().map(|name| value(name, DataType::Int64, tokens())).collect(),
            output: vec![value(output, DataType::Float, dims)],
        };
        debug_assert_eq!(graph.undefined(), None);
        let domains = [("", OPSET), (MICROSOFT, 1)];
        Model {
            ir_version: IR_VERSION,
            producer_name: env!("CARGO_PKG_NAME").to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph),
            opset_import: domains.map(|(domain, version)| OperatorSet { domain: domain.to_owned(), version }).to_vec(),
        }
    }
}

/// A dimension that differs from call to call.
pub(super) fn named(name: &str) -> Dimension {
    Dimension { dim_value: None, dim_param: Some(name.to_owned()) }
}

/// A dimension that does not.
pub(super) fn fixed(size: usize) -> Dimension {
    Dimension { dim_value: Some(size as i64), dim_param: None }
}

fn value(name: &str, data_type: DataType, dim: Vec<Dimension>) -> ValueInfo {
    let tensor_type = Some(TensorType { elem_type: data_type.into(), shape: Some(Shape { dim }) });
    ValueInfo { name: name.to_owned(), r#type: Some(Type { tensor_type }) }
}
