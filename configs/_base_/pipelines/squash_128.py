# Images squashed to 128 x 128, for end-to-end fine-tuning on a small machine.
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(128, 128),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]
train_pipeline = [
    *test_pipeline[:2],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
