"""A trained model as one file that needs neither this package nor MMPretrain: ONNX, torch.export.

The file holds backbone, head and sigmoid. How an image becomes its input is written into it.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wsml_mm.labels.drafts import draft_prefix, forget_drafts
from wsml_mm.labels.files import json_text, one_line, writing
from wsml_mm.quiet import quiet
from wsml_mm.version import __version__

from .predictions import scores_of
from .trained_classifier import TrainedClassifier
from .window_attention import windows_of_any_batch

OPSET = 18  # what PyTorch's new exporter writes by itself, so that nothing is converted
SUFFIXES = ('.onnx', '.pt2')
TOLERANCE = 1e-4  # of scores of 0 to 1, between the file and the model
_LIBRARIES = ('onnx', 'onnxscript', 'onnxruntime')
_METADATA = 'wsml_mm.json'  # the extra file of torch.export


class ScoringModel(nn.Module):
    """Prepared images in, scores out: what is exported.

    Args:
        model: an `ImageClassifier`.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Returns the (B, C) scores of (B, 3, H, W) images, normalised already."""
        logits: Tensor = self.model.head(self.model.extract_feat(images))
        return logits.float().sigmoid()


def export_model(
    trained: TrainedClassifier,
    path: str | os.PathLike[str],
    input_size: Sequence[int] | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> float:
    """Writes a model as `.onnx` (opset 18) or, of torch.export, as `.pt2`; any batch size.

    The file appears only if it gives the model's scores.

    Args:
        trained: of `assemble`.
        path: of the file.
        input_size: width and height in pixels, for a test pipeline that does not resize.
        thresholds: by class, to be written into the file.

    Returns:
        The largest difference of a score between file and model, on images of noise.

    Raises:
        ValueError: if the suffix is unknown, the size is not known, the model cannot be traced, or
            the file gives other scores.
        ModuleNotFoundError: if a library of the extra `export` is missing.
    """
    path = Path(path)
    check_suffix(path)
    size = _size(trained, input_size)
    facts = describe(trained, size, thresholds)
    whole = ScoringModel(copy.deepcopy(trained.model).cpu()).eval()
    with writing(path, 'free some space, or name another file'):
        path.parent.mkdir(parents=True, exist_ok=True)
        forget_drafts(path)
    draft = path.with_name(draft_prefix(path) + path.suffix[1:])
    try:
        with writing(path, 'free some space, or name another file'):
            _write(whole, draft, size, facts, trained)
        difference = _largest_difference(whole, draft, path, size)
        if not difference <= TOLERANCE:  # NaN is refused as well
            raise ValueError(
                f'{path}: the exported model gives scores that differ by {difference:.2g} from the '
                "model's, so it is not written; export to the other format (.onnx, .pt2)"
            )
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return difference


def check_suffix(path: Path) -> None:
    """Refuses a file that is nothing that can be written here.

    Raises:
        ValueError: if the suffix is unknown.
        ModuleNotFoundError: if a library of the extra `export` is missing.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: models are exported as .onnx, or as .pt2 of torch.export')
    missing = [name for name in _LIBRARIES if path.suffix == '.onnx' and find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f'{path}: ONNX needs {missing[0]}: pip install "wsml_mm[export]"', name=missing[0]
        )


def describe(
    trained: TrainedClassifier, size: tuple[int, int], thresholds: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """Returns what a user of the file has to know, as JSON values.

    Args:
        trained: of `assemble`.
        size: width and height of the input.
        thresholds: by class.
    """
    preprocessor = trained.model.data_preprocessor
    normalises = getattr(preprocessor, '_enable_normalize', False)
    return {
        'classes': list(trained.classes),
        'output': 'scores of 0 to 1 (sigmoid), one a class',
        'input': {
            'name': 'images',
            'size': list(size),
            'colour_order': 'RGB' if getattr(preprocessor, 'to_rgb', False) else 'BGR',
            'mean': preprocessor.mean.flatten().tolist() if normalises else [0.0, 0.0, 0.0],
            'std': preprocessor.std.flatten().tolist() if normalises else [1.0, 1.0, 1.0],
            'pixels': '0 to 255, less mean, by std; (batch, 3, height, width) float32',
        },
        'pipeline': json.loads(json.dumps([dict(step) for step in trained.steps], default=str)),
        'thresholds': None if thresholds is None else dict(thresholds),
        'wsml_mm': __version__,
        'torch': torch.__version__,
    }


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns what `export_model` wrote about a model into its file."""
    path = Path(path)
    check_suffix(path)
    if path.suffix == '.onnx':
        import onnx

        stored = onnx.load(str(path), load_external_data=False).metadata_props
        return {each.key: json.loads(each.value) for each in stored if each.key in _KEYS}
    extra = {_METADATA: ''}
    torch.export.load(str(path), extra_files=extra)
    content: dict[str, Any] = json.loads(extra[_METADATA])
    return content


_KEYS = ('classes', 'output', 'input', 'pipeline', 'thresholds', 'wsml_mm', 'torch')


def exported_scores(path: str | os.PathLike[str], images: NDArray[np.float32]) -> NDArray[Any]:
    """Returns the scores that an exported file gives, by onnxruntime or torch.export.

    Args:
        path: of the file.
        images: (B, 3, H, W), normalised.

    Returns:
        (B, C) float32.
    """
    if Path(path).suffix == '.onnx':
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
        scores: NDArray[Any] = session.run(None, {'images': images})[0]
        return scores
    program = torch.export.load(str(path))
    with torch.no_grad():
        found: NDArray[Any] = program.module()(torch.from_numpy(images)).numpy()
    return found


def difference_on(
    path: str | os.PathLike[str], trained: TrainedClassifier, images: Sequence[Any]
) -> float:
    """Returns the largest difference of a score between a file and its model.

    Args:
        path: of the file.
        trained: of `assemble`.
        images: paths or arrays of images, at least one.
    """
    packed = [*map(trained.preparing(), images)]
    data = {'inputs': torch.stack([each['inputs'] for each in packed])}
    inputs = trained.model.data_preprocessor(data, training=False)['inputs'].cpu().numpy()
    expected = np.stack([scores_of(sample) for sample in trained.predict(packed)])
    return float(np.abs(exported_scores(path, inputs) - expected).max())


def _size(trained: TrainedClassifier, wanted: Sequence[int] | None) -> tuple[int, int]:
    """Returns the width and height of the network's input, by preparing two images."""
    prepare = trained.preparing()
    data = [prepare(np.zeros((*shape, 3), np.uint8)) for shape in ((48, 64), (300, 200))]
    heights, widths = zip(*(each['inputs'].shape[-2:] for each in data), strict=True)
    fixed = len({*heights}) == len({*widths}) == 1
    found = (int(widths[0]), int(heights[0]))
    given = None if wanted is None else (int(wanted[0]), int(wanted[-1]))
    if fixed and given not in (None, found):
        raise ValueError(
            f'input_size={given}: the test pipeline makes images of {found}; leave it out, or '
            'change the pipeline'
        )
    if not fixed and given is None:
        raise ValueError(
            'the test pipeline leaves images as large as they are, and an exported model takes one '
            'size: give it (--input-size WIDTH HEIGHT)'
        )
    return found if given is None else given


def _write(
    whole: ScoringModel,
    draft: Path,
    size: tuple[int, int],
    facts: Mapping[str, Any],
    trained: TrainedClassifier,
) -> None:
    example = torch.zeros(2, 3, size[1], size[0])
    shapes = {'images': {0: torch.export.Dim('batch', min=1, max=1 << 16)}}
    with _silent(), windows_of_any_batch(), torch.no_grad():
        try:
            program = torch.export.export(whole, (example,), dynamic_shapes=shapes, strict=False)
            if draft.suffix == '.pt2':
                torch.export.save(program, str(draft), extra_files={_METADATA: json_text(facts)})
                return
            onnx: Any = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=['images'],
                output_names=['scores'],
                verbose=False,
            )
        except OSError:
            raise
        except Exception as error:  # of many kinds, pages long
            raise ValueError(
                f'{trained.config.filename}: {type(trained.model.backbone).__name__} cannot be '
                f'exported with any batch size ({one_line(error)[:160]} ...); export another '
                'backbone'
            ) from error
    onnx.model.metadata_props.update({key: json_text(value) for key, value in facts.items()})
    onnx.save(str(draft), external_data=False)


def _largest_difference(
    whole: ScoringModel, draft: Path, path: Path, size: tuple[int, int]
) -> float:
    """Compares on noise, in batches of one and of three."""
    generator = torch.Generator().manual_seed(0)
    found = 0.0
    for count in (1, 3):
        images = torch.randn(count, 3, size[1], size[0], generator=generator)
        with torch.no_grad():
            expected = whole(images).numpy()
        given = exported_scores(draft, images.numpy())
        found = max(found, float(np.abs(given - expected).max()))
    return found


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keeps the exporter's own words from burying the command's."""
    with quiet(), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        yield
