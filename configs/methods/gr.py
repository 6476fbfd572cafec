# GR (IJCAI 2024): unobserved labels lean to present as their score does. The authors publish VOC
# only; the others are those of AEVLP, which builds on it.
authors = 'https://github.com/yan4xi1/GRLoss'
aevlp = 'https://github.com/Fsoft-AIC/AEVLP'
steep = dict(w=(0, 10), b=(-2, -8), mu=(0.5, 0.8), sigma=(2, 0.5), q2=0.01, q3=1)
method = dict(
    key='gr',
    title='GR',
    colour='#2B8CBE',
    marker='d',
    loss=dict(type='GRLoss'),
    published={
        'voc2012': dict(
            loss=dict(w=(0, 2), b=(-2, -2), mu=(0.5, 0.8), sigma=(2, 0.5), q2=0.01, q3=1),
            source=authors),
        'coco2014': dict(loss=steep, source=aevlp),
        # They name one NUS-WIDE.
        'nuswide-cole': dict(loss=steep, source=aevlp),
        'nuswide-official': dict(loss=steep, source=aevlp),
        'cub200': dict(loss=dict(steep, q3=1.5), source=aevlp),
    })
