"""The way from coded items to a model folder that the tagger loads, and back from such a folder to a network."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import classifiers.training
from classifiers.errors import ModelError
from classifiers.model_folder import SHIPPED
from classifiers.onnx import OnnxScorer
from classifiers.tagger import load_tagger
from classifiers.taxonomy import load_taxonomy
from classifiers.training import examples
from classifiers.training.places import default_places
from classifiers.types import Text
from tests.conftest import absent

GAZA = Path(classifiers.training.__file__).parent / "corpus" / "gaza" / "train.jsonl"

pytestmark = pytest.mark.torch


@pytest.fixture
def work() -> Path:
    """The scratch space of training, with the base encoder in it."""
    pytest.importorskip("torch", reason="training only")
    from classifiers.training import encoder

    places = default_places()
    if not (places.encoder / encoder.ONNX_NAME).exists():
        absent("encoder", f"no base encoder in {places.encoder}; `make train` fetches it")
    return places.work


def test_a_taxonomy_and_a_file_of_items_make_a_model_for_another_conflict(work: Path, tmp_path: Path) -> None:
    from classifiers.training.train import main

    arguments = [
        "--taxonomy",
        "gaza",
        f"--items={GAZA}",
        "--limit=12",
        "--runs=1",
        f"--into={tmp_path / 'model'}",
    ]
    done = CliRunner().invoke(
        main, [*arguments, f"--shared={tmp_path}", f"--work={work}"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    gaza = load_taxonomy("gaza")
    tagger = load_tagger("onnx", taxonomy=gaza, model=tmp_path / "model")
    (tagged,) = tagger.tag([Text("a", "Hamas accepts the truce", "Israel has yet to answer.")])
    assert tagged.backend == "onnx" and {one.label for one in (*tagged.labels, *tagged.uncertain)} <= set(
        gaza.keys
    )
    with pytest.raises(ModelError, match="its labels are not those of taxonomy ukraine"):
        OnnxScorer(load_taxonomy(), tmp_path / "model")


def test_items_none_of_which_is_recent_and_long_are_cross_validated_all_the_same() -> None:
    pytest.importorskip("torch", reason="training only")
    from classifiers.training import oof
    from classifiers.training.cross_validate import report
    from classifiers.training.materials import Materials

    gaza = load_taxonomy("gaza")
    items = examples.from_files([GAZA])[:8]
    true = examples.targets(items, gaza.keys)
    kept = oof.OutOfFold(list(gaza.keys), [one.text.id for one in items], [0, 1] * 4, true)
    lines = report(kept, Materials(gaza, items, [[]] * 8, true, np.ones(8, np.float32)))
    assert len(lines) == 3 and all(line.startswith("all items: ") for line in lines)


def test_a_trial_is_not_to_replace_the_shipped_model(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training only")
    from classifiers.training.train import main

    done = CliRunner().invoke(main, ["--limit=5", f"--work={tmp_path}"])
    assert done.exit_code == 2 and "name a folder with --into" in done.output


def test_items_with_labels_that_the_taxonomy_lacks_are_named() -> None:
    (first, *_) = examples.from_files([GAZA])
    with pytest.raises(ValueError, match=f"item {first.text.id} has labels that the taxonomy lacks"):
        examples.targets([first], ["actor:nobody"])


def test_the_shipped_network_comes_back_from_its_folder(work: Path) -> None:
    from classifiers.training import encoder
    from classifiers.training.fit import Lower, predict
    from classifiers.training.fitting import fresh_network
    from classifiers.training.materials import read
    from classifiers.training.places import Places
    from classifiers.training.restore import restore

    taxonomy = load_taxonomy()
    network = fresh_network(work / "encoder", len(taxonomy.keys))
    restore(network, SHIPPED)
    assert (work / "encoder" / encoder.ONNX_NAME).exists()
    texts = [
        Text(
            "a",
            "Kremlin rejects truce offer",
            "Peskov said Russia would not accept a ceasefire without terms.",
        ),
        Text(
            "b", "Drones hit Odesa port", "Russian drones struck the port of Odesa, Ukraine's air force said."
        ),
    ]
    scores, _ = predict(network, Lower(network, read(Places(work, work), taxonomy, texts)))
    shipped = OnnxScorer(taxonomy).score(texts).probabilities
    assert np.abs(scores - shipped).mean() < 0.02


def test_a_folder_for_other_labels_is_no_start(work: Path) -> None:
    from classifiers.training.fitting import fresh_network
    from classifiers.training.restore import restore

    with pytest.raises(ModelError, match="start from the published encoder"):
        restore(fresh_network(work / "encoder", 3), SHIPPED)
