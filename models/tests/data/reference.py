"""Writes two tiny BERTs of random weights, and what they make of a batch, computed by the published formula.

    python reference.py        (needs numpy and safetensors; writes beside itself)

An implementation of its own, in 64-bit floats, so that the converter is not compared with itself.
"""

import json
import math
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
VOCABULARY, HIDDEN, LAYERS, HEADS, INNER, POSITIONS, TYPES, LABELS = 100, 32, 2, 4, 64, 48, 2, 1
EPSILON = 1e-12
CLS, SEP = 2, 3
LENGTHS = [12, 3, 7, 20]


def tensors(seed, prefix, classifier):
    random = np.random.default_rng(seed)
    out = {}

    def add(name, *shape, spread=0.2, around=0.0):
        out[name] = (around + spread * random.standard_normal(shape)).astype(np.float32)

    def dense(name, inputs, outputs):
        add(f"{name}.weight", outputs, inputs)
        add(f"{name}.bias", outputs)

    def norm(name):
        add(f"{name}.weight", HIDDEN, spread=0.1, around=1.0)
        add(f"{name}.bias", HIDDEN)
        # As in real encoders: one component is much larger than the others.
        if not classifier:
            out[f"{name}.weight"][5] = 9.0

    for name, rows in (("word", VOCABULARY), ("position", POSITIONS), ("token_type", TYPES)):
        add(f"{prefix}embeddings.{name}_embeddings.weight", rows, HIDDEN, spread=1.0)
    norm(f"{prefix}embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = f"{prefix}encoder.layer.{i}"
        for part in ("query", "key", "value"):
            dense(f"{layer}.attention.self.{part}", HIDDEN, HIDDEN)
        dense(f"{layer}.attention.output.dense", HIDDEN, HIDDEN)
        norm(f"{layer}.attention.output.LayerNorm")
        dense(f"{layer}.intermediate.dense", HIDDEN, INNER)
        dense(f"{layer}.output.dense", INNER, HIDDEN)
        norm(f"{layer}.output.LayerNorm")
    dense(f"{prefix}pooler.dense", HIDDEN, HIDDEN)
    if classifier:
        dense("classifier", HIDDEN, LABELS)
    return out


def forward(weights, prefix, ids, mask, types):
    w = {name: value.astype(np.float64) for name, value in weights.items()}

    def dense(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x, name):
        mean = x.mean(-1, keepdims=True)
        variance = ((x - mean) ** 2).mean(-1, keepdims=True)
        return (x - mean) / np.sqrt(variance + EPSILON) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def heads(x):
        batch, length, _ = x.shape
        return x.reshape(batch, length, HEADS, HIDDEN // HEADS).transpose(0, 2, 1, 3)

    gelu = np.vectorize(lambda v: 0.5 * v * (1.0 + math.erf(v / math.sqrt(2.0))))
    table = lambda name: w[f"{prefix}embeddings.{name}_embeddings.weight"]
    x = table("word")[ids] + table("position")[: ids.shape[1]] + table("token_type")[types]
    x = norm(x, f"{prefix}embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = f"{prefix}encoder.layer.{i}"
        q, k, v = (heads(dense(x, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value"))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(HIDDEN // HEADS)
        scores = np.where(mask[:, None, None, :] == 1, scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores = scores / scores.sum(-1, keepdims=True)
        heard = (scores @ v).transpose(0, 2, 1, 3).reshape(x.shape)
        x = norm(x + dense(heard, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        inner = gelu(dense(x, f"{layer}.intermediate.dense"))
        x = norm(x + dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    if "classifier.weight" not in w:
        return x
    return dense(np.tanh(dense(x[:, 0], f"{prefix}pooler.dense")), "classifier")


def batch():
    random = np.random.default_rng(3)
    shape = (len(LENGTHS), max(LENGTHS))
    ids, mask, types = (np.zeros(shape, np.int64) for _ in range(3))
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = random.integers(5, VOCABULARY, length)
        ids[row, 0], ids[row, length - 1] = CLS, SEP
        mask[row, :length] = 1
        types[row, length // 2 : length] = row % 2
    return ids, mask, types


def write(folder, architecture, weights):
    folder.mkdir(exist_ok=True)
    save_file(weights, folder / "model.safetensors")
    config = {
        "architectures": [architecture],
        "hidden_act": "gelu",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "layer_norm_eps": EPSILON,
        "max_position_embeddings": POSITIONS,
        "model_type": "bert",
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "position_embedding_type": "absolute",
        "type_vocab_size": TYPES,
        "vocab_size": VOCABULARY,
    }
    if architecture != "BertModel":
        config["id2label"] = {str(i): f"LABEL_{i}" for i in range(LABELS)}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = special + [f"w{i}" for i in range(len(special), VOCABULARY)]
    tokenizer = {
        "version": "1.0",
        "added_tokens": [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True}
            for i, token in enumerate(special)
        ],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", SEP], "cls": ["[CLS]", CLS]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(words)}},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer) + "\n")


def main():
    ids, mask, types = batch()
    encoder = tensors(1, "", classifier=False)
    write(HERE / "tiny-bert", "BertModel", encoder)
    # Half floats and prefixed names: the other way models are published.
    classifier = {name: value.astype(np.float16) for name, value in tensors(2, "bert.", classifier=True).items()}
    write(HERE / "tiny-classifier", "BertForSequenceClassification", classifier)
    digits = lambda values: [float(f"{value:.8g}") for value in values.flatten()]
    for name, prefix, weights in (("tiny-bert", "", encoder), ("tiny-classifier", "bert.", classifier)):
        result = forward(weights, prefix, ids, mask, types)
        reference = {
            "shape": list(ids.shape),
            "input_ids": ids.flatten().tolist(),
            "attention_mask": mask.flatten().tolist(),
            "token_type_ids": types.flatten().tolist(),
            "output_shape": list(result.shape),
            "output": digits(result),
        }
        (HERE / f"{name}-reference.json").write_text(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main()
