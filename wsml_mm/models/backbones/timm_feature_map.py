"""Networks of timm that return tokens, as a backbone that returns a map of them."""

from __future__ import annotations

from typing import Any

from mmpretrain.models.backbones import TIMMBackbone
from mmpretrain.registry import MODELS
from torch import Tensor

OUT_TYPES = ('featmap', 'cls_token')


@MODELS.register_module()
class TIMMFeatureMap(TIMMBackbone):  # type: ignore[misc]
    """A network of timm whose tokens come as a map (B, D, h, w), as `GlobalAveragePooling` takes.

    MMPretrain's `TIMMBackbone` returns what timm does: (B, N, D) tokens of a ViT, (B, h, w, D) of a
    Swin, which its necks would pool over the wrong axis. Here the tokens stand behind the network's
    last norm; where that norm follows the pooling (`fc_norm`), it is applied to each token, which
    is our reading. A map makes class activation maps possible, too.

    Args:
        model_name: of timm, e.g. 'vit_small_patch14_dinov2'.
        out_type: 'featmap', or 'cls_token', the (B, D) class token, as MMPretrain's own
            transformers call it.
        kwargs: arguments of `TIMMBackbone`: features_only=False, pretrained, checkpoint_path,
            in_channels, init_cfg, and those of timm's model, e.g. img_size.

    Raises:
        ValueError: if `out_type` is unknown, or the network has no class token.

    Config:
        model = dict(backbone=dict(type='TIMMFeatureMap', model_name='vit_tiny_patch16_224'),
                     neck=dict(type='GlobalAveragePooling'))
    """

    def __init__(self, model_name: str, out_type: str = 'featmap', **kwargs: Any) -> None:
        if out_type not in OUT_TYPES:
            raise ValueError(f'out_type={out_type!r}: use "featmap" or "cls_token"')
        super().__init__(model_name, **kwargs)
        self.out_type = out_type
        if out_type == 'cls_token' and getattr(self.timm_model, 'cls_token', None) is None:
            raise ValueError(f'out_type="cls_token": {model_name} has none; use "featmap"')

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Returns the (B, D, h, w) map, or (B, D) class tokens, as the only stage."""
        found: Tensor = self.timm_model.forward_features(x)
        if found.ndim == 4:
            first = found.shape[1] == self.timm_model.num_features
            return (found if first else found.permute(0, 3, 1, 2).contiguous(),)
        norm = getattr(self.timm_model, 'fc_norm', None)
        found = found if norm is None else norm(found)
        if self.out_type == 'cls_token':
            return (found[:, 0],)
        tokens = found[:, int(getattr(self.timm_model, 'num_prefix_tokens', 0)) :]
        height, width = self._grid(x)
        maps = tokens.transpose(1, 2).unflatten(2, (height, width))
        return (maps.contiguous(),)

    def _grid(self, x: Tensor) -> tuple[int, int]:
        """Returns how many patches an image has, in height and width."""
        patches = self.timm_model.patch_embed
        if hasattr(patches, 'dynamic_feat_size'):
            height, width = patches.dynamic_feat_size(x.shape[-2:])
        else:
            height, width = patches.grid_size
        return int(height), int(width)
