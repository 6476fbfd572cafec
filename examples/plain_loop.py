"""LL-Cp in a plain PyTorch loop, from data set to mAP: `python examples/plain_loop.py`."""

from __future__ import annotations

import argparse

import torch
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

import wsml_mm
from wsml_mm.evaluation import average_precision

PIPELINE = [dict(type='LoadResizedImage', scale=(64, 64)), dict(type='PackInputs')]


def scenes(root: str, split: str, images: int, observe: dict | None) -> torch.utils.data.Dataset:
    source = dict(
        type='ComposedScenes', data_root=root, split=split, pipeline=PIPELINE,
        num_train=images, num_val=images // 2,
    )  # fmt: skip
    return DATASETS.build(dict(type='PartialLabelDataset', dataset=source, observe=observe))


def collate(samples: list) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    inputs = torch.stack([sample['inputs'] for sample in samples]).float() / 255
    target = torch.stack([sample['data_samples'].gt_score for sample in samples])
    return inputs, target, torch.tensor([s['data_samples'].sample_idx for s in samples])


def network(num_classes: int) -> torch.nn.Module:
    layers: list[torch.nn.Module] = []
    for channels, wider in ((3, 16), (16, 32), (32, 64), (64, 128)):
        convolution = torch.nn.Conv2d(channels, wider, 3, stride=2, padding=1)
        layers += [convolution, torch.nn.BatchNorm2d(wider), torch.nn.ReLU()]
    pooling = torch.nn.AdaptiveAvgPool2d(1)
    return torch.nn.Sequential(
        *layers, pooling, torch.nn.Flatten(), torch.nn.Linear(128, num_classes)
    )


def main(argv: list[str] | None = None) -> float:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data-root', default='data/example_scenes')
    parser.add_argument('--images', type=int, default=400)
    parser.add_argument('--epochs', type=int, default=5)
    args = parser.parse_args(argv)
    torch.manual_seed(0)
    single = dict(type='SinglePositive', seed=1200)
    train = scenes(args.data_root, 'train', args.images, single)
    test = scenes(args.data_root, 'val', args.images, None)
    classes = train.metainfo['classes']

    model = network(len(classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_fn = wsml_mm.LargeLossCorrectPerm(delta_rel=0.1)
    facts = wsml_mm.TrainingFacts(len(train), len(classes), max_epochs=args.epochs)
    loss_fn.start(facts)  # creates the state: which labels were corrected when
    loader = DataLoader(train, 16, shuffle=True, collate_fn=collate)
    for epoch in range(args.epochs):
        loss_fn.set_epoch(epoch, args.epochs)
        for inputs, target, sample_idx in loader:
            loss = loss_fn(model(inputs), target, sample_idx=sample_idx)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_fn.after_step(1e-3)
        loss_fn.end_epoch(lambda: iter(()))  # LL-Cp asks for no pass over the training set
        print(f'epoch {epoch + 1}: loss {loss.item():.4f}')

    model.eval()
    with torch.no_grad():
        parts = [(model(x), y) for x, y, _ in DataLoader(test, 32, collate_fn=collate)]
    scores, truth = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    found = [average_precision(scores[:, c], truth[:, c] == 1) for c in range(len(classes))]
    mean = 100 * sum(found) / len(found)
    print(f'mAP of {len(test)} test images: {mean:.1f}')
    return mean


if __name__ == '__main__':
    main()
