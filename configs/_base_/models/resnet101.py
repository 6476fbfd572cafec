_base_ = ['../extractors/resnet101.py', './head.py']

model = dict(
    backbone={{_base_.extractor.backbone}},
    neck={{_base_.extractor.neck}},
    data_preprocessor={{_base_.extractor.data_preprocessor}})
