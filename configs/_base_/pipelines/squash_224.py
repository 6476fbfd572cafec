# Images squashed to 224 x 224.
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(224, 224),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]
train_pipeline = [
    *test_pipeline[:2],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
