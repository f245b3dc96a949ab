"""Texts a second of the Python package fastembed: `peer-fastembed.py MODEL_DIR FILE`, one text per line."""

import json
import sys
import time
from pathlib import Path

from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

folder, file = Path(sys.argv[1]), Path(sys.argv[2])
description = json.loads((folder / "model.json").read_text())
TextEmbedding.add_custom_model(
    model="peer/model",
    pooling=PoolingType.MEAN,
    normalization=True,
    sources=ModelSource(hf="peer/model"),
    dim=description["dimensions"],
    model_file=description["model"],
)
model = TextEmbedding("peer/model", specific_model_path=str(folder))
model.model.tokenizer.enable_truncation(max_length=description["max_tokens"])
texts = file.read_text().splitlines()
list(model.embed(texts[:32]))
started = time.perf_counter()
vectors = list(model.embed(texts))
print(f"{len(vectors) / (time.perf_counter() - started):.2f}")
