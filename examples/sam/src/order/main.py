import six


def handler(event, context):
    return "order" + six.text_type(1)
