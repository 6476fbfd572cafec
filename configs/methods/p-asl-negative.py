# P-ASL (CVPR 2022): unobserved labels are negatives with a stronger focal weight than known ones.
code = 'https://github.com/Alibaba-MIIL/PartialLabelingCSL'
method = dict(
    key='p-asl-negative',
    title='P-ASL (negative)',
    colour='#E31A1C',
    marker='p',
    loss=dict(type='PartialAsymmetricLoss', mode='negative', gamma_neg=1, gamma_unobserved=4),
    grid={'loss.gamma_unobserved': [1, 2, 4]},
    published={
        # Where labels were hidden at random; with a fixed number a class gamma_neg is 3.
        'coco2014': dict(loss=dict(gamma_pos=0, gamma_neg=1, gamma_unobserved=4), source=code),
    })
