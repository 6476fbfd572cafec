# Images squashed to 224 x 224.
test_pipeline = [
    dict(type='LoadResizedImage', scale=(224, 224)),
    dict(type='PackInputs'),
]
train_pipeline = [
    test_pipeline[0],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
