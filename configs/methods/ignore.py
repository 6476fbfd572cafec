# IGNORE (ECCV 2024), ResNet-50 form: what the evidence of the observed class cannot explain and scores
# above its class's mean is left out of the loss of a strongly augmented view. The constants are
# published for VOC only (there 25 epochs of Adam at 1e-5). Our reading: the mask takes the range of
# each map; the view is made of the flipped image.
method = dict(
    key='ignore',
    title='IGNORE',
    colour='#6A3D9A',
    marker='2',
    loss=dict(type='IGNORELoss', weights=(0.1, 1.0, 0.5), warm_up=3),
    model=dict(
        type='ViewsClassifier',
        views=['strong'],
        cam_mask=dict(threshold=0.8),
        data_preprocessor=dict(type='ViewsPreprocessor')),
    augmentation=[
        dict(
            type='ExtraViews',
            views=dict(strong=[
                dict(
                    type='RandAugment',
                    policies='timm_increasing',
                    num_policies=3,
                    total_level=30,
                    magnitude_level=5),
            ])),
    ])
