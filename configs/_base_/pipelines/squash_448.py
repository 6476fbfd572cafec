# The field's protocol: images squashed to 448 x 448, flipped at random in training, read by Pillow as
# the reference does.
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(448, 448),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]
train_pipeline = [
    *test_pipeline[:2],
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
