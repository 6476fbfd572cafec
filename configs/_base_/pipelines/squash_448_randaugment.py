# Hill's and SPLC's images: squashed to 448 x 448, a hole of half the side (grey here, of a random colour
# there), then RandAugment; no flip. Their RandAugment is a package's with its defaults, two operations
# of strength 9 of 30, which is our reading.
test_pipeline = [
    dict(type='LoadResizedImage', scale=(448, 448)),
    dict(type='PackInputs'),
]
train_pipeline = [
    test_pipeline[0],
    dict(type='Cutout', shape=224, prob=1.0),
    dict(
        type='RandAugment',
        policies='timm_increasing',
        num_policies=2,
        total_level=30,
        magnitude_level=9),
    dict(type='PackInputs'),
]
