"""How fast does the shipped model tag, beside the usual way to run the same encoder?

    python -m benchmarks.tagger [--texts 256] [--threads 2]

Prints documents a second, start-up time and peak memory of `OnnxScorer`, and documents a second of
`transformers.pipeline("text-classification")` in torch, 32-bit, with the same encoder, texts, length limit and threads
(skipped where torch is absent). Each side runs in a process of its own. Texts come from the shared data.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from classifiers.training.places import default_places
from classifiers.types import Text

PIPELINE_TOKENS = 400
"""What the 1,600 characters come to that the shipped model reads of a text."""


@click.command(help=__doc__)
@click.option("--texts", default=256, show_default=True, help="How many texts to tag.")
@click.option("--threads", default=2, show_default=True)
@click.option("--side", type=click.Choice(["onnx", "pipeline"]), hidden=True)
def main(texts: int, threads: int, side: str | None) -> None:
    if side is not None:
        click.echo(json.dumps({"onnx": time_onnx, "pipeline": time_pipeline}[side](texts, threads)))
        return
    table = Table("", "documents/s", "start-up, s", "peak RSS, MB")
    rates = []
    for name in ("onnx", "pipeline"):
        command = [
            sys.executable,
            "-m",
            "benchmarks.tagger",
            "--side",
            name,
            f"--texts={texts}",
            f"--threads={threads}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            table.add_row(name, f"not run: {done.stderr.strip().splitlines()[-1]}", "", "")
            continue
        found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
        rates.append(found["rate"])
        table.add_row(name, f"{found['rate']:.1f}", f"{found['start']:.2f}", f"{found['rss']:.0f}")
    console = Console()
    console.print(table)
    if len(rates) == 2:
        console.print(f"the shipped model tags {rates[0] / rates[1]:.1f} times as many documents a second")


def time_onnx(count: int, threads: int) -> dict[str, float]:
    """The shipped model, from import to scores."""
    started = time.perf_counter()
    from classifiers.onnx import OnnxScorer
    from classifiers.taxonomy import load_taxonomy

    scorer = OnnxScorer(load_taxonomy(), threads=threads)
    start = time.perf_counter() - started
    texts = chosen(count)
    scorer.score(texts[:8])
    started = time.perf_counter()
    scorer.score(texts)
    return {"rate": count / (time.perf_counter() - started), "start": start, "rss": _peak_mb()}


def time_pipeline(count: int, threads: int) -> dict[str, float]:
    """The same encoder with a plain classification head, as `transformers` runs it by default."""
    started = time.perf_counter()
    import torch
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

    from classifiers.training import encoder

    torch.set_num_threads(threads)
    folder = encoder.fetch(default_places().encoder)
    config = BertConfig(
        vocab_size=encoder.VOCABULARY,
        hidden_size=encoder.HIDDEN,
        num_hidden_layers=encoder.LAYERS,
        num_attention_heads=encoder.HEADS,
        intermediate_size=encoder.INNER,
        num_labels=60,
        problem_type="multi_label_classification",
    )
    with TemporaryDirectory() as scratch:
        BertForSequenceClassification(config).save_pretrained(scratch)  # weights do not change the speed
        model = BertForSequenceClassification.from_pretrained(scratch)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / encoder.TOKENIZER_NAME),
        pad_token="[PAD]",
        model_max_length=PIPELINE_TOKENS,
    )
    tagger = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu", top_k=None)
    start = time.perf_counter() - started
    texts = [f"{one.title}\n{one.text}" for one in chosen(count)]
    tagger(texts[:8], truncation=True)
    started = time.perf_counter()
    tagger(texts, truncation=True, batch_size=16)
    return {"rate": count / (time.perf_counter() - started), "start": start, "rss": _peak_mb()}


def chosen(count: int) -> list[Text]:
    """Every nth training item, so that lengths are mixed as in the data."""
    path: Path = default_places().shared / "data" / "train.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    every = max(1, len(rows) // count)
    return [Text(row["id"], row["title"], row["text"]) for row in rows[::every]][:count]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    main()
