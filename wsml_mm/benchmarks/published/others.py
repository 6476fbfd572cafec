"""Published test mAP of partial labels that are no single positives: OpenImages, L48, COCO."""

from .sources import BOOSTLU_OPENIMAGES, CFT, CSL, L48, LARGE_LOSS_OPENIMAGES

OPENIMAGES_PROTOCOL = 'resnet101_e2e'
# (method, source, all classes, the groups G1 .. G5 from rare to frequent)
OPENIMAGES = (
    ('iu', LARGE_LOSS_OPENIMAGES, 75.9, (69.5, 70.3, 74.8, 79.2, 85.5)),
    ('curriculum', LARGE_LOSS_OPENIMAGES, 77.1, (70.4, 71.3, 76.2, 80.5, 86.8)),
    ('imcl', LARGE_LOSS_OPENIMAGES, 78.1, (71.0, 72.6, 77.6, 81.8, 87.3)),
    ('an', LARGE_LOSS_OPENIMAGES, 82.0, (77.1, 78.7, 81.5, 84.1, 88.8)),
    ('wan', LARGE_LOSS_OPENIMAGES, 77.0, (71.8, 72.8, 76.3, 79.7, 84.7)),
    ('lsan', LARGE_LOSS_OPENIMAGES, 75.0, (68.4, 69.3, 73.7, 77.9, 85.6)),
    ('ll-r', LARGE_LOSS_OPENIMAGES, 82.5, (77.4, 79.1, 82.0, 84.5, 89.5)),
    ('ll-ct', LARGE_LOSS_OPENIMAGES, 82.6, (77.7, 79.3, 82.1, 84.7, 89.4)),
    ('ll-cp', LARGE_LOSS_OPENIMAGES, 82.5, (77.6, 79.1, 81.9, 84.6, 89.4)),
    ('p-asl', BOOSTLU_OPENIMAGES, 83.03, ()),
    ('boostlu-ll-r', BOOSTLU_OPENIMAGES, 83.86, ()),
    ('boostlu-ll-ct', BOOSTLU_OPENIMAGES, 83.94, ()),
    ('boostlu-ll-cp', BOOSTLU_OPENIMAGES, 84.04, ()),
    ('cft', CFT, 85.31, ()),
)

# Second-hand; columns: COCO, L48, with Geo, with Checklist, with the asset regulariser.
L48_COLUMNS = (
    ('coco2014', 'l48-benchmark'),
    ('l48', 'l48'),
    ('l48', 'l48-geo'),
    ('l48', 'l48-checklist'),
    ('l48', 'l48-asset'),
)
L48_ROWS = (
    ('full', L48, (76.4, 62.4, None, None, 66.4)),
    ('an', L48, (64.4, 52.2, None, None, 56.1)),
    ('lsan', L48, (67.3, 56.4, 57.1, 58.4, 56.4)),
    ('em', L48, (71.1, 55.3, 56.3, 57.2, 55.2)),
    ('ll-r', L48, (71.4, 50.1, 51.3, 52.6, 55.0)),
    ('ll-ct', L48, (70.5, 48.0, 48.1, 52.4, 54.1)),
    ('ll-cp', L48, (69.8, 43.8, 45.8, 50.6, 44.4)),
)
# (method, data set, protocol, source, mAP)
PROPORTIONS = (
    ('p-asl-selective', 'coco2014', 'tresnet_fpc-1000', CSL, 83.44),
    ('p-asl-selective', 'coco2014', 'tresnet_rps-0.5', CSL, 85.21),
)
