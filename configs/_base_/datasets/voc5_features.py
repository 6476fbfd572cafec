# voc5: 2,007 photographs, 5 classes, in VOC devkit layout below $WSML_DATA (default: data).
_base_ = './features.py'

source = dict(
    type='VOC2012',
    data_root='{{$WSML_DATA:data}}/voc5',
    classes=('bus', 'car', 'cat', 'person', 'train'))
cached = dict(dataset=source, cache='work_dirs/features/voc5_lite0')
train_dataloader = dict(dataset=dict(dataset=cached))
val_dataloader = dict(dataset=dict(dataset=cached))
test_dataloader = dict(dataset=dict(dataset=cached))
