import six


def handler(event, context):
    return "pay" + six.text_type(1)
