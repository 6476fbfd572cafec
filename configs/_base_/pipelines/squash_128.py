# Images squashed to 128 x 128, for end-to-end fine-tuning on a small machine.
test_pipeline = [
    dict(type='LoadResizedImage', scale=(128, 128)),
    dict(type='PackInputs'),
]
train_pipeline = [
    test_pipeline[0],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
