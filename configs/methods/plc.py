# PLC, the first stage of LAC (NeurIPS 2022): confident scores of an image are the targets of a strongly
# augmented view of it. The published numbers have a Query2Label head and images without
# normalisation. Our reading: the view is made of the flipped image; Cutout of half the side is
# RandomErasing of a quarter of the area; the strengths of the colour jitter, which are not given, and
# no shift of the hue, with which MMPretrain's fails under numpy 2.
method = dict(
    key='plc',
    title='PLC',
    colour='#7F7F7F',
    marker='1',
    loss=dict(type='PLCLoss', threshold=0.6),
    model=dict(
        type='ViewsClassifier',
        views=['strong'],
        data_preprocessor=dict(type='ViewsPreprocessor')),
    augmentation=[
        dict(
            type='ExtraViews',
            views=dict(strong=[
                dict(
                    type='RandomErasing',
                    erase_prob=1.0,
                    min_area_ratio=0.25,
                    max_area_ratio=0.25,
                    aspect_range=(1.0, 1.0),
                    mode='const'),
                dict(
                    type='RandAugment',
                    policies='timm_increasing',
                    num_policies=2,
                    total_level=30,
                    magnitude_level=9),
                dict(
                    type='ColorJitter',
                    brightness=0.4,
                    contrast=0.4,
                    saturation=0.4,
                    backend='cv2'),
                dict(type='RandomGrayscale', prob=0.2, keep_channels=True),
            ])),
    ])
