import six


def handler(event, context):
    return "stock" + six.text_type(1)
