# Images squashed to 260 x 260.
test_pipeline = [
    dict(type='LoadResizedImage', scale=(260, 260)),
    dict(type='PackInputs'),
]
train_pipeline = [
    test_pipeline[0],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
