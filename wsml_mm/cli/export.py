"""Writes a trained model as one file for other programs, and its card."""

from __future__ import annotations

from collections.abc import Sequence

from wsml_mm.apis.export import OPSET, check_suffix, export_model, read_metadata
from wsml_mm.apis.model_facts import model_facts
from wsml_mm.reports.model_card import write_model_card
from wsml_mm_cli.command import run
from wsml_mm_cli.export import parse_args

from .trained_options import thresholds_of_text, trained_of


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    check_suffix(args.out)  # before the work
    trained = trained_of(args)
    thresholds = thresholds_of_text(args.threshold, trained)
    difference = export_model(trained, args.out, args.input_size, thresholds)
    kind = f'ONNX, opset {OPSET}' if args.out.suffix == '.onnx' else 'torch.export'
    facts = model_facts(trained, thresholds, args.licence, args.out)
    export = {**read_metadata(args.out), 'format': kind, 'difference': difference}
    card, numbers = write_model_card(args.out, facts, export)
    print(f'{args.out}: {kind}, scores within {difference:.1e} of the model; {card}, {numbers}')


if __name__ == '__main__':
    run(main)
