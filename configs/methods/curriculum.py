# Curriculum labelling by score (CVPR 2019): logits beyond 0.5 count as known, chosen anew after each
# epoch. No data set's constants are published. The first epoch takes unobserved labels for negative,
# without which it would learn from single positives that everything is present.
method = dict(
    key='curriculum',
    title='Curriculum 0.5',
    colour='#DDAA33',
    marker='<',
    loss=dict(type='CurriculumLoss', threshold=0.5, warm_up=1, assume_negative_first=True),
    grid={'loss.threshold': [0.3, 0.5, 0.7]})
