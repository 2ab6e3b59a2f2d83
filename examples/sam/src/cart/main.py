import six


def handler(event, context):
    return "cart" + six.text_type(1)
