#!/usr/bin/env python3
"""Learns what the sides of the ranking count for, from questions whose pages are known.

    evaluation/learn-weights.py --cloudops target/release/cloudops --data-dir DIR natural-dev.csv:0.5 other.csv:0.5

Every question is asked once with `--explain`, which gives each document's best standard score on every side (words,
coverage of the question, table, meaning of passages, meaning of titles). What is learned is one weight per side, so that a softmax over the sums
puts the right pages first: a convex problem with an L2 pull towards the weights in use, and few enough parameters for
a few hundred questions. The sets are weighted as given. Reported are nDCG@10 on the questions themselves, and on
questions left out in ten-fold cross-validation, with bootstrap intervals. Needs numpy.
"""

import argparse
import csv
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np

SIDES = ["lexical", "coverage", "table", "meaning", "documents"]


def ask(args, question):
    command = [args.cloudops, "--data-dir", args.data_dir, "search", "--json", "--explain", "-n", str(args.depth)]
    done = subprocess.run([*command, "--", question], capture_output=True, text=True, check=True)
    hits = json.loads(done.stdout)["hits"]
    rows = []
    for hit in hits:
        explained = hit["best"]["explanation"]
        ids = [hit["best"]["citation"]["document"]] + [twin["document"] for twin in hit["twins"]]
        rows.append((ids, [explained["document"][side] for side in SIDES], explained["weights"]))
    return rows


def load(args, path):
    with open(path, newline="") as file:
        questions = list(csv.DictReader(file))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda row: ask(args, row["question"]), questions))
    examples = []
    for row, hits in zip(questions, answers):
        pages = {row["document"], *filter(None, row.get("also", "").replace("|", ";").split(";"))}
        ends = [f"/{page.split('/', 1)[0]}/doc_source/{page.split('/', 1)[1]}" for page in map(str.strip, pages)]
        right = np.array([any(i.endswith(end) for i in ids for end in ends) for ids, _, _ in hits])
        examples.append((np.array([scores for _, scores, _ in hits]), right))
    current = answers[0][0][2]
    return examples, np.array([current[side] for side in SIDES])


def gain(weights, example):
    scores, right = example
    order = np.argsort(-scores @ weights, kind="stable")[:10]
    found = np.flatnonzero(right[order])
    return 1 / np.log2(2 + found[0]) if len(found) else 0.0


def learn(sets, shares, start, pull, steps=1500, rate=0.02):
    """Adam on the listwise loss; weights stay at least 0."""
    weights = start.copy()
    m = np.zeros_like(weights)
    v = np.zeros_like(weights)
    for step in range(1, steps + 1):
        slope = pull * (weights - start)
        for examples, share in zip(sets, shares):
            for scores, right in examples:
                if not right.any():
                    continue
                sums = 3 * scores @ weights
                chance = np.exp(sums - sums.max())
                chance /= chance.sum()
                wanted = chance * right
                wanted /= wanted.sum()
                slope += share / len(examples) * 3 * (chance - wanted) @ scores
        m = 0.9 * m + 0.1 * slope
        v = 0.999 * v + 0.001 * slope**2
        weights -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-9)
        weights = np.maximum(weights, 0)
    return weights / weights.sum()


def interval(values, random):
    means = [random.choice(values, len(values)).mean() for _ in range(2000)]
    return f"{np.mean(values):.3f} ({np.quantile(means, 0.025):.3f} to {np.quantile(means, 0.975):.3f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloudops", required=True)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--depth", type=int, default=200)
    parser.add_argument("--pull", type=float, default=0.02, help="strength of the L2 pull")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("sets", nargs="+", help="FILE or FILE:SHARE")
    args = parser.parse_args()
    random = np.random.default_rng(1)
    sets, shares, names = [], [], []
    for spec in args.sets:
        path, _, share = spec.partition(":")
        examples, start = load(args, path)
        sets.append(examples)
        shares.append(float(share or 1))
        names.append(os.path.basename(path))
    active = start > 0
    sets = [[(scores * active, right) for scores, right in examples] for examples in sets]
    learned = learn(sets, shares, start, args.pull)
    print("sides  ", SIDES)
    print("in use ", np.round(start, 3))
    print("learned", np.round(learned, 3))
    left_out = [np.zeros(len(examples)) for examples in sets]
    for fold in range(args.folds):
        rest = [[e for at, e in enumerate(examples) if at % args.folds != fold] for examples in sets]
        weights = learn(rest, shares, start, args.pull, steps=600)
        for values, examples in zip(left_out, sets):
            for at in range(fold, len(examples), args.folds):
                values[at] = gain(weights, examples[at])
    for name, examples, values in zip(names, sets, left_out):
        before = np.array([gain(start, e) for e in examples])
        after = np.array([gain(learned, e) for e in examples])
        print(f"{name}: in use {interval(before, random)}, learned {interval(after, random)}, "
              f"left out {interval(values, random)}")


if __name__ == "__main__":
    main()
