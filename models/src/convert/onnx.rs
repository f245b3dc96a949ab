//! The ONNX file format, as far as a transformer needs it: messages and field numbers of `onnx.proto3` in
//! <https://github.com/onnx/onnx>, which `docs/IR.md` there explains.

use std::collections::BTreeSet;

/// `ModelProto`: the file.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Model {
    /// Version of the format.
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// Who wrote the file.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// In which version.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// What is computed.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    /// Which operators are meant.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
}

/// `OperatorSetIdProto`: the operators of a domain, in a version.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OperatorSet {
    /// Empty for ONNX's own.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// The version.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// `GraphProto`: nodes in an order in which they can be computed.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Graph {
    /// What is computed.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    /// The graph's name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Constants: the weights.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<Tensor>,
    /// What is given.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfo>,
    /// What is wanted.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfo>,
}

/// `NodeProto`: one operation.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Node {
    /// Names of values; empty for an optional one that is left out.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names given to the results.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// The node's name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// Its settings.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<Attribute>,
    /// Whose operator it is: empty for ONNX's own.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// `AttributeProto`: a setting of a node.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Attribute {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value, if it is a float.
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// The value, if it is a whole number.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// Which of them it is: [`FLOAT_ATTRIBUTE`] or [`INT_ATTRIBUTE`].
    #[prost(int32, tag = "20")]
    pub r#type: i32,
}

/// `AttributeProto.AttributeType.FLOAT`
pub const FLOAT_ATTRIBUTE: i32 = 1;
/// `AttributeProto.AttributeType.INT`
pub const INT_ATTRIBUTE: i32 = 2;

/// `TensorProto`: a constant.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tensor {
    /// Its dimensions; none for a single number.
    #[prost(int64, repeated, tag = "1")]
    pub dims: Vec<i64>,
    /// A [`DataType`].
    #[prost(enumeration = "DataType", tag = "2")]
    pub data_type: i32,
    /// Its name.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Its values, little-endian.
    #[prost(bytes = "vec", tag = "9")]
    pub raw_data: Vec<u8>,
}

/// `TensorProto.DataType`: the types used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum DataType {
    /// None.
    Undefined = 0,
    /// A float of 32 bits.
    Float = 1,
    /// A signed byte.
    Int8 = 3,
    /// A whole number of 32 bits.
    Int32 = 6,
    /// A whole number of 64 bits.
    Int64 = 7,
}

/// `ValueInfoProto`: an input or output.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<Type>,
}

/// `TypeProto`: here always a tensor.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Type {
    /// Which tensor.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorType>,
}

/// `TypeProto.Tensor`
#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorType {
    /// The type of its values.
    #[prost(enumeration = "DataType", tag = "1")]
    pub elem_type: i32,
    /// Its dimensions.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

/// `TensorShapeProto`
#[derive(Clone, PartialEq, prost::Message)]
pub struct Shape {
    /// One for each dimension.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

/// `TensorShapeProto.Dimension`: of a known size, or of one with a name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dimension {
    /// The size.
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
    /// The name of the size.
    #[prost(string, optional, tag = "2")]
    pub dim_param: Option<String>,
}

impl Graph {
    /// The first value that a node reads before anything has given it: none in a graph that can be computed.
    pub fn undefined(&self) -> Option<&str> {
        let mut known: BTreeSet<&str> = self.input.iter().map(|input| &*input.name).collect();
        known.extend(self.initializer.iter().map(|tensor| &*tensor.name));
        for node in &self.node {
            if let Some(name) = node.input.iter().find(|name| !name.is_empty() && !known.contains(&***name)) {
                return Some(name);
            }
            known.extend(node.output.iter().map(|output| &**output));
        }
        self.output.iter().map(|output| &*output.name).find(|name| !known.contains(name))
    }
}
