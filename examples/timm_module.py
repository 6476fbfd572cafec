"""A timm network and LL-R as a module in the form that trainers such as Lightning expect.

`python examples/timm_module.py` trains it with a loop of ten lines; with Lightning, derive
`PartialLabels` from `LightningModule` and give it to its `Trainer` as it is.
"""

from __future__ import annotations

import argparse

import timm
import torch
from plain_loop import collate, scenes
from torch.utils.data import DataLoader

import wsml_mm

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class PartialLabels(torch.nn.Module):
    def __init__(self, num_classes: int, backbone: str, max_epochs: int) -> None:
        super().__init__()
        self.network = timm.create_model(backbone, pretrained=False, num_classes=num_classes)
        self.loss = wsml_mm.LargeLossReject(delta_rel=0.5)
        self.max_epochs, self.current_epoch = max_epochs, 0

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)

    def on_train_epoch_start(self) -> None:
        self.loss.set_epoch(self.current_epoch, self.max_epochs)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        inputs, target, _ = batch
        return self.loss(self.network(inputs), target)

    def validation_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        inputs, target, _ = batch
        return self.loss(self.network(inputs), target)  # in evaluation mode: assume negative


def main(argv: list[str] | None = None) -> float:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data-root', default='data/example_scenes')
    parser.add_argument('--images', type=int, default=400)
    parser.add_argument('--epochs', type=int, default=3)
    parser.add_argument('--backbone', default='tf_efficientnet_lite0')
    args = parser.parse_args(argv)
    torch.manual_seed(0)
    single = dict(type='SinglePositive', seed=1200)
    train = scenes(args.data_root, 'train', args.images, single)
    val = scenes(args.data_root, 'val', args.images, None)
    module = PartialLabels(len(train.metainfo['classes']), args.backbone, args.epochs)
    optimizer = module.configure_optimizers()
    for epoch in range(args.epochs):
        module.current_epoch = epoch
        module.train().on_train_epoch_start()
        for index, batch in enumerate(DataLoader(train, 16, shuffle=True, collate_fn=collate)):
            loss = module.training_step(batch, index)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        module.eval()
        with torch.no_grad():
            losses = [
                module.validation_step(batch, index)
                for index, batch in enumerate(DataLoader(val, 32, collate_fn=collate))
            ]
        print(f'epoch {epoch + 1}: validation loss {torch.stack(losses).mean():.4f}')
    return float(torch.stack(losses).mean())


if __name__ == '__main__':
    main()
