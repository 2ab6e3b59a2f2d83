import six


def handler(event, context):
    return "ship" + six.text_type(1)
