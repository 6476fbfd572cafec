# The field's protocol: images squashed to 448 x 448, flipped at random in training, read by Pillow as
# the reference does.
test_pipeline = [
    dict(type='LoadResizedImage', scale=(448, 448)),
    dict(type='PackInputs'),
]
train_pipeline = [
    test_pipeline[0],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
