//! JSON schemas of inputs and outputs, as small as they can be: every client pays for them in every conversation.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// Schema of what a tool takes.
pub(super) fn of_input<T: JsonSchema>() -> Map<String, Value> {
    let generator = SchemaSettings::draft2020_12().for_deserialize().with(|settings| settings.inline_subschemas = true);
    slim(generator.into_generator().into_root_schema_for::<T>().to_value())
}

/// Schema of what a tool returns.
pub(super) fn of_output<T: JsonSchema>() -> Map<String, Value> {
    let generator = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.inline_subschemas = true);
    let mut schema = slim(generator.into_generator().into_root_schema_for::<T>().to_value());
    // At the root it tells a client what it can rely on; below, it only costs.
    schema.values_mut().for_each(without_required);
    schema
}

fn without_required(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("required");
            fields.values_mut().for_each(without_required);
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn slim(mut schema: Value) -> Map<String, Value> {
    // The description of the tool says what its input and output are.
    if let Some(root) = schema.as_object_mut() {
        root.remove("description");
    }
    slim_schema(&mut schema);
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// Takes out what a model does not need: formats, titles, `null` as an alternative, descriptions of enum values.
fn slim_schema(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    for name in ["$schema", "title", "format", "default"] {
        fields.remove(name);
    }
    if fields.get("minimum").and_then(Value::as_f64) == Some(0.0) {
        fields.remove("minimum");
    }
    for name in ["maximum"] {
        if fields.get(name).and_then(Value::as_f64).is_some_and(|limit| limit >= 255.0) {
            fields.remove(name);
        }
    }
    without_null(fields);
    one_of_constants(fields);
    if let Some(Value::Object(items)) = fields.get_mut("items") {
        // The list says what its items are.
        items.remove("description");
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(slim_schema);
        if properties.is_empty() {
            fields.remove("properties");
        }
    }
    for name in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(name) {
            slim_schema(inner);
        }
    }
    for name in ["prefixItems", "anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(inner)) = fields.get_mut(name) {
            inner.iter_mut().for_each(slim_schema);
        }
    }
}

/// What is optional is left out rather than null.
fn without_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(alternatives)) = fields.get_mut("anyOf") {
        alternatives.retain(|alternative| alternative.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            fields.remove("anyOf");
            for (name, value) in only {
                // What is said of the field goes before what is said of its type.
                fields.entry(name).or_insert(value);
            }
        }
    }
}

/// `oneOf: [{const: a}, {const: b}]` as `enum: [a, b]`.
fn one_of_constants(fields: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = fields.get("oneOf") else { return };
    let constants: Option<Vec<_>> = alternatives.iter().map(|alternative| alternative.get("const").cloned()).collect();
    if let Some(constants) = constants {
        fields.remove("oneOf");
        fields.insert("type".to_owned(), "string".into());
        fields.insert("enum".to_owned(), constants.into());
    }
}

#[cfg(test)]
mod tests {
    use cloudops_indexes::model::Kind;
    use serde_json::json;

    use super::*;

    /// Not for models.
    #[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
    struct Example {
        /// Kinds of text.
        #[serde(default)]
        kind: Vec<Kind>,
        /// A number.
        title: Option<u32>,
        /// One kind.
        one: Option<Kind>,
    }

    #[test]
    fn schemas_are_small() {
        let kinds = json!(Kind::ALL);
        let expected = json!({
            "type": "object",
            "properties": {
                "kind": {"description": "Kinds of text.", "type": "array", "items": {
                    "type": "string", "enum": kinds
                }},
                "title": {"description": "A number.", "type": "integer"},
                "one": {"description": "One kind.", "type": "string", "enum": kinds},
            },
        });
        assert_eq!(Value::Object(of_input::<Example>()), expected);
    }
}
