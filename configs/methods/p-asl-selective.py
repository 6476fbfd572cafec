# CSL (CVPR 2022): as P-ASL, but the highest scores of unobserved labels, top_k an image over the
# batch, count nothing: 5 with the 80 classes of COCO, here 1 elsewhere, a choice of ours. Nor do unobserved labels of frequent classes, where `loss.class_prior` says which:
# a file of "class,prior" lines, or 'auto' where negatives are observed.
code = 'https://github.com/Alibaba-MIIL/PartialLabelingCSL'
method = dict(
    key='p-asl-selective',
    title='CSL',
    colour='#99000D',
    marker='8',
    loss=dict(
        type='PartialAsymmetricLoss', mode='selective', gamma_neg=1, gamma_unobserved=4, top_k=1),
    grid={'loss.gamma_unobserved': [1, 2, 4]},
    published={
        # Where labels were hidden at random; with a fixed number a class gamma_neg is 3.
        'coco2014': dict(
            loss=dict(gamma_pos=0, gamma_neg=1, gamma_unobserved=4, top_k=5, eta=0.5),
            source=code),
    })
